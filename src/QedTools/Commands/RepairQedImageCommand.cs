using System.Linq;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Repair-QedImage: repairs everything that Test-QedImage can find.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "QedImage", DefaultParameterSetName = ByPath, SupportsShouldProcess = true)]
[OutputType(typeof(QedRepairResult), typeof(QedImageInfo))]
public sealed class RepairQedImageCommand : QedChangeCommand
{
    // More than anybody reads; the Repairs of the result have all that are kept.
    private const int MaxRepairsShown = 100;

    /// <summary>Make no backup of what is changed; the repair then cannot be undone.</summary>
    [Parameter]
    public SwitchParameter NoBackup { get; set; }

    /// <summary>Undo a repair with this backup, which the repair made.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupCompleter))]
    public string? RestoreFrom { get; set; }

    private protected override void ProcessFile(string path)
    {
        if (RestoreFrom is not null)
        {
            Restore(path, SessionPaths.ToHost(this, RestoreFrom));
            return;
        }

        ImageRepairOptions options = new() { NoBackup = NoBackup, Trace = Trace };
        QedRepairResult plan = WithProgress(
            Messages.Checking, path, progress => ImageRepair.Plan(path, options, progress, Cancellation));
        if (plan.RepairCount == 0)
        {
            WriteVerbose(Messages.NothingToRepair(path));
            if (!SessionStreams.IsWhatIf(this))
            {
                WriteObject(plan);
            }

            return;
        }

        if (plan.ClearedBytes > 0)
        {
            WriteWarning(Messages.LostByRepair(path, plan.ClearedBytes));
        }

        // One question for the whole image; -WhatIf and -Verbose list the repairs.
        if (!ShouldDo(Messages.RepairAction(path, plan.RepairCount, saves: !NoBackup && plan.Before.Status != QedCheckStatus.Clean, frees: plan.Before.Status == QedCheckStatus.Leaks)))
        {
            if (SessionStreams.IsWhatIf(this))
            {
                foreach (QedRepair repair in plan.Repairs.Take(MaxRepairsShown))
                {
                    ShouldDo(Messages.Repair(path, repair));
                }

                if (plan.RepairCount > MaxRepairsShown)
                {
                    ShouldDo(Messages.FurtherRepairs(path, plan.RepairCount - MaxRepairsShown));
                }

                if (plan.RequiredBytes > 0)
                {
                    ShouldDo(Messages.RepairSpace(path, plan.RequiredBytes));
                }
            }

            return;
        }

        QedRepairResult result = WithProgress(
            Messages.Repairing, path, progress => ImageRepair.Run(path, options, progress, Cancellation));
        WriteVerbose(Messages.RepairSpace(path, result.RequiredBytes));
        foreach (QedRepair repair in result.Repairs)
        {
            WriteVerbose(Messages.Repair(path, repair));
        }

        if (result.BackupPath is not null)
        {
            WriteVerbose(Messages.HowToUndoRepair(path, result.BackupPath));
        }

        WriteObject(result);
    }

    private void Restore(string path, string backupPath)
    {
        ImageRepair.PlanRestore(path, backupPath);
        if (ShouldDo(Messages.RestoreAction(path, backupPath)))
        {
            QedImageInfo restored = ImageRepair.Restore(path, backupPath);
            WriteVerbose(Messages.Restored(path, backupPath));
            WriteObject(restored);
        }
    }
}
