using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>Tells which of a session's streams are enabled, and writes to the verbose stream.</summary>
internal static class SessionStreams
{
    private const string Verbose = nameof(Verbose);
    private const string Debug = nameof(Debug);

    /// <summary>Whether a cmdlet's decisions (the verbose stream) are shown.</summary>
    public static bool WantsVerbose(PSCmdlet command) => Wants(command, Verbose);

    /// <summary>Whether a cmdlet's details about offsets (the debug stream) are shown.</summary>
    public static bool WantsDebug(PSCmdlet command) => Wants(command, Debug);

    /// <summary>Writes to the verbose stream.</summary>
    /// <remarks>
    /// With -Debug and without -Verbose, PowerShell stops at each verbose line to ask, and fails where nobody can answer. In that
    /// case the lines that the session's preference asks for go to the debug stream.
    /// </remarks>
    public static void WriteVerbose(PSCmdlet command, string text)
    {
        if (Bound(command, Verbose) is not null || Bound(command, Debug) is not true)
        {
            command.WriteVerbose(text);
        }
        else if (WantsVerbose(command))
        {
            command.WriteDebug(text);
        }
    }

    /// <summary>Whether -WhatIf or the session's preference demands that nothing is changed.</summary>
    public static bool IsWhatIf(PSCmdlet command) =>
        Bound(command, "WhatIf") ?? (command.GetVariableValue("WhatIfPreference") is { } preference && LanguagePrimitives.IsTrue(preference));

    private static bool Wants(PSCmdlet command, string stream) => Bound(command, stream)
        ?? (LanguagePrimitives.TryConvertTo(command.GetVariableValue(stream + "Preference"), out ActionPreference preference)
            && preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore));

    private static bool? Bound(PSCmdlet command, string parameter) =>
        command.MyInvocation.BoundParameters.TryGetValue(parameter, out object? bound) ? bound is SwitchParameter { IsPresent: true } : null;
}
