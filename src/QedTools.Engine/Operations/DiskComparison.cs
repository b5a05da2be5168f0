using System;
using System.Buffers;
using System.IO;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools;

/// <summary>Tells whether two disks read the same. Never changes a byte.</summary>
public static class DiskComparison
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Compares two disks of any formats.</summary>
    /// <param name="path">One disk's file.</param>
    /// <param name="referencePath">The other's.</param>
    /// <param name="options">How strictly.</param>
    /// <param name="progress">Is told the bytes of the disks dealt with; may be null.</param>
    /// <param name="cancellation">Stops the comparison.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A layer of a disk cannot be opened or read.</exception>
    public static QedComparison Run(
        string path,
        string referencePath,
        DiskComparisonOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ChainPolicy policy = new(options.ForceShare ? StorageAccess.Inspect : StorageAccess.Read, options.AllowUnc);
        using BackingChain chain = BackingChain.OpenAll(path, DiskFormats.OfExtension(path), policy);
        using BackingChain reference = BackingChain.OpenAll(referencePath, DiskFormats.OfExtension(referencePath), policy);
        IDisk disk = chain.ToDisk();
        IDisk other = reference.ToDisk();
        (long? first, long differing) = Compare(disk, other, progress, cancellation);
        return new QedComparison
        {
            Path = Path.GetFullPath(path),
            ReferencePath = Path.GetFullPath(referencePath),
            AreEqual = differing == 0 && (!options.Strict || disk.Length == other.Length),
            FirstDifference = first,
            DifferingBytes = differing,
            VirtualSize = disk.Length,
            ReferenceVirtualSize = other.Length,
        };
    }

    /// <summary>Counts the bytes that differ; behind the end of the shorter disk it counts as zeroes.</summary>
    internal static (long? First, long Differing) Compare(
        IDisk disk, IDisk other, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        long length = Math.Max(disk.Length, other.Length);
        long? first = null;
        long differing = 0;
        byte[] one = ArrayPool<byte>.Shared.Rent(BufferBytes);
        byte[] two = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long at = 0; at < length;)
            {
                cancellation.ThrowIfCancellationRequested();
                (bool isZero, long run) = Look(disk, at, length);
                (bool otherIsZero, long otherRun) = Look(other, at, Math.Min(length, at + run));
                run = Math.Min(run, otherRun);
                if (!isZero || !otherIsZero)
                {
                    run = Math.Min(run, BufferBytes);
                    Span<byte> a = one.AsSpan(0, (int)run);
                    Span<byte> b = two.AsSpan(0, (int)run);
                    Load(disk, at, a, isZero);
                    Load(other, at, b, otherIsZero);
                    if (!a.SequenceEqual(b))
                    {
                        differing += CountDifferences(a, b, out int firstHere);
                        first ??= at + firstHere;
                    }
                }

                at += run;
                progress?.Report(new OperationProgress(at, length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(one);
            ArrayPool<byte>.Shared.Return(two);
        }

        return (first, differing);
    }

    private static (bool IsZero, long Length) Look(IDisk disk, long at, long end)
    {
        if (at >= disk.Length)
        {
            return (true, end - at);
        }

        DiskExtent extent = disk.ExtentAt(at, Math.Min(end, disk.Length) - at);
        return (extent.State != QedExtentState.Data, extent.Length);
    }

    private static void Load(IDisk disk, long at, Span<byte> buffer, bool isZero)
    {
        if (isZero)
        {
            buffer.Clear();
        }
        else
        {
            disk.Read(at, buffer);
        }
    }

    private static long CountDifferences(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, out int first)
    {
        long count = 0;
        first = -1;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] != b[i])
            {
                first = first < 0 ? i : first;
                count++;
            }
        }

        return count;
    }
}
