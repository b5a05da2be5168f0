using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;

namespace QedTools.Mono;

/// <summary>The steps, in order. Each returns a short description of what it found, or throws.</summary>
internal sealed class Steps(WorkFolder folder, string fixtures)
{
    private const long DiskSize = 32 << 20;

    private readonly byte[] _contents = new byte[DiskSize];

    private string Disk => folder.PathOf("disk.qed");

    private string Flat => folder.PathOf("flat.raw");

    public IEnumerable<(string Name, Func<string> Step)> All() =>
    [
        ("create", Create),
        ("write", Write),
        ("map", Map),
        ("check", Check),
        ("overlay and merge", Merge),
        ("resize and optimize", Optimize),
        ("convert", Convert),
        ("other formats", Exchange),
        ("replace", Replace),
        ("repair", Repair),
        ("refusals", Refuse),
        ("locks in one process", LockHere),
        ("locks between processes", LockThere),
    ];

    private string Create()
    {
        QedImageInfo made = ImageCreation.Run(Disk, new ImageCreationOptions { SizeBytes = DiskSize, ClusterSize = 4096, TableSize = 2 });
        Require(made.VirtualSize == DiskSize, $"The virtual size is {made.VirtualSize} bytes.");
        Require(made == ImageInspection.Run(Disk, new ImageInspectionOptions()), "Inspection and creation report different information.");
        return $"{made.VirtualSize} bytes in {made.FileSize}";
    }

    private string Write()
    {
        Random random = new(1);
        int writes = 0;
        using (DiskStream disk = DiskOpening.Run(Disk, new DiskOpeningOptions { Writable = true }))
        {
            for (; writes < 400; writes++)
            {
                byte[] data = new byte[random.Next(1, 40_000)];
                random.NextBytes(data);
                int offset = random.Next(0, (int)DiskSize - data.Length);
                Store(disk, offset, data);
                data.CopyTo(_contents, offset);
                if (writes % 50 == 0)
                {
                    disk.Flush();
                }
            }

            // From the middle on, zeroes over data and over unallocated clusters.
            byte[] zeroes = new byte[1 << 20];
            Store(disk, DiskSize / 2, zeroes);
            zeroes.CopyTo(_contents, DiskSize / 2);
        }

        RequireContents(Disk, _contents);
        return $"{writes} writes read back";
    }

    private string Map()
    {
        long next = 0;
        long data = 0;
        int extents = 0;
        foreach (QedExtent extent in ImageMapping.Run(Disk, new ImageMappingOptions()))
        {
            Require(extent.Start == next, $"An extent starts at {extent.Start} instead of {next}.");
            next += extent.Length;
            data += extent.State == QedExtentState.Data ? extent.Length : 0;
            extents++;
        }

        Require(next == DiskSize, $"The extents end at {next}.");
        return $"{extents} extents, {data} bytes of data";
    }

    private string Check()
    {
        QedCheckResult result = ImageCheck.Run(Disk, new ImageCheckOptions());
        Require(result is { Status: QedCheckStatus.Clean, NeedsCheck: false }, $"The status is {result.Status}.");
        return $"{result.AllocatedClusters} of {result.TotalClusters} clusters allocated, clean";
    }

    private string Merge()
    {
        string top = folder.PathOf("top.qed");
        ImageCreation.Run(top, new ImageCreationOptions { BackingFile = "disk.qed" });
        byte[] data = Enumerable.Repeat((byte)0xA5, 100_000).ToArray();
        using (DiskStream disk = DiskOpening.Run(top, new DiskOpeningOptions { Writable = true }))
        {
            Store(disk, 12_345, data);
        }

        RequireContents(Disk, _contents);
        data.CopyTo(_contents, 12_345);
        RequireContents(top, _contents);
        Require(!DiskComparison.Run(top, Disk, new DiskComparisonOptions()).AreEqual, "The overlay and the backing file compare equal.");
        DiskMerge.Run(top, new DiskMergeOptions());
        RequireContents(Disk, _contents);
        Require(DiskComparison.Run(top, Disk, new DiskComparisonOptions()).AreEqual, "The overlay and the backing file differ after the merge.");
        // The disk that the next steps write to must not have an overlay.
        File.Delete(top);
        return $"{data.Length} bytes";
    }

