using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Format;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Random work on random chains, checked against plain bytes.</summary>
public sealed class ModelTests
{
    private const int PieceBytes = 1 << 20;

    public static TheoryData<int> MemorySeeds => Seeds.Take(48);

    public static TheoryData<int> FileSeeds => Seeds.Take(4);

    [Theory]
    [MemberData(nameof(MemorySeeds))]
    public void A_disk_in_memory_reads_like_plain_bytes(int seed)
    {
        Scenario scenario = new(seed, steps: 300);
        scenario.RunAndShorten(new MemoryFiles(scenario).Run);
        scenario.CompareWithQemu();
    }

    [Theory]
    [MemberData(nameof(FileSeeds))]
    public void A_disk_in_files_reads_like_plain_bytes(int seed)
    {
        Scenario scenario = new(seed, steps: 150);
        using TempFolder folder = new();
        scenario.Chain.SaveTo(folder);
        scenario.RunAndShorten(steps =>
        {
            string path = folder.PathOf("top.qed");
            File.Delete(path);
            using (FileStorage storage = FileStorage.CreateNew(path))
            {
                scenario.Create(storage);
            }

            List<IStorage> opened = [];
            try
            {
                IDisk? backing = scenario.Chain.ToDisk(layer =>
                {
                    opened.Add(FileStorage.Open(folder.PathOf(layer.Path), StorageAccess.Read));
                    return new ReadOnlyStorage(opened[^1]);
                });
                scenario.Play(steps, () => FileStorage.Open(path, StorageAccess.Write), backing);
            }
            finally
            {
                opened.ForEach(storage => storage.Dispose());
            }
        });
    }

    /// <summary>The files of a scenario, in memory.</summary>
    private sealed class MemoryFiles(Scenario scenario)
    {
        public void Run(List<DiskStep> steps)
        {
            MemoryStorage storage = new("top.qed");
            scenario.Create(storage);
            scenario.Play(steps, () => storage, scenario.Chain.ToDisk(static layer => new ReadOnlyStorage(layer)));
            scenario.Result = storage;
        }
    }

    /// <summary>A chain, an image on top of it, and a script.</summary>
    private sealed class Scenario
    {
        private readonly int _seed;
        private readonly QedGeometry _geometry;
        private readonly int _headerSize;
        private readonly long _size;
        private readonly List<DiskStep> _steps;
        private ModelDisk _model = new(0);

        public Scenario(int seed, int steps)
        {
            Random random = new(seed);
            _seed = seed;
            _geometry = DiskChain.RandomGeometry(random);
            _headerSize = random.Next(1, 3);
            long largest = Math.Min(_geometry.MaxVirtualSize, random.Next(4) switch
            {
                0 => 1 << 20,
                1 => 4L << 30,
                _ => Math.Min(3 * _geometry.BytesPerL2Table, 12 << 20),
            });
            _size = random.NextInt64(1, (largest / 512) + 1) * 512;
            Chain = new DiskChain(random, random.Next(4), Math.Min(_size, 8 << 20));
            _steps = DiskScript.Generate(random, steps, _size, largest, _geometry, Chain.Ends);
        }

        public DiskChain Chain { get; }

        /// <summary>The image after the script.</summary>
        public MemoryStorage? Result { get; set; }

        public void Create(IStorage storage) => TestImage.Create(storage, _geometry, _size, _headerSize, Chain.Reference);

        /// <summary>Plays the whole script; if that fails, finds a shorter one that fails too and reports it.</summary>
        public void RunAndShorten(Action<List<DiskStep>> play)
        {
            try
            {
                play(_steps);
            }
            catch (Exception failure)
            {
                List<DiskStep> shortest = DiskScript.Shorten(_steps, steps => Record.Exception(() => play(steps)) is not null);
                Exception last = Record.Exception(() => play(shortest)) ?? failure;
                Assert.Fail(
                    $"QEDTOOLS_SEED={_seed}: QED of {_size} bytes, clusters of {_geometry.ClusterSize}, tables of {_geometry.TableSize}, "
                    + $"header of {_headerSize}, {Chain}.\n{string.Join('\n', shortest)}\n{last}");
            }
        }

