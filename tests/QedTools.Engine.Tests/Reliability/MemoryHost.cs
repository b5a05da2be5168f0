using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.Reliability;

/// <summary>
/// A folder whose files keep their bytes in memory. Operations find real files there, with real names and locks;
/// everything that they read and write through <see cref="HostFiles"/> is recorded, and can be made to fail.
/// </summary>
internal sealed class MemoryHost : IDisposable
{
    // What the real file holds while its contents are in memory: an empty real file is one that was just created.
    private static readonly byte[] Placeholder = [1];

    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);
    private readonly List<HostEvent> _events = [];
    private readonly Dictionary<int, string> _names = [];
    private int _lastNumber;

    /// <summary>Everything that was changed since <see cref="Record"/> began.</summary>
    public IReadOnlyList<HostEvent> Events => _events;

    /// <summary>The number of open files.</summary>
    public int OpenFiles { get; private set; }

    /// <summary>The number of calls made on files.</summary>
    public int Calls { get; private set; }

    /// <summary>Called before each call on a file; returns how that call fails, or null. If this is null, nothing fails.</summary>
    public Func<FaultPoint, Fault?>? Faults { get; set; }

    /// <summary>The free space at the start of an operation, in bytes; null for that of the real disk.</summary>
    public long? AvailableBytes { get; set; }

    /// <summary>Whether files share blocks, as on XFS: what is shared then counts as written.</summary>
    public bool SharesBlocks { get; set; }

    /// <summary>Whether images may have leaks without the need-check bit, because a full disk kept them from being packed.</summary>
    public bool AllowsLeaks { get; set; }

    /// <summary>The full path of a file in the folder.</summary>
    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>The names of all files, in order.</summary>
    public IReadOnlyList<string> Names =>
        [.. Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Whether a file exists.</summary>
    public bool Has(string name) => File.Exists(PathOf(name));

    /// <summary>Creates a file, or replaces its contents.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="contents">Its bytes, which must not be changed afterwards.</param>
    public void Put(string name, byte[] contents)
    {
        if (!Has(name))
        {
            File.WriteAllBytes(PathOf(name), Placeholder);
        }

        _files[IdentityOf(name)] = new MemoryFile(NextNumber(name), contents);
    }

    /// <summary>Adds a copy of a fixture.</summary>
    public void PutFixture(string fixture, string name) => Put(name, File.ReadAllBytes(Fixture.PathOf(fixture)));

    /// <summary>A file's bytes, for reading.</summary>
    public byte[] Get(string name) => _files[IdentityOf(name)].Contents;

    /// <summary>All files with their contents.</summary>
    public SortedDictionary<string, byte[]> Snapshot()
    {
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (string name in Names)
        {
            files.Add(name, Get(name));
        }

        return files;
    }

    /// <summary>Makes the folder hold exactly these files.</summary>
    public void Restore(IReadOnlyDictionary<string, byte[]> files)
    {
        foreach (string name in Names)
        {
            if (!files.ContainsKey(name))
            {
                _files.Remove(IdentityOf(name));
                File.Delete(PathOf(name));
            }
        }

        foreach ((string name, byte[] contents) in files)
        {
            Put(name, contents);
        }
    }

    /// <summary>Runs an action on these files.</summary>
    public void Do(Action action)
    {
        HostFiles.Interceptor.Value = Intercept;
        OrderedWork.Workers.Value = 1; // faults are identified by the number of earlier calls
        try
        {
            action();
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
            OrderedWork.Workers.Value = null;
        }
    }

    /// <summary>Runs a function on these files and returns its result.</summary>
    public T Do<T>(Func<T> function)
    {
        T result = default!;
        Do(() =>
        {
            result = function();
        });
        return result;
    }

    /// <summary>Runs an operation and records what it does to the files.</summary>
    public Recording Record(Action operation)
    {
        SortedDictionary<string, byte[]> before = Snapshot();
        Dictionary<string, int> numbers = Names.ToDictionary(name => name, name => _files[IdentityOf(name)].Number);
        _events.Clear();
        Do(operation);

        // A file is closed before it is renamed, and does not change afterwards.
        foreach (string name in Names)
        {
            int number = _files[IdentityOf(name)].Number;
            if (_names[number] != name)
            {
                int closed = _events.FindLastIndex(e => e.File == number);
                _events.Insert(closed + 1, new HostEvent(HostEventKind.Rename, number, name, 0, []));
                _names[number] = name;
            }
        }

        return new Recording(before, numbers, [.. _events]);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private string IdentityOf(string name) =>
        HostFiles.IdentityOf(PathOf(name)) ?? throw new FileNotFoundException(name);

    private int NextNumber(string name)
    {
        _names[++_lastNumber] = name;
        return _lastNumber;
    }

    private OpenFile Intercept(IStorage real)
    {
        string name = Path.GetFileName(real.Path);
        if (real.Length == 0)
        {
            real.Write(0, Placeholder);
            MemoryFile made = new(NextNumber(name), []);
            _files[real.Identity] = made;
            Note(HostEventKind.Create, made, 0, []);
        }

        OpenFiles++;
        return new OpenFile(this, real, _files[real.Identity]);
    }

    private void Note(HostEventKind kind, MemoryFile file, long offset, ReadOnlySpan<byte> data) =>
        _events.Add(new HostEvent(kind, file.Number, _names[file.Number], offset, data.ToArray()));

    private Fault? FaultOf(FaultKind kind, MemoryFile file, long offset, long length, long growth)
    {
        Calls++;
        if (Faults is null)
        {
            return null;
        }

        FaultPoint point = new(Calls - 1, kind, _names[file.Number], offset, length, _files.Values.Sum(f => (long)f.Length), Math.Max(0, growth));
        return Faults(point);
    }

    private sealed class OpenFile(MemoryHost host, IStorage real, MemoryFile file) : IStorage, ISharingStorage
    {
        private const int SharingUnit = 4096;

        private readonly HashSet<OpenFile> _refused = [];
        private bool _isClosed;

        public string Path => real.Path;

        public string Identity => real.Identity;

        public bool CanWrite => real.CanWrite;

        public int? DeviceSectorSize => real.DeviceSectorSize;

        public long Length => Open.Length;

        public StorageStamp Stamp => new(Length, null);

        public long AllocatedBytes => Open.Length;

        public FreeSpace? FreeSpace => host.AvailableBytes is { } bytes ? new FreeSpace(Device: null, bytes) : real.FreeSpace;

        public bool IsInUse => real.IsInUse;

        private MemoryFile Open => _isClosed ? throw new ObjectDisposedException(Path) : file;

        private MemoryFile Writable => CanWrite ? Open : throw new InvalidOperationException("The file is open for reading only.");

        public int Read(long offset, Span<byte> buffer)
        {
            if (host.FaultOf(FaultKind.Read, Open, offset, buffer.Length, growth: 0) is { } fault)
            {
                throw fault.ToException(Path, "read", offset);
            }

            return file.Read(offset, buffer);
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            long growth = offset + data.Length - Writable.Length;
            if (host.FaultOf(FaultKind.Write, file, offset, data.Length, growth) is { } fault)
            {
                int done = fault.DoneOf(offset, data.Length);
                if (done > 0)
                {
                    host.Note(HostEventKind.Write, file, offset, data[..done]);
                    file.Write(offset, data[..done]);
                }

                throw fault.ToException(Path, "write", offset);
            }

            host.Note(HostEventKind.Write, file, offset, data);
            file.Write(offset, data);
        }

        public int? SharingUnitWith(IStorage source) =>
            host.SharesBlocks && CanWrite && source is OpenFile other && !_refused.Contains(other) ? SharingUnit : null;

        // Apart from a full disk, whatever goes wrong is a refusal.
        public bool TryShare(IStorage source, long sourceOffset, long offset, long length)
        {
            OpenFile other = (OpenFile)source;
            byte[] data = new byte[length];
            if (other.Open.Read(sourceOffset, data) < length || sourceOffset % SharingUnit != 0 || offset % SharingUnit != 0 || length % SharingUnit != 0)
            {
                throw new InvalidOperationException($"{length} bytes at {sourceOffset} cannot be shared at {offset}.");
            }

            long growth = offset + length - Writable.Length;
            Fault? fault = host.FaultOf(FaultKind.Share, file, offset, length, growth);
            int done = fault?.DoneOf(offset, (int)length) ?? (int)length;
            if (done > 0)
            {
                host.Note(HostEventKind.Write, file, offset, data.AsSpan(0, done));
                file.Write(offset, data.AsSpan(0, done));
            }

            if (fault is null)
            {
                return true;
            }

            _refused.Add(other);
            return fault.IsDiskFull ? throw fault.ToException(Path, "write", offset) : false;
        }

        public void SetLength(long length)
        {
            long growth = length - Writable.Length;
            if (host.FaultOf(FaultKind.SetLength, file, length, 0, growth) is { } fault)
            {
                throw fault.ToException(Path, "write", length);
            }

            host.Note(HostEventKind.SetLength, file, length, []);
            file.SetLength(length);
        }

        public void Flush()
        {
            if (host.FaultOf(FaultKind.Flush, Open, 0, 0, growth: 0) is { } fault)
            {
                throw fault.ToException(Path, "write", offset: null);
            }

            host.Note(HostEventKind.Flush, file, 0, []);
        }

        public void BeginFlush()
        {
        }

        public StorageRange RangeAt(long offset, long length)
        {
            (long count, bool isHole) = Open.RangeAt(offset, length);
            return new StorageRange(count, isHole);
        }

        public void Dispose()
        {
            if (!_isClosed)
            {
                _isClosed = true;
                host.OpenFiles--;
                host.Note(HostEventKind.Close, file, 0, []);
            }

            real.Dispose();
        }
    }
}
