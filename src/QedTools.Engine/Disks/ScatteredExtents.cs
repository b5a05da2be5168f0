using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>
/// Extents of a disk whose data lies in one file, but in another order than on the disk. A disk that can store its clusters in any order gets them
/// in the order of the file, so that what is contiguous there is shared in one go.
/// </summary>
internal sealed class ScatteredExtents
{
    // What is shared at once, in bytes: it can be stopped in between, even where all is copied because the host refuses.
    private const long MaxRunBytes = 128L << 20;

    private readonly IStorage _file;
    private readonly Item[] _items;

    private ScatteredExtents(IStorage file, Item[] items)
    {
        _file = file;
        _items = items;
        Array.Sort(_items, static (one, other) => one.FileOffset.CompareTo(other.FileOffset));
        for (int i = 0; i < _items.Length; i++)
        {
            _items[i].Place = Length;
            Length += _items[i].Length;
            Runs += i == 0 || !_items[i].Follows(_items[i - 1]) ? 1 : 0;
        }
    }

    /// <summary>Their length together, in bytes.</summary>
    public long Length { get; }

    /// <summary>How many they are.</summary>
    public int Count => _items.Length;

    /// <summary>How many ranges of the file they form.</summary>
    public int Runs { get; }

    /// <summary>Writes the data to a file, one extent behind the other.</summary>
    /// <param name="target">The file.</param>
    /// <param name="offset">Where the first one goes, in bytes.</param>
    /// <param name="shared">Counts what was not copied but shared.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was stopped; a part is written.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public void StoreIn(IStorage target, long offset, SharedBytes shared, CancellationToken cancellation)
    {
        for (int first = 0, next; first < _items.Length; first = next)
        {
            long length = 0;
            for (next = first; next < _items.Length && (next == first || _items[next].Follows(_items[next - 1])); next++)
            {
                length += _items[next].Length;
            }

            for (long done = 0; done < length; done += MaxRunBytes)
            {
                cancellation.ThrowIfCancellationRequested();
                long count = Math.Min(MaxRunBytes, length - done);
                new DiskContent(_file, _items[first].FileOffset + done, count, shared).StoreIn(target, offset + _items[first].Place + done);
            }
        }
    }

    /// <summary>The extents in the order of the disk, each with where <see cref="StoreIn"/> has put it, in bytes from the first one.</summary>
    public IEnumerable<(long Start, long Length, long Place)> InDiskOrder()
    {
        Item[] items = (Item[])_items.Clone();
        Array.Sort(items, static (one, other) => one.Start.CompareTo(other.Start));
        foreach (Item item in items)
        {
            yield return (item.Start, item.Length, item.Place);
        }
    }

    /// <summary>Collects extents.</summary>
    public sealed class Builder
    {
        private readonly List<Item> _items = [];

        /// <summary>How many there are so far.</summary>
        public int Count => _items.Count;

        /// <summary>Adds an extent with data.</summary>
        /// <param name="extent">The extent.</param>
        public void Add(in DiskExtent extent) => _items.Add(new Item(extent.Start, extent.Length, extent.FileOffset));

        /// <summary>Puts the extents into the order of their file.</summary>
        /// <param name="file">The file that has the data of all of them.</param>
        public ScatteredExtents In(IStorage file) => new(file, [.. _items]);
    }

    private record struct Item(long Start, long Length, long FileOffset)
    {
        public long Place { get; set; }

        public readonly bool Follows(in Item item) => FileOffset == item.FileOffset + item.Length;
    }
}
