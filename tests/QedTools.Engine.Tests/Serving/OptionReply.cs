using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Tests.Serving;

/// <summary>One reply to an option.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Data">Its data.</param>
internal sealed record OptionReply(uint Type, byte[] Data)
{
    public bool IsError => (Type & Nbd.RepError) != 0;

    public bool IsFinal => IsError || Type == Nbd.RepAck;

    /// <summary>The data as text, from a place on.</summary>
    public string Text(int start = 0) => Encoding.UTF8.GetString(Data, start, Data.Length - start);

    public ushort UInt16(int at) => BinaryPrimitives.ReadUInt16BigEndian(Data.AsSpan(at));

    public uint UInt32(int at) => BinaryPrimitives.ReadUInt32BigEndian(Data.AsSpan(at));

    public ulong UInt64(int at) => BinaryPrimitives.ReadUInt64BigEndian(Data.AsSpan(at));
}
