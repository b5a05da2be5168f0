using System;
using QedTools.Qed.Format;

namespace QedTools.Qed.Metadata;

/// <summary>Hands out clusters at the end of the file.</summary>
/// <remarks>
/// A cluster that becomes free is not handed out again in the same session: a reader may be on its way there, a crash could
/// bring back the entry that led there, and in a damaged image another entry may still lead there. Whoever closes the
/// image checks it and packs the file (<see cref="ImageCompactor"/>).
/// </remarks>
internal sealed class ClusterAllocator
{
    private readonly QedGeometry _geometry;
    private readonly bool _hasTail;

    /// <param name="geometry">The cluster and table sizes.</param>
    /// <param name="fileLength">The file's length, in bytes; a part of a cluster at its end becomes a whole one when something is put behind it.</param>
    public ClusterAllocator(QedGeometry geometry, long fileLength)
    {
        _geometry = geometry;
        _hasTail = geometry.OffsetInCluster(fileLength) != 0;
        End = geometry.BytesOf(geometry.ClustersCovering(fileLength));
        NewFrom = End;
    }

    /// <summary>Where the clusters begin that were handed out since the start, or since the file was packed, in bytes.</summary>
    public long NewFrom { get; private set; }

    /// <summary>The end of the last cluster handed out or there from the start, in bytes.</summary>
    public long End { get; private set; }

    /// <summary>Whether clusters were handed out, so that the file must reach to <see cref="End"/>.</summary>
    public bool HasGrown { get; private set; }

    /// <summary>Whether clusters became free.</summary>
    public bool HasFree { get; private set; }

    /// <summary>Takes clusters that lie side by side and read as zeroes.</summary>
    /// <returns>Where the first begins, in bytes.</returns>
    /// <exception cref="System.OverflowException">The file would be longer than 63 bits can count.</exception>
    public long Take(long clusters)
    {
        long offset = End;
        HasFree |= _hasTail; // nothing may refer to it
        End = checked(End + _geometry.BytesOf(clusters));
        HasGrown = true;
        return offset;
    }

    /// <summary>Leaves room up to an offset: what is handed out lies behind it, and the file reaches to it.</summary>
    /// <param name="end">A cluster's end, in bytes.</param>
    public void Reserve(long end)
    {
        End = Math.Max(End, end);
        HasGrown = true;
    }

    /// <summary>Takes back what was handed out last; it reads as zeroes again.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    public void GiveBack(long offset) => End = offset;

    /// <summary>Notes that clusters became free, or that some taken were not used after all.</summary>
    public void NoteFree() => HasFree = true;

    /// <summary>Notes that the file was packed.</summary>
    /// <param name="end">The end of the last cluster in use, in bytes.</param>
    public void Reset(long end)
    {
        HasFree = false;
        End = end;
        NewFrom = end;
    }
}
