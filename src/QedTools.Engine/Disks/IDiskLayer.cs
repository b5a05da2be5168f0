using System;
using System.Threading;

namespace QedTools.Disks;

/// <summary>One open file of some format: a layer of a chain. A disk is what the layers make together.</summary>
internal interface IDiskLayer : IDisposable
{
    /// <summary>The file.</summary>
    Storage.IStorage Storage { get; }

    /// <summary>The format's name, such as "QED".</summary>
    string FormatName { get; }

    /// <summary>The size of the disk, in bytes.</summary>
    long VirtualSize { get; }

    /// <summary>The largest size that the disk could grow to, in bytes, as far as tables in the file limit it; <see cref="long.MaxValue"/> where none do.</summary>
    long MaxVirtualSize { get; }

    /// <summary>What only files of this format have; null where there is nothing to tell.</summary>
    FormatFacts? Facts { get; }

    /// <summary>The file below this one; null if there is none.</summary>
    BackingReference? Backing { get; }

    /// <summary>The least that the file stores for itself, in bytes: a copy to it looks for zeroes in this unit.</summary>
    int Granule { get; }

    /// <summary>The unit in which the file is allocated, in bytes; null if there is none.</summary>
    int? AllocationUnit { get; }

    /// <summary>The size of the sectors that the disk shows, in bytes: 512 where the format does not say.</summary>
    int SectorSize { get; }

    /// <summary>Changes with the contents, where the format has that: tells an overlay whether this is what it was made over.</summary>
    Guid? ContentId { get; }

    /// <summary>Tells from now on what is decided and what happens where in the file, as far as the format tells it, its header first.</summary>
    /// <param name="trace">Who is told; may be null.</param>
    /// <param name="path">The file, by the name that it has for the user.</param>
    void Follow(OperationTrace? trace, string path);

    /// <summary>The disk that this layer makes with the disk below it. It does not own the layer.</summary>
    /// <param name="backing">The disk of the backing file; null if there is none or it is not wanted, so that what it would
    /// hold is reported as unallocated.</param>
    IDisk ToDisk(IDisk? backing);

    /// <summary>Makes sure that the layer may be written to in place: its tables, if it has some, are checked, once in an opening.</summary>
    /// <param name="progress">Is told how far the check is; may be null.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedUnsupportedFormatException">Files of this format are written only as new files.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    void RequireWritable(IProgress<OperationProgress>? progress, CancellationToken cancellation);

    /// <summary>Allows changes from now on, of disks that are made afterwards. This is the only way to them: a check comes first.</summary>
    /// <remarks>Operations go through the chain, which knows what lies over the layer.</remarks>
    /// <param name="progress">Is told how far that check is; may be null.</param>
    /// <param name="cancellation">Stops that check.</param>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedUnsupportedFormatException">Files of this format are written only as new files.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    void BeginWriting(IProgress<OperationProgress>? progress, CancellationToken cancellation);

    /// <summary>Brings all changes to the disk and leaves the file clean. Disposing does so too, if nothing went wrong before.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    void EndWriting();
}
