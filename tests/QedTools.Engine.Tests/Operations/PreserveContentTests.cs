using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>Changes the backing file of random images over random chains; the disk must still read like its model.</summary>
public sealed class PreserveContentTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TempFolder _old = new();
    private readonly TempFolder _new = new();

    public static TheoryData<int> Some => Seeds.Take(40);

    private string Image => _folder.PathOf("top.qed");

    public void Dispose()
    {
        _folder.Dispose();
        _old.Dispose();
        _new.Dispose();
    }

    [Theory]
    [MemberData(nameof(Some))]
    public void A_disk_reads_the_same_over_any_other_chain_with_any_number_of_threads(int seed)
    {
        Random random = new(seed);
        (ModelDisk model, BackingFileChangeOptions options, string description) = Make(random);
        byte[] expected = model.Read(0, (int)model.Length);
        File.Copy(Image, _folder.PathOf("twin.qed"));
        Dictionary<string, byte[]> others = Others();
        Apply(_folder.PathOf("twin.qed"), options, workers: 1, onProgress: null, TestContext.Current.CancellationToken);
        Apply(Image, options, workers: 4, onProgress: null, TestContext.Current.CancellationToken);

        AssertReads(expected, $"Seed {seed}: {description}");
        Assert.Equal(options.BackingFile, ImageInspection.Run(Image, new ImageInspectionOptions()).BackingFile);
        Assert.True(File.ReadAllBytes(_folder.PathOf("twin.qed")).AsSpan().SequenceEqual(File.ReadAllBytes(Image)), $"Seed {seed}: {description}: a single thread produces a different file.");
        Assert.All(others, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Theory]
    [MemberData(nameof(Some))]
    public void An_interrupted_change_leaves_a_disk_that_reads_the_same_over_the_old_chain(int seed)
    {
        Random random = new(seed);
        (ModelDisk model, BackingFileChangeOptions options, string description) = Make(random);
        string? before = ImageInspection.Run(Image, new ImageInspectionOptions()).BackingFile;
        using CancellationTokenSource stop = new();
        long when = random.NextInt64(model.Length);
        Exception? thrown = Record.Exception(() => Apply(Image, options, workers: 4, progress =>
        {
            if (progress.BytesDone > when)
            {
                stop.Cancel();
            }
        }, stop.Token));

        Assert.True(thrown is null or OperationCanceledException, $"Seed {seed}: {thrown}");
        Assert.Equal(thrown is null ? options.BackingFile : before, ImageInspection.Run(Image, new ImageInspectionOptions()).BackingFile);
        AssertReads(model.Read(0, (int)model.Length), $"Seed {seed}: {description}");
    }

    // An image over one chain and the change to another. Clusters range from a few host blocks to more than one copy buffer holds.
    private (ModelDisk Model, BackingFileChangeOptions Options, string Description) Make(Random random)
    {
        const int Size = 2_500_000;
        DiskChain old = new(random, random.Next(4), Size);
        DiskChain other = new(random, random.Next(4), Size);
        old.SaveTo(_old);
        other.SaveTo(_new);
        QedGeometry geometry = random.Next(3) == 0
            ? new QedGeometry(1 << random.Next(16, 22), 1)
            : DiskChain.RandomGeometry(random);
        long size = Math.Max(512, random.NextInt64(2 * Size) / 512 * 512);
        BackingReference? backing = old.Reference is { } reference ? new BackingReference(_old.PathOf(reference.Name), reference.IsRaw) : null;
        MemoryStorage top = new("top.qed");
        TestImage.Create(top, geometry, size, random.Next(1, 3), backing);
        ModelDisk model = old.Model.Resized(size);
        using (QedImage image = TestImage.OpenForWriting(top))
        {
            IDisk disk = image.ToDisk(old.ToDisk(static below => new DataPlane.ReadOnlyStorage(below)));
            foreach (DiskStep step in DiskScript.Generate(random, 12, size, size, geometry, [.. old.Ends, .. other.Ends]))
            {
                if (step.Kind is StepKind.Write or StepKind.Zero && step.Offset < size)
                {
                    DiskChain.Apply(disk, model, step);
                }
            }
        }

        TestImage.Save(top, Image);
        BackingFileChangeOptions options = new()
        {
            BackingFile = other.Reference is { } shown ? _new.PathOf(shown.Name) : null,
            PreserveContent = true,
        };
        return (model, options, $"a disk of {size} bytes, {geometry.ClusterSize}/{geometry.TableSize}, from {old} to {other}");
    }

    private Dictionary<string, byte[]> Others() =>
        new[] { _old, _new }.SelectMany(folder => Directory.GetFiles(folder.Path)).ToDictionary(path => path, File.ReadAllBytes);

    private static void Apply(
        string path, BackingFileChangeOptions options, int workers, Action<OperationProgress>? onProgress, CancellationToken cancellation)
    {
        using WorkerCount count = new(workers);
        Rising progress = new(onProgress);
        BackingFileChange.Run(path, options, progress, cancellation);
    }

    private void AssertReads(byte[] expected, string what)
    {
        byte[] content = new byte[expected.Length];
        using (DiskStream stream = DiskOpening.Run(Image, new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken))
        {
            Assert.Equal(expected.Length, stream.Length);
            stream.ReadExactly(content);
        }

        int same = content.AsSpan().CommonPrefixLength(expected);
        Assert.True(same == expected.Length, $"{what}: the byte at {same} differs.");
        QedCheckResult check = ImageCheck.Run(Image, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.True(check.Status == QedCheckStatus.Clean && !check.NeedsCheck, $"{what}: {check.Status}, need-check bit {check.NeedsCheck}.");
    }

    /// <summary>Fails unless reports rise, to at most the size of the disk.</summary>
    private sealed class Rising(Action<OperationProgress>? next) : IProgress<OperationProgress>
    {
        private long _last;

        public void Report(OperationProgress value)
        {
            Assert.InRange(value.BytesDone, _last, value.BytesTotal);
            _last = value.BytesDone;
            next?.Invoke(value);
        }
    }
}
