namespace QedTools.Shell;

/// <summary>The one thing a run of the shell is for.</summary>
internal enum ShellAction
{
    /// <summary>Read commands from the user until <c>exit</c>.</summary>
    Prompt,

    /// <summary>Run the text that follows <c>-Command</c>.</summary>
    Command,

    /// <summary>Run the text that standard input holds.</summary>
    StandardInput,

    /// <summary>Run a script file.</summary>
    File,

    /// <summary>Say which version this is.</summary>
    Version,

    /// <summary>Explain the command line.</summary>
    Help,
}
