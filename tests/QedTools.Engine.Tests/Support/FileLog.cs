using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Storage;

namespace QedTools.Tests.Support;

/// <summary>
/// Records, in order, what this flow of execution does to the host files that it opens, other than reading them, until disposed.
/// </summary>
internal sealed class FileLog : IDisposable
{
    private readonly List<(string Path, StorageCall Act)> _entries = [];

    public FileLog() => HostFiles.Interceptor.Value = storage => new Logged(storage, this);

    /// <summary>Called before each action; an exception that it throws takes the action's place.</summary>
    public Action<string, StorageCall>? Before { get; set; }

    /// <summary>The files on which an action was recorded.</summary>
    public IReadOnlyList<string> Paths => [.. _entries.Select(entry => entry.Path).Distinct()];

    /// <summary>The actions recorded for one file.</summary>
    public IReadOnlyList<StorageCall> ActsOn(string path) => [.. _entries.Where(entry => entry.Path == path).Select(entry => entry.Act)];

    public void Dispose() => HostFiles.Interceptor.Value = null;

    private void Note(string path, StorageCall act)
    {
        Before?.Invoke(path, act);
        lock (_entries)
        {
            _entries.Add((path, act));
        }
    }

    private sealed class Logged(IStorage inner, FileLog log) : RecordingStorage(inner)
    {
        protected override bool ClosesInner => true;

        protected override void Note(StorageEvent call)
        {
            if (call.Kind != StorageCall.Read)
            {
                log.Note(Path, call.Kind);
            }
        }
    }
}
