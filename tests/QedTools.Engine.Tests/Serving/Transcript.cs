using System;
using System.Buffers.Binary;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>Takes what a server has sent apart: whatever a client sends, the answers have the form that the protocol gives them.</summary>
internal static class Transcript
{
    /// <summary>Checks it.</summary>
    /// <param name="sent">Everything that the server has sent.</param>
    /// <param name="size">The size of every export, in bytes.</param>
    /// <param name="isCut">Whether the end may be missing.</param>
    /// <returns>How many messages came after the handshake.</returns>
    public static int Check(ReadOnlySpan<byte> sent, ulong size, bool isCut)
    {
        Assert.Equal(Nbd.Greeting, BinaryPrimitives.ReadUInt64BigEndian(sent));
        Assert.Equal(Nbd.OptionMagic, BinaryPrimitives.ReadUInt64BigEndian(sent[8..]));
        Assert.Equal(Nbd.FixedNewstyle | Nbd.NoZeroes, BinaryPrimitives.ReadUInt16BigEndian(sent[16..]));
        sent = sent[18..];
        while (sent.Length > 0 && BinaryPrimitives.ReadUInt64BigEndian(sent) == Nbd.OptionReplyMagic)
        {
            uint option = BinaryPrimitives.ReadUInt32BigEndian(sent[8..]);
            uint type = BinaryPrimitives.ReadUInt32BigEndian(sent[12..]);
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(sent[16..]);
            Assert.True(type is Nbd.RepAck or Nbd.RepServer or Nbd.RepInfo or Nbd.RepMetaContext || (type & Nbd.RepError) != 0, $"A reply of type {type}.");
            Assert.InRange(length, 0, 8 + 4096);
            sent = sent[(20 + length)..];
            if (option == Nbd.OptGo && type == Nbd.RepAck)
            {
                return CheckTransmission(sent, isCut);
            }
        }

        if (sent.Length == 0)
        {
            return 0;
        }

        Assert.Equal(size, BinaryPrimitives.ReadUInt64BigEndian(sent));
        sent = sent[10..];
        return CheckTransmission(sent.Length >= 124 && sent[..124].IndexOfAnyExcept((byte)0) < 0 ? sent[124..] : sent, isCut);
    }

    private static int CheckTransmission(ReadOnlySpan<byte> sent, bool isCut)
    {
        if (sent.Length == 0)
        {
            return 0;
        }

        uint magic = BinaryPrimitives.ReadUInt32BigEndian(sent);
        if (magic == Nbd.SimpleReplyMagic)
        {
            return 1; // whether data follows, only the request tells
        }

        int header = magic == Nbd.ExtendedReplyMagic ? 32 : 20;
        int count = 0;
        for (; sent.Length > 0; count++)
        {
            if (isCut && sent.Length < header)
            {
                break;
            }

            Assert.Equal(magic, BinaryPrimitives.ReadUInt32BigEndian(sent));
            ushort flags = BinaryPrimitives.ReadUInt16BigEndian(sent[4..]);
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(sent[6..]);
            ulong length = header == 32 ? BinaryPrimitives.ReadUInt64BigEndian(sent[24..]) : BinaryPrimitives.ReadUInt32BigEndian(sent[16..]);
            Assert.InRange(flags, 0, 1);
            Assert.InRange(length, 0u, (ulong)Nbd.MaxPayload + 8);
            sent = sent[header..];
            if (isCut && (ulong)sent.Length < length)
            {
                break;
            }

            CheckChunk(type, sent[..(int)length], flags, header);
            sent = sent[(int)length..];
        }

        return count;
    }

    private static void CheckChunk(ushort type, ReadOnlySpan<byte> payload, ushort flags, int header)
    {
        switch (type)
        {
            case Nbd.ChunkNone:
                Assert.Equal((0, Nbd.ChunkDone), (payload.Length, flags));
                break;
            case Nbd.ChunkData:
                Assert.InRange(payload.Length, 9, int.MaxValue);
                break;
            case Nbd.ChunkHole:
                Assert.Equal(12, payload.Length);
                Assert.NotEqual(0u, BinaryPrimitives.ReadUInt32BigEndian(payload[8..]));
                break;
            case Nbd.ChunkStatus:
                Assert.Equal((20, 4), (header, payload.Length % 8));
                Assert.InRange(payload.Length, 12, int.MaxValue);
                break;
            case Nbd.ChunkStatusExtended:
                Assert.Equal((32, 8), (header, payload.Length % 16));
                Assert.InRange(payload.Length, 24, int.MaxValue);
                break;
            case Nbd.ChunkError:
            case Nbd.ChunkErrorOffset:
                Assert.NotEqual(0u, BinaryPrimitives.ReadUInt32BigEndian(payload));
                Assert.Equal(payload.Length, 6 + BinaryPrimitives.ReadUInt16BigEndian(payload[4..]) + (type == Nbd.ChunkErrorOffset ? 8 : 0));
                break;
            default:
                Assert.Fail($"A chunk of type {type}.");
                break;
        }
    }
}
