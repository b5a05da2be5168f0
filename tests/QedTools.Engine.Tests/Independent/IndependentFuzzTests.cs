using System.Collections.Generic;
using System.Linq;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Independent;

/// <summary>
/// Mutated images through every operation, checked with a reader (ReferenceQed) written from the specification alone by somebody who had
/// not read the engine: either readable data reads the same afterwards or the operation refuses; nothing reads as zeroes that the format
/// does not define as zeroes; a second repair does nothing; and a backup undoes a repair exactly or is refused.
/// </summary>
/// <remarks>FuzzRun describes how to run more images, or a single one again.</remarks>
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
    public void Mutated_files_of_other_formats_are_read_correctly_or_refused()
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
