using System;
using System.Collections.Generic;

namespace QedTools.Storage;

/// <summary>The digest of a file's contents where it was changed: everything beyond its old end was, and its first bytes may have been.</summary>
internal sealed class UndoChanges
{
    /// <summary>How many of the first bytes can declare that the rest is intact.</summary>
    public const int StartBytes = 512;

    private readonly long _originalLength;
    private readonly List<(long Offset, long End)> _ranges = [];

    /// <param name="originalLength">The file's length before the changes, in bytes.</param>
    public UndoChanges(long originalLength) => _originalLength = originalLength;

    /// <summary>Records a changed range.</summary>
    public void Add(long offset, long length)
    {
        int last = _ranges.Count - 1;
        if (last >= 0 && _ranges[last].End == offset)
        {
            _ranges[last] = (_ranges[last].Offset, offset + length);
            return;
        }

        _ranges.Add((offset, offset + length));
    }

    /// <summary>Computes the digests of the current contents.</summary>
    /// <param name="changed">The changed file.</param>
    /// <param name="start">What its first bytes will be; at most <see cref="StartBytes"/>.</param>
    /// <returns>The digest with those first bytes, and that of the file as it is.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    public (byte[] Finished, byte[] AsItIs) DigestsOf(IStorage changed, ReadOnlySpan<byte> start)
    {
        using Sha256Sum sum = new();
        byte[] rest = DigestOfRest(changed, sum);
        byte[] first = new byte[StartBytes];
        changed.Read(0, first);
        byte[] asItIs = Combine(first, rest, sum);
        start.CopyTo(first);
        return (Combine(first, rest, sum), asItIs);
    }

    private static byte[] Combine(byte[] first, byte[] rest, Sha256Sum sum)
    {
        sum.Add(first, first.Length);
        sum.Add(rest, rest.Length);
        return sum.Finish();
    }

    private byte[] DigestOfRest(IStorage changed, Sha256Sum sum)
    {
        List<(long Offset, long End)> ranges = [.. _ranges, (_originalLength, long.MaxValue)];
        ranges.Sort();
        byte[] buffer = new byte[StorageCopy.BufferBytes];
        long done = StartBytes;
        foreach ((long offset, long rangeEnd) in ranges)
        {
            long end = Math.Min(rangeEnd, changed.Length);
            for (long at = Math.Max(done, offset); at < end;)
            {
                int count = (int)Math.Min(end - at, buffer.Length);
                changed.ReadExactly(at, buffer.AsSpan(0, count));
                sum.Add(buffer, count);
                at += count;
            }

            done = Math.Max(done, end);
        }

        return sum.Finish();
    }
}
