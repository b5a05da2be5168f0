using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;

namespace QedTools.Tests.Serving;

/// <summary>
/// A part of a disk that one client writes to, and what each of its sectors may hold after a crash: what it held when it was last safe, or anything
/// that was written later. A sector is full of one number, which no other write has; zero is a sector of zeroes.
/// </summary>
/// <param name="start">Where it begins on the disk, in bytes.</param>
/// <param name="sectors">Its size.</param>
/// <param name="owner">The number of the client, for the numbers in the sectors.</param>
internal sealed class StampedRegion(long start, int sectors, int owner)
{
    public const int SectorSize = 512;

    private readonly List<(int Step, ulong Stamp)>[] _possible = [.. Enumerable.Range(0, sectors).Select(_ => new List<(int, ulong)> { (0, 0UL) })];
    private int _begun;
    private int _done;

    public long Start => start;

    public int Sectors => sectors;

    /// <summary>How many changes the server has acknowledged.</summary>
    public int Done
    {
        get
        {
            lock (_possible)
            {
                return _done;
            }
        }
    }

    /// <summary>Records a change that is about to be asked for.</summary>
    /// <param name="first">The first sector.</param>
    /// <param name="count">How many.</param>
    /// <param name="isZero">Whether the new contents are zeroes.</param>
    /// <returns>The new contents.</returns>
    public byte[] Begin(int first, int count, bool isZero)
    {
        lock (_possible)
        {
            int step = ++_begun;
            byte[] data = new byte[count * SectorSize];
            for (int i = 0; i < count; i++)
            {
                ulong stamp = isZero ? 0 : ((ulong)owner << 48) | ((ulong)step << 16) | (uint)(i + 1);
                MemoryMarshal.Cast<byte, ulong>(data.AsSpan(i * SectorSize, SectorSize)).Fill(stamp);
                _possible[first + i].Add((step, stamp));
            }

            return data;
        }
    }

    /// <summary>Records that the last change was acknowledged.</summary>
    public void Finish()
    {
        lock (_possible)
        {
            _done = _begun;
        }
    }

    /// <summary>Records that the last change was acknowledged as safe, and nothing else was.</summary>
    public void FinishSafely(int first, int count)
    {
        lock (_possible)
        {
            _done = _begun;
            for (int i = first; i < first + count; i++)
            {
                _possible[i].RemoveRange(0, _possible[i].Count - 1);
            }
        }
    }

    /// <summary>Records that everything which was acknowledged up to a step is safe.</summary>
    public void MakeSafe(int step)
    {
        lock (_possible)
        {
            foreach (List<(int Step, ulong Stamp)> sector in _possible)
            {
                int last = sector.FindLastIndex(one => one.Step <= step);
                sector.RemoveRange(0, Math.Max(last, 0));
            }
        }
    }

    /// <summary>What is wrong with what a disk holds; null: nothing.</summary>
    public string? ProblemWith(ReadOnlySpan<byte> disk)
    {
        for (int i = 0; i < sectors; i++)
        {
            ReadOnlySpan<ulong> sector = MemoryMarshal.Cast<byte, ulong>(disk.Slice(checked((int)start) + (i * SectorSize), SectorSize));
            ulong stamp = sector[0];
            if (sector.IndexOfAnyExcept(stamp) >= 0 || !_possible[i].Exists(one => one.Stamp == stamp))
            {
                string allowed = string.Join(", ", _possible[i].Select(one => one.Stamp.ToString("x", CultureInfo.InvariantCulture)));
                return string.Format(
                    CultureInfo.InvariantCulture, "The sector at {0} begins with {1:x}; possible were {2}, with nothing else in it.", start + (i * SectorSize), stamp, allowed);
            }
        }

        return null;
    }
}
