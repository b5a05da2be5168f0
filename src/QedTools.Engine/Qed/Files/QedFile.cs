using System;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed.Files;

/// <summary>One open QED file, at the level below its tables: its header, and where clusters can be in it.</summary>
internal sealed class QedFile
{
    private long _length;

    private QedFile(IStorage storage, QedHeader header)
    {
        Storage = storage;
        Header = header;
        _length = storage.Length;
    }

    /// <summary>The file's bytes.</summary>
    public IStorage Storage { get; }

    /// <summary>The header as it is in the file.</summary>
    public QedHeader Header { get; private set; }

    /// <summary>The disk's size, in bytes.</summary>
    public long VirtualSize => Header.VirtualSize;

    /// <summary>Where the L1 table is in the file, in bytes.</summary>
    public long L1TableOffset => (long)Header.L1TableOffset;

    /// <summary>Traces what happens in the file, and where; null if the operation is not traced in detail.</summary>
    public ImageTrace? Trace { get; private set; }

    /// <summary>The clusters that a writer has allocated; null while there is no writer.</summary>
    public INewClusters? NewClusters { get; set; }

    /// <summary>Where clusters can be in the file, given its length as last read or as a writer is extending it.</summary>
    public ImageLayout Layout => new(Header.Geometry, Header.HeaderBytes, Math.Max(_length, NewClusters?.GrownEnd ?? 0));

    /// <summary>Reads and validates the header of a file.</summary>
    /// <param name="storage">The file; the caller still owns it.</param>
    /// <exception cref="QedFormatException">It is not a QED image, or has an invalid header or unknown features.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static QedFile Open(IStorage storage)
    {
        Span<byte> start = stackalloc byte[QedHeader.Size];
        long length = storage.Length;
        int count = storage.Read(0, start);
        QedHeader header = QedHeader.Parse(start.Slice(0, count), storage.Path, length);
        header.Validate(storage.Path, length);
        return new QedFile(storage, header);
    }

    /// <summary>Writes a header into a file that is being created.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public static void WriteHeader(IStorage storage, QedHeader header)
    {
        Span<byte> bytes = stackalloc byte[QedHeader.Size];
        header.WriteTo(bytes);
        storage.Write(0, bytes);
    }

    /// <summary>
    /// Writes the header; the caller orders it among the other writes. A program that writes must clear the autoclear features
    /// that it does not know: here, all of them.
    /// </summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public void WriteHeader(QedHeader header)
    {
        header = header with { AutoclearFeatures = 0 };
        WriteHeader(Storage, header);
        Trace?.HeaderWritten(Header, header);
        Header = header;
    }

    /// <summary>Reads the file's length again: another program may be extending the file.</summary>
    public void RefreshLength() => _length = Storage.Length;

    /// <summary>Starts to trace what happens in the file, but not what is already there.</summary>
    /// <param name="trace">Receives the lines; may be null.</param>
    /// <param name="path">The file, by the name that the user knows it by.</param>
    public void Follow(OperationTrace? trace, string path) => Trace = ImageTrace.Of(trace, path, Header.Geometry);

    /// <summary>Traces the contents of the header.</summary>
    public void TraceHeader() => Trace?.Header(Header, _length);

    /// <summary>Fills a buffer from clusters or tables of the file.</summary>
    /// <param name="offset">Where in the file to begin, in bytes.</param>
    /// <param name="buffer">The buffer to fill. Past the end of the file as last read, and in clusters allocated since, it gets zeroes.</param>
    /// <exception cref="QedFileChangedException">Something that was in the file is no longer there.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        int count = Storage.Read(offset, buffer);
        if (count == buffer.Length)
        {
            return;
        }

        long end = offset + count;
        bool isNew = NewClusters is { } clusters && clusters.IsNew(end);
        if (!isNew && end < _length)
        {
            throw QedFileChangedException.ForMissingBytes(Storage.Path, end, buffer.Length - count);
        }

        buffer.Slice(count).Clear();
    }

    /// <summary>Copies clusters to another place in the file; the missing part of one that is cut short becomes zeroes.</summary>
    /// <param name="offset">Where the first is, in bytes.</param>
    /// <param name="target">Where the copy goes, in bytes; the two must not overlap.</param>
    /// <param name="length">How much, in bytes.</param>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    public void CopyWithin(long offset, long target, long length)
    {
        long there = Math.Max(0, Math.Min(length, _length - offset));
        StorageCopy.Run(Storage, offset, Storage, target, there);
        ZeroFill.Write(Storage, target + there, length - there);
    }
}
