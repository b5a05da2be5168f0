using System;

namespace QedTools.Operations;

/// <summary>The progress of an operation that goes over the same bytes several times: what it deals with in all is that many times as much.</summary>
internal sealed class StagedProgress(IProgress<OperationProgress> inner, int stages) : IProgress<OperationProgress>
{
    private int _stage;

    /// <summary>Begins the next stage.</summary>
    public void NextStage() => _stage++;

    public void Report(OperationProgress value)
    {
        // The sum for the largest disks would overflow: there a share of each byte counts.
        int shares = value.BytesTotal > long.MaxValue / stages ? stages : 1;
        long total = value.BytesTotal / shares;
        inner.Report(new OperationProgress((total * _stage) + (value.BytesDone / shares), total * stages));
    }
}
