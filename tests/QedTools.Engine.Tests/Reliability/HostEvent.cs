namespace QedTools.Tests.Reliability;

/// <summary>The kind of change that an operation made to one of its files.</summary>
internal enum HostEventKind
{
    /// <summary>Created it, empty.</summary>
    Create,

    Write,

    SetLength,

    Flush,

    Close,

    /// <summary>Renamed it, replacing any file with that name.</summary>
    Rename,

    /// <summary>A flush that a planted bug left out.</summary>
    Nothing,
}

/// <summary>One change of one file, in the order in which an operation made them.</summary>
/// <param name="Kind">The kind of change.</param>
/// <param name="File">The number that the file got when it was first seen.</param>
/// <param name="Name">The name that the file had, or got, in the folder.</param>
/// <param name="Offset">The offset in bytes; the new length for <see cref="HostEventKind.SetLength"/>.</param>
/// <param name="Data">The bytes written.</param>
internal sealed record HostEvent(HostEventKind Kind, int File, string Name, long Offset, byte[] Data)
{
    /// <summary>The end of what was written, in bytes.</summary>
    public long End => Offset + Data.Length;

    /// <summary>Whether it is a flush.</summary>
    public bool IsFlush => Kind == HostEventKind.Flush;

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        HostEventKind.Write => $"{Name}: write {Offset}+{Data.Length}",
        HostEventKind.SetLength => $"{Name}: length {Offset}",
        _ => $"{Name}: {Kind}",
    };
}
