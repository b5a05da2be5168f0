using System;
using QedTools.Chains;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>Two disks that are open for a comparison, each with all its layers.</summary>
internal sealed class ComparedDisks : IDisposable
{
    private readonly BackingChain _chain;
    private readonly BackingChain _reference;

    private ComparedDisks(BackingChain chain, BackingChain reference)
    {
        _chain = chain;
        _reference = reference;
        Disk = chain.ToDisk();
        Reference = reference.ToDisk();
    }

    /// <summary>The disk that is compared.</summary>
    public IDisk Disk { get; }

    /// <summary>The disk that it is compared with.</summary>
    public IDisk Reference { get; }

    /// <summary>Opens both.</summary>
    /// <param name="path">One disk's file.</param>
    /// <param name="referencePath">The other disk's file.</param>
    /// <param name="options">How to find and read them.</param>
    /// <exception cref="QedException">A layer of a disk cannot be opened.</exception>
    public static ComparedDisks Open(string path, string referencePath, DiskComparisonOptions options)
    {
        ChainPolicy policy = options.ToPolicy();
        BackingChain chain = BackingChain.OpenAll(path, DiskFormats.ForReading, policy);
        BackingChain? reference = null;
        try
        {
            reference = BackingChain.OpenAll(
                referencePath,
                DiskFormats.ForReading,
                policy with
                {
                    TopFormat = options.ReferenceFormat,
                    TopFormatOption = nameof(options.ReferenceFormat),
                    TopBackingFile = options.ReferenceBackingFile,
                    TopSnapshot = options.ReferenceSnapshot,
                    TopPartition = DiskContentsOptions.Chosen(options.ReferencePartition),
                });
            return new ComparedDisks(chain, reference);
        }
        catch
        {
            reference?.Dispose();
            chain.Dispose();
            throw;
        }
    }

    /// <summary>Reads what one of the disks has of a piece; the rest is zeroes.</summary>
    /// <param name="from">The disk.</param>
    /// <param name="piece">The piece, which can extend beyond the end of the disk.</param>
    /// <param name="hasData">Whether that disk holds data there.</param>
    /// <param name="buffer">At least as long as the piece.</param>
    /// <returns>The part of the buffer that holds the piece.</returns>
    /// <exception cref="QedException">It could not be read.</exception>
    public static Span<byte> Load(IDisk from, in DiskPiece piece, bool hasData, WorkBuffer<byte> buffer)
    {
        Span<byte> part = buffer.AsSpan(0, (int)piece.Length);
        int there = hasData ? (int)Math.Max(0, Math.Min(part.Length, from.Length - piece.Offset)) : 0;
        if (there > 0)
        {
            from.Read(piece.Offset, part.Slice(0, there));
        }

        part.Slice(there).Clear();
        return part;
    }

    /// <summary>Compares the files with their state when they were opened.</summary>
    /// <exception cref="QedException">A file was changed or cut short.</exception>
    public void RequireUnchanged()
    {
        _chain.RequireUnchanged();
        _reference.RequireUnchanged();
    }

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        _reference.Dispose();
        _chain.Dispose();
    }
}
