namespace QedTools;

/// <summary>How far a long operation has come.</summary>
/// <param name="BytesDone">Bytes dealt with so far: 0 to <paramref name="BytesTotal"/>.</param>
/// <param name="BytesTotal">Bytes to deal with in all.</param>
public readonly record struct OperationProgress(long BytesDone, long BytesTotal)
{
    /// <summary>The share that is done, in whole percent: 0 to 100.</summary>
    public int Percent => BytesTotal <= 0 ? 100 : (int)(BytesDone / (double)BytesTotal * 100);
}
