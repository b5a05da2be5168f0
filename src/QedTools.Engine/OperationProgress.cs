namespace QedTools;

/// <summary>The progress of a long operation.</summary>
/// <param name="BytesDone">Bytes processed so far in this stage: 0 to <paramref name="BytesTotal"/>.</param>
/// <param name="BytesTotal">Bytes to process in this stage.</param>
public readonly record struct OperationProgress(long BytesDone, long BytesTotal)
{
    /// <summary>Which stage of the operation this is: 1 to <see cref="Stages"/>.</summary>
    public int Stage { get; init; } = 1;

    /// <summary>How many times the operation goes over the same bytes, for example first to copy and then to compare them.</summary>
    public int Stages { get; init; } = 1;

    /// <summary>Whether files are counted instead of bytes.</summary>
    public bool CountsFiles { get; init; }

    /// <summary>The completed share of the whole operation, in whole percent: 0 to 100.</summary>
    public int Percent => BytesTotal <= 0 ? 100 : (int)(DoneInAll / (BytesTotal * (double)Stages) * 100);

    /// <summary>The bytes done in this stage and those before it; a double because 64-bit integers are too small for the largest disks.</summary>
    internal double DoneInAll => (BytesTotal * (double)(Stage - 1)) + BytesDone;

    /// <summary>The bytes left in this stage and those after it.</summary>
    internal double LeftInAll => (BytesTotal * (double)Stages) - DoneInAll;
}
