using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>When the result of a conversion is flushed to the disk.</summary>
public sealed class ConversionFlushTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>Result files, whether they have a backing file, whether they replace a file, whether they are verified.</summary>
    public static TheoryData<string, bool, bool, bool> Results
    {
        get
        {
            TheoryData<string, bool, bool, bool> results = [];
            foreach (bool replaces in new[] { false, true })
            {
                foreach (bool verifies in new[] { false, true })
                {
                    results.Add("b.qed", false, replaces, verifies);
                    results.Add("b.qed", true, replaces, verifies);
                    results.Add("b.raw", false, replaces, verifies);
                }
            }

            return results;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Results))]
    public void A_result_is_flushed_once_when_it_is_complete_and_before_it_gets_its_name(string target, bool isOverlay, bool replaces, bool verifies)
    {
        string path = MakeSource(target, replaces);
        using FileLog log = new();
        List<long> lengths = [];
        log.Before = (file, act) =>
        {
            if (act == StorageCall.Flush)
            {
                lengths.Add(new FileInfo(file).Length);
                Assert.Equal(replaces ? "what was there" : null, File.Exists(path) ? Host.ReadShared(path) : null);
            }
        };
        Run(path, OptionsFor(isOverlay, replaces, verifies));

        IReadOnlyList<StorageCall> acts = ActsOnResult(log);
        Assert.Equal([StorageCall.Flush, StorageCall.Close], acts.Where(act => act != StorageCall.BeginFlush).SkipWhile(act => act != StorageCall.Flush).Distinct());
        Assert.Single(acts, StorageCall.Flush);
        Assert.Equal([new FileInfo(path).Length], lengths);
        AssertWhole(path);
    }

    [Theory]
    [MemberData(nameof(Results))]
    public void Without_flushing_the_host_gets_no_flush_request_and_the_result_is_the_same(string target, bool isOverlay, bool replaces, bool verifies)
    {
        string path = MakeSource(target, replaces);
        Run(At("flushed-" + target), OptionsFor(isOverlay, replaces: false, verifies));
        using FileLog log = new();
        QedImageInfo info = Run(path, OptionsFor(isOverlay, replaces, verifies) with { NoFlush = true });

        IReadOnlyList<StorageCall> acts = ActsOnResult(log);
        Assert.Contains(StorageCall.Write, acts);
        Assert.DoesNotContain(StorageCall.Flush, acts);
        Assert.DoesNotContain(StorageCall.BeginFlush, acts);
        Assert.Equal(path, info.Path);
        AssertWhole(path);
        Assert.Equal(File.ReadAllBytes(At("flushed-" + target)), File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("b.qed", false)]
    [InlineData("b.raw", false)]
    [InlineData("b.qed", true)]
    public void The_host_may_start_writing_a_large_result_early(string target, bool noFlush)
    {
        byte[] data = new byte[35 << 20];
        new Random(1).NextBytes(data);
        File.WriteAllBytes(At("a.raw"), data);
        using FileLog log = new();
        Run(At(target), new DiskConversionOptions { NoFlush = noFlush });

        IReadOnlyList<StorageCall> acts = ActsOnResult(log);
        Assert.Equal(noFlush ? 0 : 2, acts.Count(act => act == StorageCall.BeginFlush));
        Assert.All(acts.SkipWhile(act => act != StorageCall.Flush), act => Assert.NotEqual(StorageCall.BeginFlush, act));
        AssertWhole(At(target));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_result_that_cannot_be_flushed_leaves_nothing_behind(bool replaces)
    {
        string path = MakeSource("b.qed", replaces);
        using FileLog log = new();
        log.Before = (file, act) =>
        {
            if (act == StorageCall.Flush)
            {
                throw new QedStorageException(file, "write", offset: null, new IOException("Injected by the test."));
            }
        };
        Assert.Throws<QedStorageException>(() => Run(path, OptionsFor(isOverlay: false, replaces, verifies: false)));

        Assert.Equal(replaces ? ["a.raw", "b.qed", "base.raw"] : ["a.raw", "base.raw"], Host.NamesIn(_folder));
        Assert.True(!replaces || File.ReadAllText(path) == "what was there");
    }

    [Fact]
    public void A_new_image_is_also_flushed_once()
    {
        using FileLog log = new();
        ImageCreation.Run(At("new.qed"), new ImageCreationOptions { SizeBytes = 1 << 20 }, TestContext.Current.CancellationToken);

        Assert.Equal([StorageCall.Flush, StorageCall.Close], ActsOnResult(log).SkipWhile(act => act != StorageCall.Flush).Distinct());
        Assert.Single(ActsOnResult(log), StorageCall.Flush);
    }

    // All other files are only read.
    private static IReadOnlyList<StorageCall> ActsOnResult(FileLog log)
    {
        string made = Assert.Single(log.Paths, path => log.ActsOn(path).Any(act => act != StorageCall.Close));
        Assert.EndsWith("-partial", made, StringComparison.Ordinal);
        return log.ActsOn(made);
    }

    private static DiskConversionOptions OptionsFor(bool isOverlay, bool replaces, bool verifies) => new()
    {
        BackingFile = isOverlay ? "base.raw" : null,
        Replace = replaces,
        Verify = verifies,
    };

    private string At(string name) => _folder.PathOf(name);

    private string MakeSource(string target, bool replaces)
    {
        RawFiles.Scattered(At("base.raw"), 2 << 20, seed: 1, pieces: 20);
        RawFiles.Scattered(At("a.raw"), 2 << 20, seed: 2, pieces: 20);
        if (replaces)
        {
            File.WriteAllText(At(target), "what was there");
        }

        return At(target);
    }

    private QedImageInfo Run(string path, DiskConversionOptions options) =>
        DiskConversion.Run(At("a.raw"), path, options, progress: null, TestContext.Current.CancellationToken);

    private void AssertWhole(string path)
    {
        QedComparison comparison = DiskComparison.Run(
            At("a.raw"), path, new DiskComparisonOptions { Strict = true }, progress: null, TestContext.Current.CancellationToken);
        Assert.True(comparison.AreEqual);
        if (path.EndsWith(".qed", StringComparison.Ordinal))
        {
            QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
            Assert.Equal((QedCheckStatus.Clean, false), (check.Status, check.NeedsCheck));
        }
    }
}
