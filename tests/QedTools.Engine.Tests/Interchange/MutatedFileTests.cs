using System;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Tests.Fuzz;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

public sealed class MutatedFileTests
{
    private const int Rounds = 3000;

    // Where the formats keep what can be wrong: headers, descriptors, the first tables.
    private const int MetadataBytes = 20 << 10;

    [Theory]
    [InlineData(QedDiskFormat.Vhd)]
    [InlineData(QedDiskFormat.Qcow2)]
    [InlineData(QedDiskFormat.Vdi)]
    [InlineData(QedDiskFormat.Vmdk)]
    public void A_spoilt_file_opens_or_fails_with_an_error_of_ours(QedDiskFormat kind)
    {
        IDiskFormat format = DiskFormats.Of(kind);
        byte[] good = Good(format);
        int opened = 0;
        Seeded.Run(6_000_000 + (1_000_000 * (int)kind), Rounds, random =>
        {
            byte[] bytes = [.. good];
            for (int i = random.Pick(1, 1, 2, 4, 16); i > 0; i--)
            {
                int at = random.Next(Math.Min(random.Pick(512, 2048, MetadataBytes), bytes.Length - 4));
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        bytes.AsSpan(at, 4).Fill(random.Pick((byte)0, byte.MaxValue, (byte)0x7f));
                        break;
                    case 2:
                        random.NextBytes(bytes.AsSpan(at, 4));
                        break;
                    default:
                        bytes[at] = (byte)random.Next(256);
                        break;
                }
            }

            MemoryStorage storage = new("spoilt." + kind);
            storage.Write(0, random.Next(8) == 0 ? bytes.AsSpan(0, random.Next(bytes.Length)) : bytes);
            opened += HostileFile.Survives(format, storage) ? 1 : 0;
        });
        Assert.InRange(opened, Rounds / 50, Rounds - (Rounds / 50));
    }

    [Theory]
    [InlineData(QedDiskFormat.Vhd)]
    [InlineData(QedDiskFormat.Qcow2)]
    [InlineData(QedDiskFormat.Vdi)]
    [InlineData(QedDiskFormat.Vmdk)]
    public void A_file_that_is_cut_off_never_reads_as_if_it_were_whole(QedDiskFormat kind)
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
        IDiskLayer layer = format.Create(storage, format.Settle("good" + format.Extensions[0], new NewDisk(6 << 20)));
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
}
