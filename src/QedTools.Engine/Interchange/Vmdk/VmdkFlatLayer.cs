using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A descriptor of flat extents (monolithicFlat, twoGbMaxExtentFlat, vmfs): alone in a file, or before the data it describes.</summary>
internal sealed class VmdkFlatLayer : InterchangeLayer, IMultiFileLayer
{
    private const long MaxSectors = long.MaxValue / VmdkGrains.SectorSize;

    private readonly IReadOnlyList<VmdkExtentLine> _extents;
    private readonly List<BackingReference> _names = [];
    private readonly int[] _fileOf;
    private IReadOnlyList<IStorage> _files = [];

    private VmdkFlatLayer(IStorage storage, VmdkDescriptor descriptor)
        : base(storage)
    {
        ContentId = VmdkDescriptor.ToIdentity(descriptor.ContentId);
        _extents = descriptor.Extents;
        _fileOf = new int[_extents.Count];
        Dictionary<string, int> known = new(StringComparer.Ordinal);
        for (int i = 0; i < _extents.Count; i++)
        {
            VirtualSize += _extents[i].Sectors * VmdkGrains.SectorSize;
            string name = _extents[i].FileName;
            if (name.Length > 0 && !known.TryGetValue(name, out _fileOf[i]))
            {
                List<string> places = VmdkFileName.Places(name);
                _names.Add(new BackingReference(places[0], IsRaw: true) { OtherNames = places.GetRange(1, places.Count - 1) });
                known.Add(name, _names.Count);
                _fileOf[i] = _names.Count;
            }
        }
    }

    public override string FormatName => VmdkFormat.FormatName;

    public override long VirtualSize { get; }

    public override int? AllocationUnit => null;

    public override Guid? ContentId { get; }

    public IReadOnlyList<BackingReference> FurtherFiles => _names;

    public IReadOnlyList<IStorage> Files => _files;

    public bool NeedsFiles => _files.Count < _names.Count;

    /// <summary>Reads and validates a descriptor that is a file of its own.</summary>
    /// <exception cref="QedDamagedFileException">It describes no disk.</exception>
    /// <exception cref="QedUnsupportedFormatException">It describes a kind of disk that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VmdkFlatLayer Open(IStorage storage)
    {
        long length = storage.Length;
        if (length > VmdkDescriptor.MaxBytes)
        {
            throw Damaged(storage, "the descriptor's length", length, $"up to {VmdkDescriptor.MaxBytes} bytes");
        }

        byte[] bytes = new byte[(int)length];
        storage.ReadExactly(0, bytes);
        return Open(storage, VmdkDescriptor.Parse(storage.Path, bytes));
    }

    /// <summary>Validates a descriptor.</summary>
    /// <param name="storage">The file it is in.</param>
    /// <param name="descriptor">What it says.</param>
    /// <exception cref="QedDamagedFileException">It describes no disk.</exception>
    /// <exception cref="QedUnsupportedFormatException">It describes a kind of disk that is not read.</exception>
    public static VmdkFlatLayer Open(IStorage storage, VmdkDescriptor descriptor)
    {
        if (descriptor.Extents.Count == 0)
        {
            throw Damaged(storage, "the number of extents", 0, "at least 1");
        }

        long sectors = 0;
        foreach (VmdkExtentLine extent in descriptor.Extents)
        {
            if (descriptor.ParentContentId is not null || extent.Access == VmdkExtentLine.NoAccess || !(extent.IsFlat || extent.Type == VmdkExtentLine.Zero))
            {
                throw QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, FormattableString.Invariant(
                    $"its data in other files in a way (createType \"{PrintableText.Of(descriptor.CreateType)}\", {descriptor.Extents.Count} extents, one of them {extent.Access} {PrintableText.Of(extent.Type)})"));
            }

            if (extent.Sectors == 0 || extent.Sectors > MaxSectors - sectors || extent.Offset > MaxSectors - extent.Sectors)
            {
                throw Damaged(
                    storage,
                    "an extent description",
                    FormattableString.Invariant($"{extent.Sectors} sectors from {extent.Offset}"),
                    FormattableString.Invariant($"1 sector at least, and {MaxSectors} of all extents at most"));
            }

            sectors += extent.Sectors;
        }

        return new VmdkFlatLayer(storage, descriptor);
    }

    public void Attach(IReadOnlyList<IStorage> files)
    {
        _files = files;
        for (int i = 0; i < _extents.Count; i++)
        {
            VmdkExtentLine extent = _extents[i];
            if (_fileOf[i] > 0 && files[_fileOf[i] - 1] is var file && file.Length < (extent.Offset + extent.Sectors) * VmdkGrains.SectorSize)
            {
                throw Damaged(
                    file,
                    "the length of the extent",
                    file.Length,
                    FormattableString.Invariant($"at least {(extent.Offset + extent.Sectors) * VmdkGrains.SectorSize} bytes, as '{Storage.Path}' says"));
            }
        }
    }

    // Without its files nothing can be said but what the disk's size is.
    public override IDisk ToDisk(IDisk? backing)
    {
        if (NeedsFiles)
        {
            throw new InvalidOperationException("The files that hold the data were not opened.");
        }

        VmdkFlatDisk.Extent[] parts = new VmdkFlatDisk.Extent[_extents.Count];
        long start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            long end = start + (_extents[i].Sectors * VmdkGrains.SectorSize);
            parts[i] = new VmdkFlatDisk.Extent(
                start, end, _fileOf[i] == 0 ? null : _files[_fileOf[i] - 1], _extents[i].Offset * VmdkGrains.SectorSize, _fileOf[i]);
            start = end;
        }

        return new VmdkFlatDisk(parts);
    }

    public override void EndWriting()
    {
    }

    public override void Dispose()
    {
        foreach (IStorage file in _files)
        {
            file.Dispose();
        }

        base.Dispose();
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VmdkFormat.FormatName, field, value, allowed);
}
