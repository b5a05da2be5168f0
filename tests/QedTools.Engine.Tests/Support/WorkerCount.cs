using System;

namespace QedTools.Tests.Support;

/// <summary>Sets the number of worker threads until disposed, whatever the machine has.</summary>
internal sealed class WorkerCount : IDisposable
{
    private readonly int? _before = OrderedWork.Workers.Value;

    public WorkerCount(int workers) => OrderedWork.Workers.Value = workers;

    public void Dispose() => OrderedWork.Workers.Value = _before;
}