        /// <summary>Plays a script on an image just created.</summary>
        public void Play(List<DiskStep> steps, Func<IStorage> open, IDisk? backing)
        {
            _model = Chain.Model.Resized(_size);
            QedImage image = TestImage.OpenForWriting(open());
            try
            {
                IDisk disk = image.ToDisk(backing);
                foreach (DiskStep step in steps)
                {
                    if (step.Kind == StepKind.Reopen)
                    {
                        // Close the image in either of the two ways.
                        if (step.Fill % 2 == 0)
                        {
                            image.EndWriting();
                        }

                        image.Dispose();
                        ExamineClosed(open, backing);
                        image = TestImage.OpenForWriting(open());
                        disk = image.ToDisk(backing);
                    }
                    else
                    {
                        PlayOne(step, disk, image, backing);
                    }
                }

                Compare(disk);
                image.Dispose();
                ExamineClosed(open, backing);
            }
            finally
            {
                image.Storage.Dispose();
            }
        }

        /// <summary>Lets qemu-img check the image and compare it with the model.</summary>
        public void CompareWithQemu()
        {
            if (!Qemu.IsInstalled || Result is not { } image || _geometry.TableSize == 1 || !Chain.SuitsQemu)
            {
                return;
            }

            using TempFolder folder = new();
            Chain.SaveTo(folder);
            string path = folder.PathOf("top.qed");
            TestImage.Save(image, path);
            string raw = folder.PathOf("model.raw");
            _model.SaveTo(raw);

            // On longer files, QEMU's check reports leaks that do not exist.
            if (image.Length < (long)_geometry.ClusterSize * _geometry.ClusterSize)
            {
                Qemu.Img("check", "-q", "-f", "qed", path);
            }

            Qemu.Img("compare", "-q", "-f", "qed", "-F", "raw", path, raw);
        }

        private void PlayOne(DiskStep step, IDisk disk, QedImage image, IDisk? backing)
        {
            if (step.Kind == StepKind.Resize)
            {
                disk.SetLength(step.Offset);
                _model.SetLength(step.Offset);
                Assert.Equal(step.Offset, disk.Length);
                return;
            }

            if (step.Kind == StepKind.Flush)
            {
                disk.Flush();
                ExamineFlushed(image, backing);
                return;
            }

            if (step.Offset >= disk.Length)
            {
                return;
            }

            if (step.Kind != StepKind.Read)
            {
                DiskChain.Apply(disk, _model, step);
                return;
            }

            byte[] read = new byte[Math.Min(step.Length, disk.Length - step.Offset)];
            Array.Fill(read, (byte)0xee);
            disk.Read(step.Offset, read);
            AssertSame(_model.Read(step.Offset, read.Length), read, step.Offset);
        }

        // Flushed data is in the file: another reader must find it.
        private void ExamineFlushed(QedImage image, IDisk? backing)
        {
            QedImage other = QedImage.Open(new ReadOnlyStorage(image.Storage));
            QedCheckResult check = TestImage.Check(image.Storage);
            Assert.True(check.Status != QedCheckStatus.Corrupt, $"After a flush: {string.Join("; ", check.Corruptions)}.");
            Compare(other.ToDisk(backing));
        }

        private void ExamineClosed(Func<IStorage> open, IDisk? backing)
        {
            IStorage storage = open();
            try
            {
                QedCheckResult check = TestImage.AssertClean(storage);
                Assert.Equal(check.ImageEndOffset, storage.Length);
                Compare(QedImage.Open(new ReadOnlyStorage(storage)).ToDisk(backing));
            }
            finally
            {
                storage.Dispose();
            }
        }

        // The extents cover the disk and agree with its contents.
        private void Compare(IDisk disk)
        {
            Assert.Equal(_model.Length, disk.Length);
            long at = 0;
            foreach (DiskExtent extent in ExtentWalk.Over(disk, 0, disk.Length, CancellationToken.None))
            {
                Assert.Equal(at, extent.Start);
                Assert.True(extent.Length > 0 && extent.End <= disk.Length, $"The extent {extent} is not on the disk.");
                at = extent.End;
                if (extent.State != QedExtentState.Data)
                {
                    Assert.True(_model.FirstNonZero(extent.Start, extent.Length) is null, $"{extent} hides data.");
                    CompareBytes(disk, extent.Start, Math.Min(extent.Length, PieceBytes));
                    continue;
                }

                CompareBytes(disk, extent.Start, extent.Length);
            }

            Assert.Equal(disk.Length, at);
        }

        private void CompareBytes(IDisk disk, long offset, long length)
        {
            byte[] buffer = new byte[Math.Min(length, PieceBytes)];
            for (long end = offset + length; offset < end; offset += buffer.Length)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset));
                disk.Read(offset, piece);
                AssertSame(_model.Read(offset, piece.Length), piece, offset);
            }
        }

        private static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, long offset)
        {
            int same = expected.CommonPrefixLength(actual);
            Assert.True(
                same == expected.Length,
                same == expected.Length ? string.Empty : $"At {offset + same} is {actual[same]:x2} instead of {expected[same]:x2}.");
        }
    }
}
