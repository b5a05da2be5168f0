using System;
using System.Threading;

namespace QedTools.Disks;

/// <summary>One open file of some format: a layer of a chain. The layers together form a disk.</summary>
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

    /// <summary>What only files of this format have; null where there is nothing. It may be read from the file.</summary>
    /// <exception cref="QedException">It is damaged or could not be read.</exception>
    FormatFacts? Facts { get; }

    /// <summary>The file below this one; null if there is none.</summary>
    BackingReference? Backing { get; }

    /// <summary>The smallest unit that the file can store separately, in bytes: a copy to it looks for zeroes in this unit.</summary>
    int Granule { get; }

    /// <summary>Packs the data of a new disk that is stored compressed; null for one that is not, and for a file that is read.</summary>
    IDiskCompression? Compression { get; }

    /// <summary>The unit in which the file is allocated, in bytes; null if there is none.</summary>
    int? AllocationUnit { get; }

    /// <summary>The size of the sectors that the disk presents, in bytes: 512 if the format does not record it.</summary>
    int SectorSize { get; }

    /// <summary>An identifier that changes with the contents, if the format has one: it shows whether an overlay was created over this.</summary>
    Guid? ContentId { get; }

    /// <summary>Reports from now on what is decided and what happens where in the file, if the format supports that, starting with its header.</summary>
    /// <param name="trace">Receives the reports; may be null.</param>
    /// <param name="path">The file, by the name that the user knows.</param>
    void Follow(OperationTrace? trace, string path);

    /// <summary>The disk formed by this layer and the disk below it. It does not own the layer.</summary>
    /// <param name="backing">The disk of the backing file; null if there is none or it is not wanted, so that what it would
    /// hold is reported as unallocated.</param>
    IDisk ToDisk(IDisk? backing);

    /// <summary>How many entries of its tables a check finds wrong; 0 for formats whose tables are not checked.</summary>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    long CountWrongEntries(CancellationToken cancellation);

    /// <summary>Makes sure that the layer may be written to in place: its tables, if any, are checked, once per opening.</summary>
    /// <param name="progress">Receives the progress of the check; may be null.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedUnsupportedFormatException">Files of this format are written only as new files.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    void RequireWritable(IProgress<OperationProgress>? progress, CancellationToken cancellation);

    /// <summary>Allows changes from now on, through disks obtained afterwards. There is no other way, so a check always comes first.</summary>
    /// <remarks>Operations call this through the chain, which knows what is based on the layer.</remarks>
    /// <param name="progress">Receives the progress of that check; may be null.</param>
    /// <param name="cancellation">Stops that check.</param>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedUnsupportedFormatException">Files of this format are written only as new files.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    void BeginWriting(IProgress<OperationProgress>? progress, CancellationToken cancellation);

    /// <summary>Writes all changes to the disk and leaves the file clean. Disposing does so too, unless something went wrong before.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    void EndWriting();
}
