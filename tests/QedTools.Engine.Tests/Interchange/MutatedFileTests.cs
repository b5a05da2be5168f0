using System;
using System.Collections.Generic;
using System.Text;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.Interchange.Vdi;
using QedTools.Tests.Interchange.Vmdk;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

public sealed class MutatedFileTests
{
    private const int Rounds = 3000;

    // The part of a file with most of the metadata: headers, descriptors, the first tables.
    private const int MetadataBytes = 20 << 10;

    [Theory]
    [InlineData("Vhd")]
    [InlineData("Qcow2")]
    [InlineData("Vdi")]
    [InlineData("Vmdk")]
    [InlineData("stream")]
    [InlineData("stream without a footer")]
    [InlineData("SPARSE")]
    [InlineData("VMFSSPARSE")]
    [InlineData("SESPARSE")]
    [InlineData("differencing VDI")]
    public void A_mutated_file_opens_or_fails_with_an_engine_error(string kind)
    {
        byte[] contents = VmdkStreamTests.Contents(640 << 10, 64 << 10, IsThere);
        (IDiskFormat format, byte[] good) = kind switch
        {
            _ when Enum.TryParse(kind, out QedDiskFormat written) => (DiskFormats.Of(written), Good(DiskFormats.Of(written))),
            "stream" => (DiskFormats.Of(QedDiskFormat.Vmdk), VmdkSketch.Stream(contents, IsThere).Bytes),
            "stream without a footer" => (DiskFormats.Of(QedDiskFormat.Vmdk), VmdkSketch.Stream(contents, IsThere, hasFooter: false).Bytes),
            "SPARSE" => (new ExtentFormat(kind, contents.Length), VmdkSketch.Hosted(contents, IsThere).Bytes),
            "VMFSSPARSE" => (new ExtentFormat(kind, contents.Length), VmdkSketch.Cowd(contents, i => IsThere(i / 128)).Bytes),
            "SESPARSE" => (new ExtentFormat(kind, contents.Length), VmdkSketch.SeSparse(contents, i => IsThere(i / 16) ? SeSparseGrain.Data : SeSparseGrain.Zero).Bytes),
            _ => (DiskFormats.Of(QedDiskFormat.Vdi), VdiParentTests.Vdi(4, Guid.NewGuid(), Guid.NewGuid(), [0, uint.MaxValue, uint.MaxValue - 1], 3 << 20, 1)),
        };
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("QEDTOOLS_FUZZ_COUNT"), out int count) ? count : Rounds;
        byte[] bytes = new byte[good.Length];
        int opened = 0;
        Seeded.Run(12_000_000 + good.Length, rounds, random =>
        {
            good.CopyTo(bytes, 0);
            for (int i = random.Pick(1, 1, 2, 4, 16); i > 0; i--)
            {
                // Headers are at the start; footers and the directory of a stream are at the end.
                int within = random.Next(Math.Min(random.Pick(512, 2048, MetadataBytes, bytes.Length), bytes.Length - 4));
                int at = random.Next(3) == 0 ? bytes.Length - 4 - within : within;
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        bytes.AsSpan(at, 4).Fill(random.Pick((byte)0, byte.MaxValue, (byte)0x7f));
                        break;
                    case 2 when random.Next(2) == 0:
                        random.NextBytes(bytes.AsSpan(at, 4));
                        break;
                    case 2:
                        bytes.AsSpan(random.Next(bytes.Length - 4), 4).CopyTo(bytes.AsSpan(at));
                        break;
                    default:
                        bytes[at] = (byte)random.Next(256);
                        break;
                }
            }

            MemoryStorage storage = MemoryStorage.Of("mutated." + kind, random.Next(8) == 0 ? bytes.AsSpan(0, random.Next(bytes.Length)) : bytes);
            opened += HostileFile.Survives(format, storage) ? 1 : 0;
        });
        Assert.InRange(opened, rounds / 50, rounds - (rounds / 50));

        static bool IsThere(int grain) => grain % 3 != 1;
    }

    [Theory]
    [InlineData(QedDiskFormat.Vhd)]
    [InlineData(QedDiskFormat.Qcow2)]
    [InlineData(QedDiskFormat.Vdi)]
    [InlineData(QedDiskFormat.Vmdk)]
    public void A_truncated_file_never_reads_as_if_it_were_complete(QedDiskFormat kind)
    {
        IDiskFormat format = DiskFormats.Of(kind);
        byte[] good = Good(format);
        byte[] expected = Contents(format, good) ?? throw new InvalidOperationException();
        foreach (int length in new[] { 0, 1, 68, 511, 512, 1024, 1536, 4096, good.Length / 2, good.Length - 4097 })
        {
            byte[]? read = Contents(format, good[..length]);
            Assert.True(read is null || read.AsSpan().SequenceEqual(expected), $"{kind} of {length} bytes");
        }
    }

    private static byte[] Good(IDiskFormat format)
    {
        MemoryStorage storage = new();
        IDiskLayer layer = format.Resolve("good" + format.Extensions[0], new DiskRequest(6 << 20)).Create(storage);
        IDisk disk = layer.ToDisk(backing: null);
        byte[] data = new byte[100_000];
        new Random(1).NextBytes(data);
        disk.Write(4096, data);
        disk.Write(5 << 20, data);
        layer.EndWriting();
        byte[] bytes = new byte[storage.Length];
        storage.Read(0, bytes);
        return bytes;
    }

    private static byte[]? Contents(IDiskFormat format, byte[] file)
    {
        MemoryStorage storage = new();
        storage.Write(0, file);
        try
        {
            IDisk disk = format.Open(storage).ToDisk(backing: null);
            byte[] contents = new byte[disk.Length];
            disk.Read(0, contents);
            return contents;
        }
        catch (QedException)
        {
            return null;
        }
    }

    /// <summary>An extent as a valid descriptor would describe it.</summary>
    private sealed class ExtentFormat(string type, int size) : IDiskFormat
    {
        public QedDiskFormat? Kind => null;

        public string Name => "VMDK";

        public IReadOnlyList<string> Extensions => [];

        public bool RefusesSparseFiles => false;

        public bool OverlaysKeepSize => false;

        public bool Recognizes(IStorage storage) => true;

        public IDiskLayer Open(IStorage storage)
        {
            MemoryStorage descriptor = new("disk.vmdk");
            descriptor.Write(0, Encoding.UTF8.GetBytes(VmdkSketch.Text("custom", $"RW {size / 512} {type} \"mutated.vmdk\"")));
            IMultiFileLayer layer = (IMultiFileLayer)DiskFormats.Of(QedDiskFormat.Vmdk).Open(descriptor);
            layer.Attach([storage]);
            return layer;
        }

        public NewDisk Resolve(string path, in DiskRequest request) => throw new NotSupportedException();
    }
}
