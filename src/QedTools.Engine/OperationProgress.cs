namespace QedTools;

/// <summary>How far a long operation has come.</summary>
/// <param name="BytesDone">Bytes dealt with so far in this stage: 0 to <paramref name="BytesTotal"/>.</param>
/// <param name="BytesTotal">Bytes to deal with in this stage.</param>
public readonly record struct OperationProgress(long BytesDone, long BytesTotal)
{
    /// <summary>Which stage of the operation this is: 1 to <see cref="Stages"/>.</summary>
    public int Stage { get; init; } = 1;

    /// <summary>How often the operation goes over the same bytes, such as to copy and then to compare them.</summary>
    public int Stages { get; init; } = 1;

    /// <summary>The share of the whole operation that is done, in whole percent: 0 to 100.</summary>
    public int Percent => BytesTotal <= 0 ? 100 : (int)(DoneInAll / (BytesTotal * (double)Stages) * 100);

    /// <summary>The bytes done in this stage and those before; not a whole number of 64 bits for the largest disks.</summary>
    internal double DoneInAll => (BytesTotal * (double)(Stage - 1)) + BytesDone;

    /// <summary>The bytes left in this stage and those after it.</summary>
    internal double LeftInAll => (BytesTotal * (double)Stages) - DoneInAll;
}
