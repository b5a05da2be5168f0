using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Compares QedTools's map of a qcow2 file with that of qemu-img map.</summary>
internal static class QemuMaps
{
    /// <summary>Fails unless both report the same extents for a file, with data at the same offsets.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file in it, without holes.</param>
    /// <param name="more">Arguments for qemu-img in place of the file's format and name.</param>
    public static void AssertSame(TempFolder folder, string name, params string[] more)
    {
        string overlay = folder.PathOf("over.qed");
        ImageCreation.Run(overlay, new ImageCreationOptions { BackingFile = name, Replace = true }, TestContext.Current.CancellationToken);
        using JsonDocument theirs = JsonDocument.Parse(Qemu.Img(["map", "--output=json", .. more.Length > 0 ? more : ["-f", "qcow2", folder.PathOf(name)]]));
        IEnumerable<(long, long, bool, long?)> expected = Joined(theirs.RootElement.EnumerateArray().Select(extent => (
            extent.GetProperty("start").GetInt64(),
            extent.GetProperty("length").GetInt64(),
            extent.GetProperty("data").GetBoolean(),
            extent.TryGetProperty("offset", out JsonElement place) ? place.GetInt64() : (long?)null)));
        IEnumerable<(long, long, bool, long?)> ours = Joined(ImageMapping.Run(
            overlay, new ImageMappingOptions { BackingChain = true }, TestContext.Current.CancellationToken)
            .Select(extent => (extent.Start, extent.Length, extent.State == QedExtentState.Data, extent.FileOffset)));

        Assert.Equal(expected, ours);
    }

    // The offset of a range without data does not matter here, and QEMU lists every compressed cluster separately.
    private static IEnumerable<(long Start, long Length, bool IsData, long? Place)> Joined(IEnumerable<(long Start, long Length, bool IsData, long? Place)> extents)
    {
        (long Start, long Length, bool IsData, long? Place)? last = null;
        foreach ((long start, long length, bool isData, long? place) in extents)
        {
            long? here = isData ? place : null;
            if (last is { } before && before.IsData == isData && here == before.Place + (here is null ? 0 : before.Length))
            {
                last = before with { Length = before.Length + length };
                continue;
            }

            if (last is { } done)
            {
                yield return done;
            }

            last = (start, length, isData, here);
        }

        if (last is { } end)
        {
            yield return end;
        }
    }
}
