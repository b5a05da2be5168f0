using System;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

/// <summary>The example in the engine's README does what the README says.</summary>
public sealed class ReadmeExampleTests
{
    private static readonly string Tests = Path.GetFullPath(Path.Combine(Fixture.PathOf("."), "..", "QedTools.Engine.Tests"));
    private static readonly string Readme = Path.GetFullPath(Path.Combine(Tests, "..", "..", "src", "QedTools.Engine", "README.md"));

    private static void Example(TextWriter Console, string image, string overlay, string copy)
    {
        // begin
        // A 20 GiB disk takes a file of 320 KiB until something is written to it.
        QedImageInfo info = ImageCreation.Run(image, new ImageCreationOptions { SizeBytes = 20L << 30 });
        Console.WriteLine($"{ByteSize.Format(info.VirtualSize)} in a file of {ByteSize.Format(info.FileSize)}");

        // The disk's contents are a stream. The image is locked until the stream is closed.
        using (Stream disk = DiskOpening.Run(image, new DiskOpeningOptions { Writable = true }))
        {
            byte[] text = Encoding.UTF8.GetBytes("Hello from a disk.");
            disk.Position = 1L << 30;
            disk.Write(text, 0, text.Length);
        }

        QedCheckResult check = ImageCheck.Run(image, new ImageCheckOptions());
        Console.WriteLine($"{check.Status}, {check.AllocatedClusters} of {check.TotalClusters} clusters allocated");

        ImageMappingOptions stored = new() { States = [QedExtentState.Data] };
        foreach (QedExtent extent in ImageMapping.Run(image, stored))
        {
            Console.WriteLine($"{extent.Length} bytes at {extent.Start} are stored at {extent.FileOffset} in the file");
        }

        // An overlay holds only what differs from its backing file; converting it writes the disk that both make.
        ImageCreation.Run(overlay, new ImageCreationOptions { BackingFile = image });
        DiskConversion.Run(overlay, copy, new DiskConversionOptions { Verify = true });
        // end
    }

    [Fact]
    public void The_readme_shows_this_code()
    {
        string[] here = File.ReadAllLines(Path.Combine(Tests, "ReadmeExampleTests.cs"));
        int begin = Array.IndexOf(here, "        // begin") + 1;
        int end = Array.IndexOf(here, "        // end");

        Assert.Equal(
            here[begin..end].Select(line => line.Length == 0 ? line : line[8..]),
            Block(0).SkipWhile(line => !line.StartsWith("//", StringComparison.Ordinal)));
    }

    [Fact]
    public void It_writes_what_the_readme_shows()
    {
        using TempFolder folder = new();
        using StringWriter output = new() { NewLine = "\n" };

        Example(output, folder.PathOf("disk.qed"), folder.PathOf("overlay.qed"), folder.PathOf("disk.vhdx"));

        Assert.Equal(Block(1), output.ToString().TrimEnd().Split('\n'));
        QedComparison comparison = DiskComparison.Run(
            folder.PathOf("disk.vhdx"), folder.PathOf("disk.qed"), new DiskComparisonOptions(), cancellation: TestContext.Current.CancellationToken);
        Assert.True(comparison.AreEqual);
    }

    // The lines between a pair of code fences.
    private static string[] Block(int number)
    {
        string[] lines = File.ReadAllLines(Readme);
        int[] fences = [.. Enumerable.Range(0, lines.Length).Where(line => lines[line].StartsWith("```", StringComparison.Ordinal))];
        return lines[(fences[2 * number] + 1)..fences[(2 * number) + 1]];
    }
}
