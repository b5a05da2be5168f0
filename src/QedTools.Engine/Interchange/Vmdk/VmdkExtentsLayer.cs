using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>
/// A descriptor whose extents are in files: flat (monolithicFlat, twoGbMaxExtentFlat, vmfs), sparse (twoGbMaxExtentSparse, vmfsSparse,
/// seSparse), or both. It is in a file by itself, or precedes the flat data that it describes.
/// </summary>
internal sealed class VmdkExtentsLayer : InterchangeLayer, IMultiFileLayer
{
    private const long MaxSectors = long.MaxValue / Sector.Size;

    private readonly IReadOnlyList<VmdkExtentLine> _extents;
    private readonly List<BackingReference> _names = [];
    private readonly int[] _fileOf;
    private readonly VmdkExtent?[] _sparse;
    private readonly bool _isNew;
    private IReadOnlyList<IStorage> _files = [];

    private VmdkExtentsLayer(IStorage storage, VmdkDescriptor descriptor, bool isNew = false)
        : base(storage)
    {
        Details = descriptor.ToDetails(isCompressed: false);
        _isNew = isNew;
        ContentId = VmdkDescriptor.ToIdentity(descriptor.ContentId);
        _extents = descriptor.Extents;
        _fileOf = new int[_extents.Count];
        _sparse = new VmdkExtent?[_extents.Count];
        Dictionary<string, int> known = new(StringComparer.Ordinal);
        for (int i = 0; i < _extents.Count; i++)
        {
            VirtualSize += _extents[i].Sectors * Sector.Size;
            string name = _extents[i].FileName;
            if (name.Length > 0 && !known.TryGetValue(name, out _fileOf[i]))
            {
                List<string> places = VmdkFileName.Places(name);
                _names.Add(new BackingReference(places[0], IsRaw: true) { OtherNames = places.GetRange(1, places.Count - 1) });
                known.Add(name, _names.Count);
                _fileOf[i] = _names.Count;
            }
        }

        Backing = descriptor.ParentOf(VirtualSize);
    }

    public override string FormatName => VmdkFormat.FormatName;

    public override long VirtualSize { get; }

    public override BackingReference? Backing { get; }

    public override int? AllocationUnit => null;

    public override Guid? ContentId { get; }

    protected override QedFormatDetails Details { get; }

    public IReadOnlyList<BackingReference> FurtherFiles => _names;

    public IReadOnlyList<IStorage> Files => _files;

    public bool NeedsFiles => _files.Count < _names.Count;

    /// <summary>Reads and validates a descriptor that is in a file by itself.</summary>
    /// <exception cref="QedDamagedFileException">It does not describe a disk.</exception>
    /// <exception cref="QedUnsupportedFormatException">It describes a kind of disk that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VmdkExtentsLayer Open(IStorage storage)
    {
        long length = storage.Length;
        if (length > VmdkDescriptor.MaxBytes)
        {
            throw Damaged(storage, "the descriptor's length", length, $"at most {VmdkDescriptor.MaxBytes} bytes");
        }

        byte[] bytes = new byte[(int)length];
        storage.ReadExactly(0, bytes);
        VmdkDescriptor descriptor = VmdkDescriptor.Parse(storage.Path, bytes);
        Validate(storage, descriptor);
        foreach (VmdkExtentLine extent in descriptor.Extents)
        {
            // As for a sparse disk in one file: it may be an overlay.
            if (extent.IsSparse && !descriptor.StatesParent)
            {
                throw Damaged(storage, "parentCID", "missing", "the CID of the parent, or ffffffff for none");
            }

            // A flat extent stores all of its part, so there is nothing that a parent could show.
            if (!extent.IsSparse && descriptor.ParentName is not null)
            {
                throw Unsupported(storage, descriptor, extent);
            }
        }

        return new VmdkExtentsLayer(storage, descriptor);
    }

    /// <summary>Validates a descriptor that is in one file with the data that it describes, which is then flat.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="descriptor">The descriptor in it.</param>
    /// <exception cref="QedDamagedFileException">It does not describe a disk.</exception>
    /// <exception cref="QedUnsupportedFormatException">It describes a kind of disk that is not read.</exception>
    public static VmdkExtentsLayer OpenEmbedded(IStorage storage, VmdkDescriptor descriptor)
    {
        Validate(storage, descriptor);
        foreach (VmdkExtentLine extent in descriptor.Extents)
        {
            if (extent.IsSparse || descriptor.ParentName is not null)
            {
                throw Unsupported(storage, descriptor, extent);
            }
        }

        return new VmdkExtentsLayer(storage, descriptor);
    }

    /// <summary>Writes an empty flat disk into two empty files (monolithicFlat).</summary>
    /// <param name="storage">The file for the descriptor.</param>
    /// <param name="data">The file for the data, in the same folder; its name is recorded.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="adapter">The disk controller that the descriptor names.</param>
    /// <exception cref="QedException">A file could not be written.</exception>
    public static VmdkExtentsLayer CreateFlat(IStorage storage, IStorage data, long virtualSize, QedAdapterType adapter)
    {
        byte[] descriptor = DescriptorOfFlat(data.Path, virtualSize, adapter);
        storage.Write(0, descriptor);
        data.SetLength(virtualSize);
        return new VmdkExtentsLayer(storage, VmdkDescriptor.Parse(storage.Path, descriptor), isNew: true) { _files = [data] };
    }

