using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>Which clusters of an image move where when it is packed, and how much space that takes meanwhile.</summary>
internal sealed class PackingPlan
{
    private readonly QedImage _image;
    private readonly QedGeometry _geometry;
    private readonly ImageSurvey _survey;
    private readonly long _firstCluster;
    private readonly long _moves;

    /// <param name="image">The image, which has leaks and no other damage.</param>
    /// <param name="survey">Its clusters that are in use.</param>
    public PackingPlan(QedImage image, ImageSurvey survey)
    {
        _image = image;
        _geometry = image.Header.Geometry;
        _survey = survey;
        _firstCluster = _geometry.WholeClusters(image.Header.HeaderBytes);

        // The highest data cluster moves to the lowest free one, the second highest to the second lowest, until the two meet.
        long free = NextFree(_firstCluster);
        long lowest = long.MaxValue;
        foreach (long data in survey.Data.Descending())
        {
            if (data <= free)
            {
                break;
            }

            lowest = data;
            free = NextFree(free + 1);
            _moves++;
        }

        LowestMoved = lowest;
        FirstFree = Math.Min(free, lowest);
    }

    /// <summary>The lowest data cluster that moves; the largest number if none does.</summary>
    public long LowestMoved { get; }

    /// <summary>The lowest free cluster after all data has moved; there is no data above it.</summary>
    public long FirstFree { get; }

    /// <summary>The first free cluster of the file.</summary>
    public long FirstTarget => NextFree(_firstCluster);

    /// <summary>The next cluster, at or after a given one, that was free before anything moved.</summary>
    public long NextFree(long cluster)
    {
        while (_survey.IsUsed(cluster))
        {
            cluster++;
        }

        return cluster;
    }

    /// <summary>The tables above <see cref="FirstFree"/> in the order of the file, each with its L1 index; -1 for the L1 table itself.</summary>
    /// <exception cref="QedException">The L1 table could not be read.</exception>
    public List<(long Cluster, long L1Index)> TablesAbove()
    {
        List<(long Cluster, long L1Index)> above = [];
        if (_geometry.ClusterAt(_image.File.L1TableOffset) > FirstFree)
        {
            above.Add((_geometry.ClusterAt(_image.File.L1TableOffset), -1));
        }

        new TableReader(_image.Storage, _geometry, CancellationToken.None).Read(_image.File.L1TableOffset, (first, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated && _geometry.ClusterAt(entry.Offset) > FirstFree)
                {
                    above.Add((_geometry.ClusterAt(entry.Offset), first + i));
                }
            }
        });
        above.Sort();
        return above;
    }

    /// <summary>Whether a table moves by way of the end of the file, as it cannot move safely to a place that overlaps its own.</summary>
    /// <param name="cluster">Where it begins.</param>
    /// <param name="target">Where it will begin, below that.</param>
    public bool GoesByTheEnd(long cluster, long target) => cluster - target < _geometry.TableSize;

    /// <summary>The first cluster after all tables.</summary>
    public long BehindAll(List<(long Cluster, long L1Index)> above) =>
        above.Count == 0 ? FirstFree : above[above.Count - 1].Cluster + _geometry.TableSize;

    /// <summary>How much space the disk must have until the file is shortened, in bytes: for what is written past its end or into holes.</summary>
    /// <exception cref="QedException">The file could not be read.</exception>
    public long RequiredBytes()
    {
        long holes = 0;
        long target = FirstTarget;
        for (long moved = 0; moved < _moves;)
        {
            long count = 1;
            long next = NextFree(target + 1);
            while (moved + count < _moves && next == target + count)
            {
                count++;
                next = NextFree(next + 1);
            }

            holes += HolesIn(target, count);
            moved += count;
            target = next;
        }

        List<(long Cluster, long L1Index)> above = TablesAbove();
        long place = FirstFree;
        bool goesByTheEnd = false;
        foreach ((long cluster, _) in above)
        {
            goesByTheEnd |= GoesByTheEnd(cluster, place);
            place += _geometry.TableSize;
        }

        holes += HolesIn(FirstFree, place - FirstFree);
        long pastEnd = 0;
        if (goesByTheEnd)
        {
            long stopover = BehindAll(above);
            if (stopover > _geometry.WholeClusters(long.MaxValue) - _geometry.TableSize)
            {
                return long.MaxValue;
            }

            holes += HolesIn(stopover, _geometry.TableSize);
            pastEnd = Math.Min(_geometry.TableBytes, Math.Max(0, _geometry.BytesOf(stopover + _geometry.TableSize) - _image.Storage.Length));
        }

        // A file's length is limited to 63 bits, however much space the disk has.
        if (pastEnd > long.MaxValue - _image.Storage.Length)
        {
            return long.MaxValue;
        }

        // What is reported as a hole can be allocated all the same.
        return pastEnd + Math.Min(holes, Math.Max(0, _image.Storage.Length - _image.Storage.AllocatedBytes));
    }

    /// <summary>Makes sure that the disk has the required space.</summary>
    /// <exception cref="QedDiskFullException">It does not.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void RequireSpace()
    {
        long required = RequiredBytes();
        long available = _image.Storage.FreeSpace?.AvailableBytes ?? (long.MaxValue - 1);
        if (required > available)
        {
            throw QedDiskFullException.ForSpace(_image.Storage.Path, "pack", "the image", required, available, "No cluster was moved, and the disk reads as before.");
        }
    }

    // Holes past the end of the file are not counted.
    private long HolesIn(long cluster, long count)
    {
        long at = Math.Min(_geometry.BytesOf(cluster), _image.Storage.Length);
        long end = Math.Min(_geometry.EndOf(cluster + count - 1), _image.Storage.Length);
        return end - at - _image.Storage.StoredBytesIn(at, end - at);
    }
}
