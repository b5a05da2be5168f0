using System;

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

    /// <summary>The file below this one; null if there is none.</summary>
    BackingReference? Backing { get; }

    /// <summary>The disk that this layer makes with the disk below it. It does not own the layer.</summary>
    /// <param name="backing">The disk of the backing file; null if there is none or it is not wanted, so that what it would
    /// hold is reported as unallocated.</param>
    IDisk ToDisk(IDisk? backing);
}
