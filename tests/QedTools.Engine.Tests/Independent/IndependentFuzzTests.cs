using System.Collections.Generic;
using System.Linq;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Independent;

/// <summary>
/// Mutated images through every operation, against a reader written from the specification alone (ReferenceQed) by somebody who had not
/// read the engine: what is readable reads the same afterwards or the operation refused, no zeroes that the format does not say, a
/// second repair does nothing, and a backup takes a repair back to the byte or is refused.
/// </summary>
/// <remarks>FuzzRun tells how to run more of them, and one of them again.</remarks>
public sealed class IndependentFuzzTests(ITestOutputHelper output)
{
    private const int QedImages = 120;
    private const int ForeignFiles = 300;

    [Fact]
    public void Mutated_QED_images_keep_what_is_readable_through_every_operation()
    {
        using FuzzRun run = new(QedImages);
        run.Run("QED", (random, trial) => QedTrial.Run(run, random, trial));
        Report(run);
    }

    [Fact(Skip = Qemu.SkipReason, SkipType = typeof(Qemu), SkipUnless = nameof(Qemu.IsInstalled))]
    public void Mutated_files_of_other_formats_are_read_right_or_refused()
    {
        using FuzzRun run = new(ForeignFiles);
        List<ForeignDisk> disks = [.. ForeignDisk.MakeAll(run.Folder).Where(disk => FuzzRun.IsWanted(disk.Name))];
        run.Run("foreign", (random, trial) => ForeignTrial.Run(run, random, trial, disks));
        Report(run);
    }

    private void Report(FuzzRun run)
    {
        output.WriteLine($"seed {run.Seed}: {run.Findings.Figures()}");
        Assert.False(run.Findings.Any, run.Findings.ToString());
    }
}