    private string Optimize()
    {
        ImageResize.Run(Disk, 2 * DiskSize, new ImageResizeOptions());
        Require(ImageInspection.Run(Disk, new ImageInspectionOptions()).VirtualSize == 2 * DiskSize, "The disk did not grow.");
        ImageResize.Run(Disk, DiskSize, new ImageResizeOptions { Shrink = true });
        long before = new FileInfo(Disk).Length;
        ImageOptimization.Run(Disk, new ImageOptimizationOptions());
        RequireContents(Disk, _contents);
        return $"{before} bytes become {new FileInfo(Disk).Length}";
    }

    private string Convert()
    {
        QedImageInfo raw = DiskConversion.Run(Disk, Flat, new DiskConversionOptions { Verify = true });
        Require(File.ReadAllBytes(Flat).AsSpan().SequenceEqual(_contents), "The raw file has other contents.");
        string back = folder.PathOf("back.qed");
        DiskConversion.Run(Flat, back, new DiskConversionOptions { Verify = true });
        RequireContents(back, _contents);
        return $"to raw and back, {raw.DiskUsage} of {raw.FileSize} bytes allocated";
    }

    private string Exchange()
    {
        string[] formats = ["vhdx", "vhd", "qcow2", "vdi", "vmdk"];
        foreach (string format in formats)
        {
            string other = folder.PathOf("other." + format);
            DiskConversion.Run(Disk, other, new DiskConversionOptions { Verify = true });
            RequireContents(other, _contents);
        }

        (string Name, QedCompressionType Type)[] compressed =
            [("deflate.qcow2", QedCompressionType.Deflate), ("zstd.qcow2", QedCompressionType.Zstd), ("stream.vmdk", QedCompressionType.Deflate)];
        foreach ((string name, QedCompressionType type) in compressed)
        {
            string file = folder.PathOf(name);
            DiskConversion.Run(Disk, file, new DiskConversionOptions { Compress = true, CompressionType = type, Verify = true });
            RequireContents(file, _contents);
        }

        string[] packed = ["compressed", "zstd"];
        foreach (string name in packed)
        {
            string file = folder.PathOf(name + ".qcow2");
            using (GZipStream source = new(File.OpenRead(Path.Combine(fixtures, "qcow2", name + ".qcow2.gz")), CompressionMode.Decompress))
            using (FileStream target = File.Create(file))
            {
                source.CopyTo(target);
            }

            using DiskStream disk = DiskOpening.Run(file, new DiskOpeningOptions());
            Require(disk.ReadByte() == (name == "zstd" ? 0x35 : 0x31), $"{name}.qcow2 has other contents.");
        }

        return $"to {string.Join(", ", formats)}; qcow2 clusters with deflate and zstd, read and written";
    }

    private string Replace()
    {
        DiskConversion.Run(folder.PathOf("back.qed"), Flat, new DiskConversionOptions { Replace = true });
        Require(File.ReadAllBytes(Flat).AsSpan().SequenceEqual(_contents), "The new file has other contents.");
        string[] partial = Directory.GetFiles(folder.Path, "*partial*");
        Require(partial.Length == 0, "A partial file was left behind.");
        return "in one step";
    }

    private string Repair()
    {
        int count = 0;
        foreach (string damaged in Directory.GetFiles(Path.Combine(fixtures, "damaged"), "*.qed"))
        {
            string copy = folder.PathOf(Path.GetFileName(damaged));
            File.Copy(damaged, copy);
            QedRepairResult repair = ImageRepair.Run(copy, new ImageRepairOptions());
            Require(repair.After is { Status: QedCheckStatus.Clean, NeedsCheck: false }, $"{Path.GetFileName(damaged)} is {repair.After?.Status}.");
            Require(ImageCheck.Run(copy, new ImageCheckOptions()).Status == QedCheckStatus.Clean, $"{Path.GetFileName(damaged)} is not clean.");
            count++;
        }

        Require(count > 30, $"There are {count} damaged images.");
        return $"{count} damaged images, all clean after repair";
    }

