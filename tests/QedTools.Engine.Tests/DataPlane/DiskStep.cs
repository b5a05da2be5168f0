using System;

namespace QedTools.Tests.DataPlane;

/// <summary>The kind of action that a step of a script performs on a disk.</summary>
internal enum StepKind
{
    Read,
    Write,
    Zero,
    Flush,
    Resize,
    Reopen,
}

/// <summary>One step of a script. Steps do not depend on each other, so that a failing script can be shortened.</summary>
/// <param name="Kind">The kind of action.</param>
/// <param name="Offset">The offset; for a resize, the new size. Anything past the end of the disk is left out.</param>
/// <param name="Length">The length in bytes.</param>
/// <param name="Fill">The seed of the data that a write writes.</param>
internal readonly record struct DiskStep(StepKind Kind, long Offset, long Length, int Fill)
{
    /// <summary>The data that a write writes: all zeroes, one byte repeated, single bytes between zeroes, or random bytes.</summary>
    public byte[] Data(long length)
    {
        byte[] data = new byte[length];
        Random random = new(Fill);
        switch (Fill % 8)
        {
            case 0:
                break;
            case 1:
                Array.Fill(data, (byte)random.Next(1, 256));
                break;
            case 2:
                for (int at = 0; at < data.Length; at += 4096)
                {
                    data[Math.Min(data.Length - 1, at + random.Next(4096))] = (byte)random.Next(1, 256);
                    at += 4096 * random.Next(4);
                }

                break;
            default:
                random.NextBytes(data);
                break;
        }

        return data;
    }

    public override string ToString() => Kind switch
    {
        StepKind.Read => $"Read({Offset}, {Length})",
        StepKind.Write => $"Write({Offset}, {Length}, fill {Fill})",
        StepKind.Zero => $"Zero({Offset}, {Length})",
        StepKind.Resize => $"SetLength({Offset})",
        _ => $"{Kind}()",
    };
}
