namespace QedTools.Shell;

/// <summary>How a script that did not call <c>exit</c> ended.</summary>
internal enum ScriptOutcome
{
    /// <summary>It ran to its end and its last statement succeeded.</summary>
    Succeeded,

    /// <summary>It ran to its end, but its last statement wrote an error: <c>$?</c> is false.</summary>
    LastStatementFailed,

    /// <summary>An error ended it.</summary>
    Terminated,

    /// <summary>The user stopped it.</summary>
    Interrupted,
}
