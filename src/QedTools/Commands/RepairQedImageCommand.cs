using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Repair-QedImage: repairs all that Test-QedImage can find.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedRepairResult), typeof(QedImageInfo))]
public sealed class RepairQedImageCommand : QedChangeCommand
{
    /// <summary>Save nothing of what is changed; the repair cannot be taken back then.</summary>
    [Parameter]
    public SwitchParameter NoBackup { get; set; }

    /// <summary>Take a repair back: the backup that it made.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RestoreFrom { get; set; }

    private protected override void ProcessFile(string path)
    {
        if (RestoreFrom is not null)
        {
            Restore(path, SessionPaths.ToHost(this, RestoreFrom));
            return;
        }

        QedRepairResult plan = WithProgress(
            "Checking", path, progress => ImageRepair.Plan(path, progress, Cancellation));
        if (plan.RepairCount == 0)
        {
            WriteVerbose($"{path}: nothing to repair.");
            WriteObject(plan);
            return;
        }

        // One question for the image; -WhatIf and -Verbose list what it is about.
        if (!ShouldProcess(path, $"Repair the image ({plan.RepairCount} repairs)"))
        {
            foreach (QedRepair repair in plan.Repairs)
            {
                WriteWhatIf(path, repair);
            }

            return;
        }

        ImageRepairOptions options = new() { NoBackup = NoBackup };
        QedRepairResult result = WithProgress(
            "Repairing", path, progress => ImageRepair.Run(path, options, progress, Cancellation));
        foreach (QedRepair repair in result.Repairs)
        {
            WriteVerbose($"{path}: {repair.Description}");
        }

        if (result.BackupPath is not null)
        {
            WriteVerbose($"{path}: take it back with Repair-QedImage -RestoreFrom '{result.BackupPath}'.");
        }

        WriteObject(result);
    }

    private void WriteWhatIf(string path, QedRepair repair)
    {
        if (MyInvocation.BoundParameters.ContainsKey("WhatIf") || (SessionState.PSVariable.GetValue("WhatIfPreference") is true))
        {
            ShouldProcess(path, repair.Description);
        }
    }

    private void Restore(string path, string backupPath)
    {
        ImageRepair.PlanRestore(path, backupPath);
        if (ShouldProcess(path, $"Bring the image back to what '{backupPath}' saved"))
        {
            WriteObject(ImageRepair.Restore(path, backupPath));
        }
    }
}