    /// <summary>How long both files of a new flat disk become together.</summary>
    /// <param name="dataPath">The file for the data.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="adapter">The disk controller that the descriptor names.</param>
    public static NewFileSize SizeOfFlat(string dataPath, long virtualSize, QedAdapterType adapter) =>
        NewFileSize.Whole(DescriptorOfFlat(dataPath, virtualSize, adapter).Length + virtualSize, Sector.Size, HostPage.Size);

    public void Attach(IReadOnlyList<IStorage> files)
    {
        _files = files;
        VmdkTables tables = new();
        UnpackedBlocks unpacked = new();
        HashSet<IStorage> sparse = [];
        for (int i = 0; i < _extents.Count; i++)
        {
            if (_fileOf[i] == 0)
            {
                continue;
            }

            IStorage file = files[_fileOf[i] - 1];
            if (_extents[i].IsSparse)
            {
                // Its tables are those of one extent. A descriptor that names it a hundred thousand times would cost too much memory.
                if (!sparse.Add(file))
                {
                    throw Damaged(Storage, "an extent description", $"'{PrintableText.Of(_extents[i].FileName)}', which is named twice", "a sparse extent that is named once");
                }

                _sparse[i] = OpenSparse(file, _extents[i], tables, unpacked);
            }
            else if (file.Length < (_extents[i].Offset + _extents[i].Sectors) * Sector.Size)
            {
                throw Damaged(
                    file,
                    "the length of the extent",
                    file.Length,
                    FormattableString.Invariant($"at least {(_extents[i].Offset + _extents[i].Sectors) * Sector.Size} bytes, according to '{Storage.Path}'"));
            }
        }
    }

    // Without its files, only the disk's size is known.
    public override IDisk ToDisk(IDisk? backing)
    {
        if (NeedsFiles)
        {
            throw new InvalidOperationException("The files that hold the data were not opened.");
        }

        if (_isNew)
        {
            return new FlatDisk(_files[0], VmdkFormat.FormatName, 0, VirtualSize, isNew: true);
        }

        VmdkExtentsDisk.Part[] parts = new VmdkExtentsDisk.Part[_extents.Count];
        long start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            long length = _extents[i].Sectors * Sector.Size;
            IDisk? disk = _fileOf[i] == 0 ? null
                : _sparse[i] is { } sparse ? sparse.ToDisk(DiskPart.Of(backing, start, length))
                : new FlatDisk(_files[_fileOf[i] - 1], VmdkFormat.FormatName, _extents[i].Offset * Sector.Size, length, isNew: false);
            parts[i] = new VmdkExtentsDisk.Part(start, start + length, disk, _fileOf[i]);
            start += length;
        }

        return new VmdkExtentsDisk(parts);
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

    private static byte[] DescriptorOfFlat(string dataPath, long virtualSize, QedAdapterType adapter) => VmdkDescriptor.Of(
        VmdkDescriptor.Flat, Path.GetFileName(dataPath), virtualSize / Sector.Size, VmdkDescriptor.NewContentId(), adapter);

    private static void Validate(IStorage storage, VmdkDescriptor descriptor)
    {
        if (descriptor.Extents.Count == 0)
        {
            throw Damaged(storage, "the number of extents", 0, "at least 1");
        }

        long sectors = 0;
        foreach (VmdkExtentLine extent in descriptor.Extents)
        {
            if (extent.Access == VmdkExtentLine.NoAccess || !(extent.IsFlat || extent.IsSparse || extent.Type == VmdkExtentLine.Zero))
            {
                throw Unsupported(storage, descriptor, extent);
            }

            if (extent.Sectors == 0 || extent.Sectors > MaxSectors - sectors || extent.Offset > MaxSectors - extent.Sectors || (extent.IsSparse && extent.Offset > 0))
            {
                throw Damaged(
                    storage,
                    "an extent description",
                    FormattableString.Invariant($"{extent.Sectors} sectors from {extent.Offset}, {extent.Type}"),
                    FormattableString.Invariant($"at least 1 sector, at most {MaxSectors} in all extents, and an offset only in flat ones"));
            }

            sectors += extent.Sectors;
        }
    }

    private static QedUnsupportedFormatException Unsupported(IStorage storage, VmdkDescriptor descriptor, VmdkExtentLine extent)
    {
        string over = descriptor.ParentName is null ? string.Empty : ", over a parent";
        return QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, FormattableString.Invariant(
            $"its data in other files in an unsupported way (createType \"{PrintableText.Of(descriptor.CreateType)}\", {descriptor.Extents.Count} extents, one of them {extent.Access} {PrintableText.Of(extent.Type)}{over})"));
    }

    private VmdkExtent OpenSparse(IStorage file, VmdkExtentLine line, VmdkTables tables, UnpackedBlocks unpacked)
    {
        // SPARSE and VMFSSPARSE say on which host it was made; the start of the file says which of the two formats it is.
        VmdkExtent extent = line.Type == VmdkExtentLine.SeSparse ? SeSparseExtent.Open(file)
            : VmdkCowdExtent.IsOne(file) ? VmdkCowdExtent.Open(file, tables)
            : VmdkHostedExtent.Open(file, VmdkHostedExtent.ReadHeader(file), tables, unpacked);
        return extent.Length == line.Sectors * Sector.Size
            ? extent
            : throw Damaged(
                file,
                "capacity",
                FormattableString.Invariant($"{extent.Length / Sector.Size}"),
                FormattableString.Invariant($"{line.Sectors} sectors, according to '{Storage.Path}'"));
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VmdkFormat.FormatName, field, value, allowed);
}
