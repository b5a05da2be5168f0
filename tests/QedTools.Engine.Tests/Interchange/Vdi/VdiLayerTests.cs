using System.Buffers.Binary;
using QedTools.Disks;
using QedTools.Interchange.Vdi;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vdi;

public sealed class VdiLayerTests
{
    private const int DiskSizeAt = 0x170;

    [Theory]
    [InlineData((1 << 20) - 1000, (1 << 20) - 512)]
    [InlineData(1, 512)]
    [InlineData(1 << 20, 1 << 20)]
    public void A_size_that_is_not_a_multiple_of_a_sector_is_rounded_up(long stored, long expected)
    {
        // VBoxManage convertfromraw makes such files; qemu-img rounds their sizes up too.
        VdiFormat format = new();
        MemoryStorage storage = new();
        IDiskLayer created = format.Resolve("a.vdi", new DiskRequest(1 << 20)).Create(storage);
        created.ToDisk(backing: null).Write(0, [1, 2, 3]);
        created.EndWriting();
        byte[] size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, stored);
        storage.Write(DiskSizeAt, size);
        byte[] read = new byte[3];

        IDisk disk = format.Open(storage).ToDisk(backing: null);
        disk.Read(0, read);

        Assert.Equal(expected, disk.Length);
        Assert.Equal(new byte[] { 1, 2, 3 }, read);
    }
}
