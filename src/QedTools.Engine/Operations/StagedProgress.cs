using System;

namespace QedTools.Operations;

/// <summary>The progress of an operation that goes over the same bytes several times.</summary>
internal sealed class StagedProgress(IProgress<OperationProgress> inner, int stages) : IProgress<OperationProgress>
{
    private int _stage;

    /// <summary>Begins the next stage.</summary>
    public void NextStage() => _stage++;

    public void Report(OperationProgress value)
    {
        // Halves before the sum could overflow on the largest disks.
        long total = value.BytesTotal / stages;
        inner.Report(new OperationProgress((total * _stage) + (value.BytesDone / stages), total * stages));
    }
}
