using System;

namespace QedTools.Operations;

/// <summary>The progress of an operation that goes over the same bytes several times.</summary>
internal sealed class StagedProgress(IProgress<OperationProgress> inner, int stages) : IProgress<OperationProgress>
{
    private int _stage = 1;

    /// <summary>Begins the next stage.</summary>
    public void NextStage() => _stage++;

    public void Report(OperationProgress value) => inner.Report(value with { Stage = _stage, Stages = stages });
}
