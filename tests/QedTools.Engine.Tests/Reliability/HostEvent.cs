namespace QedTools.Tests.Reliability;

/// <summary>What an operation did to one of its files.</summary>
internal enum HostEventKind
{
    /// <summary>Made it, empty.</summary>
    Create,

    Write,

    SetLength,

    Flush,

    Close,

    /// <summary>Gave it another name, which replaces whatever had that name.</summary>
    Rename,

    /// <summary>What a planted bug left of a flush.</summary>
    Nothing,
}

/// <summary>One change of one file, in the order in which an operation made them.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="File">The file, by the number it was given when it was first seen.</param>
/// <param name="Name">The name it had, or got, in the folder.</param>
/// <param name="Offset">Where, in bytes; the new length for <see cref="HostEventKind.SetLength"/>.</param>
/// <param name="Data">What was written.</param>
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
