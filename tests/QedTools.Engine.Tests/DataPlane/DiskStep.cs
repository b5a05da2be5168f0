using System;

namespace QedTools.Tests.DataPlane;

/// <summary>What a step of a script does to a disk.</summary>
internal enum StepKind
{
    Read,
    Write,
    Zero,
    Flush,
    Resize,
    Reopen,
}

/// <summary>One step of a script. Steps stand for themselves, so that a script that fails can be made shorter.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Offset">Where; for a resize the new size. What does not lie on the disk is left out.</param>
/// <param name="Length">How far.</param>
/// <param name="Fill">What a write writes: a seed.</param>
internal readonly record struct DiskStep(StepKind Kind, long Offset, long Length, int Fill)
{
    /// <summary>The data that a write writes: random, one byte repeated, or zeroes between.</summary>
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
