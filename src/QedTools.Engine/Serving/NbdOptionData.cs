using System;
using System.Buffers.Binary;

namespace QedTools.Serving;

/// <summary>Takes the data of an option apart. Once something is missing, everything is.</summary>
/// <param name="data">The data.</param>
internal ref struct NbdOptionData(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Whether something was missing.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Whether everything was taken, and nothing was missing.</summary>
    public readonly bool IsComplete => !IsShort && _rest.Length == 0;

    /// <summary>Takes a number of 16 bits; 0 if it is missing.</summary>
    public ushort TakeUInt16() => TakeBytes(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    /// <summary>Takes a number of 32 bits; 0 if it is missing.</summary>
    public uint TakeUInt32() => TakeBytes(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    /// <summary>Takes a name with its length before it; nothing if it is missing or longer than any name.</summary>
    public ReadOnlySpan<byte> TakeText()
    {
        uint length = TakeUInt32();
        if (length <= NbdLimits.MaxText)
        {
            return TakeBytes((int)length);
        }

        IsShort = true;
        return default;
    }

    private ReadOnlySpan<byte> TakeBytes(int count)
    {
        if (IsShort || count > _rest.Length)
        {
            IsShort = true;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest.Slice(0, count);
        _rest = _rest.Slice(count);
        return taken;
    }
}
