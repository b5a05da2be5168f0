using System;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace QedTools.Shell.Commands;

/// <summary>Write-Host: shows text to the user and not to the pipeline.</summary>
[Cmdlet(VerbsCommunications.Write, "Host")]
internal sealed class WriteHostCommand : PSCmdlet
{
    /// <summary>What to show, separated by blanks.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromRemainingArguments = true)]
    public object?[]? Object { get; set; }

    /// <summary>Whether the line goes on after it.</summary>
    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    /// <summary>The text's colour.</summary>
    [Parameter]
    public ConsoleColor? ForegroundColor { get; set; }

    /// <summary>The colour behind the text.</summary>
    [Parameter]
    public ConsoleColor? BackgroundColor { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // One colour alone would have the engine take black or grey for the other.
        bool colored = ForegroundColor is not null || BackgroundColor is not null;
        PSHostRawUserInterface screen = Host.UI.RawUI;
        HostInformationMessage message = new()
        {
            Message = string.Join(' ', (Object ?? []).Select(LanguagePrimitives.ConvertTo<string>)),
            NoNewLine = NoNewline,
            ForegroundColor = colored ? ForegroundColor ?? screen.ForegroundColor : null,
            BackgroundColor = colored ? BackgroundColor ?? screen.BackgroundColor : null,
        };
        // By this tag the engine knows to show it whatever $InformationPreference says.
        WriteInformation(message, ["PSHOST"]);
    }
}
