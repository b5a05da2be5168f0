namespace QedTools.Shell;

/// <summary>
/// What the process returns when the script does not say <c>exit n</c> itself. The rules are pwsh's:
/// <list type="bullet">
/// <item><c>exit n</c>, from however deep, gives n.</item>
/// <item>An error that ended the script (<c>throw</c>, <c>-ErrorAction Stop</c>, a syntax error) gives 1.</item>
/// <item>With <c>-Command</c>, a last statement that failed (<c>$?</c> is false) gives 1 as well. An error written
/// earlier, with a last statement that succeeded, gives 0. A script file (<c>-File</c>) gives 0 in both cases.</item>
/// <item>Ctrl+C gives 130.</item>
/// </list>
/// </summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>An error ended the script, or the module did not load.</summary>
    public const int Failure = 1;

    /// <summary>The command line was wrong: EX_USAGE of sysexits.h, and what pwsh returns for it.</summary>
    public const int Usage = 64;

    /// <summary>Ctrl+C: 128 + SIGINT, as every POSIX shell reports it.</summary>
    public const int Interrupted = 130;
}