    private string Refuse()
    {
        Expect<QedFileNotFoundException>(() => ImageInspection.Run(folder.PathOf("missing.qed"), new ImageInspectionOptions()));
        Expect<QedNotAFileException>(() => ImageInspection.Run(folder.Path, new ImageInspectionOptions()));
        Expect<QedFileExistsException>(() => ImageCreation.Run(Disk, new ImageCreationOptions { SizeBytes = DiskSize }));
        Expect<QedException>(() => ImageInspection.Run(Path.Combine(fixtures, "README.md"), new ImageInspectionOptions()));
        if (Path.DirectorySeparatorChar == '/')
        {
            Expect<QedNotAFileException>(() => ImageInspection.Run("/dev/zero", new ImageInspectionOptions()));
        }

        return "a missing file, a folder, an existing file, another format, a device";
    }

    private string LockHere()
    {
        using (DiskOpening.Run(Disk, new DiskOpeningOptions { Writable = true }))
        {
            Require(ImageInspection.Run(Disk, new ImageInspectionOptions()).InUse, "The disk is not reported as in use.");
            RequireInUse(writer: true);
        }

        using (DiskOpening.Run(Disk, new DiskOpeningOptions()))
        {
            DiskOpening.Run(Disk, new DiskOpeningOptions()).Dispose();
            Expect<QedImageInUseException>(() => DiskOpening.Run(Disk, new DiskOpeningOptions { Writable = true }));
        }

        RequireFree();
        return "a writer excludes everyone else, readers exclude writers";
    }

    private string LockThere()
    {
        using (new Holder(Disk, writes: true))
        {
            RequireInUse(writer: true);
        }

        RequireFree();
        using (new Holder(Disk, writes: false))
        {
            DiskOpening.Run(Disk, new DiskOpeningOptions()).Dispose();
            Expect<QedImageInUseException>(() => DiskOpening.Run(Disk, new DiskOpeningOptions { Writable = true }));
        }

        RequireFree();
        using (Holder holder = new(Disk, writes: true))
        {
            holder.Kill();
            RequireFree();
        }

        return "the same, and a killed process holds nothing";
    }

    private void RequireInUse(bool writer)
    {
        Require(ImageInspection.Run(Disk, new ImageInspectionOptions()).InUse == writer, "InUse has the wrong value.");
        Expect<QedImageInUseException>(() => DiskOpening.Run(Disk, new DiskOpeningOptions { Writable = true }));
        Expect<QedImageInUseException>(() => DiskOpening.Run(Disk, new DiskOpeningOptions()));
        Expect<QedImageInUseException>(() => ImageCheck.Run(Disk, new ImageCheckOptions()));
        DiskOpening.Run(Disk, new DiskOpeningOptions { ForceShare = true }).Dispose();
    }

    private void RequireFree()
    {
        Require(!ImageInspection.Run(Disk, new ImageInspectionOptions()).InUse, "The disk is still in use.");
        DiskOpening.Run(Disk, new DiskOpeningOptions { Writable = true }).Dispose();
    }

    private static void RequireContents(string path, byte[] expected)
    {
        using DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions());
        byte[] found = new byte[disk.Length];
        for (int done = 0; done < found.Length;)
        {
            int count = disk.Read(found, done, found.Length - done);
            Require(count > 0, $"{Path.GetFileName(path)} ends at {done}.");
            done += count;
        }

        Require(found.AsSpan().SequenceEqual(expected), $"{Path.GetFileName(path)} has other contents.");
    }

    private static void Store(DiskStream disk, long offset, byte[] data)
    {
        disk.Position = offset;
        disk.Write(data, 0, data.Length);
    }

    private static void Expect<TException>(Action action)
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException)
        {
            return;
        }

        throw new InvalidOperationException($"{typeof(TException).Name} was expected.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }
}
