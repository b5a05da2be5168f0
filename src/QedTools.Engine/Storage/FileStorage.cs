using System;
using System.IO;
using System.Runtime.CompilerServices;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>A file of the host as <see cref="IStorage"/>; <see cref="HostFiles"/> opens them.</summary>
internal sealed class FileStorage : IStorage, IAllocatingStorage, ISharingStorage
{
    private readonly FileHandle _file;
    private readonly StorageAccess _access;
    private readonly string _shownAs;
    private readonly BlockDevice? _device;
    private readonly ConditionalWeakTable<FileStorage, Partner> _partners = new();
    private int _sharingUnit;

    private FileStorage(string path, FileHandle file, StorageAccess access, bool isLocked, string? shownAs = null, BlockDevice? device = null)
    {
        _device = device;
        Path = path;
        _file = file;
        _access = access;
        IsLocked = isLocked;
        _shownAs = shownAs ?? path;
    }

    public string Path { get; }

    public bool CanWrite => _access == StorageAccess.Write;

    public string Identity => Status.Identity;

    public long Length => _device?.Length ?? _file.Length;

    public int? DeviceSectorSize => _device?.SectorSize;

    public StorageStamp Stamp => new(Length, Status.Modified);

    public long AllocatedBytes => _device is null ? Status.AllocatedBytes ?? Length : Length;

    public FreeSpace? FreeSpace => DiskFreeSpace.OfFile(Path, Status.Device);

    public bool IsInUse => Platform.IsWindows ? IsInUseOnWindows() : ByteLocks.ExcludeWriter(_file.Safe);

    /// <summary>Whether this storage holds a lock that keeps others out; also false where the file system has no locks.</summary>
    public bool IsLocked { get; }

    /// <summary>Where the block device, or a partition on it, is mounted; null if nowhere, or for a file.</summary>
    public string? MountPoint => _device is not null && Status.DeviceNumber is { } number ? BlockDevice.MountPointOf(number) : null;

    private FileStatus Status => FileStatus.OfHandle(_file.Safe, Path);

    /// <summary>Opens a regular file that exists, and takes the lock that <paramref name="access"/> asks for.</summary>
    /// <param name="path">The file, as the host names it.</param>
    /// <param name="access">The access.</param>
    /// <param name="allowDevice">Whether it may be a block device instead of a file, where the host supports it. A device that is written to must not be in use.</param>
    /// <exception cref="QedFileNotFoundException">Nothing exists there.</exception>
    /// <exception cref="QedNotAFileException">It is a folder, a device that is not allowed, a pipe.</exception>
    /// <exception cref="QedAccessDeniedException">This user does not have permission.</exception>
    /// <exception cref="QedImageInUseException">Another lock rules it out.</exception>
    /// <exception cref="QedStorageException">The host could not open it.</exception>
    public static FileStorage Open(string path, StorageAccess access, bool allowDevice = false)
    {
        bool writes = access == StorageAccess.Write;
        if (writes)
        {
            ProcessSignals.SurviveFileSizeLimit();
        }

        string action = writes ? "write" : "read";
        FileHandle file;
        try
        {
            // Checked first, as opening a pipe would wait for its other end. Both calls use the same spelling of the path.
            string fullPath = System.IO.Path.GetFullPath(path);
            FileStatus? status = FileStatus.OfPath(fullPath);
            if (status is { Kind: { } kind } && !IsAllowed(kind))
            {
                throw new QedNotAFileException(path, kind);
            }

            file = writes && status is { DeviceNumber: { } number }
                ? OpenDevice(fullPath, number)
                : OpenHandle(fullPath, FileMode.Open, writes ? FileAccess.ReadWrite : FileAccess.Read, ShareOf(access));
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, path, action);
        }

        try
        {
            string? kind = FileStatus.OfHandle(file.Safe, path).Kind;
            if (kind is not null && !IsAllowed(kind))
            {
                throw new QedNotAFileException(path, kind);
            }

            BlockDevice? device = kind is null ? null : BlockDevice.Of(file.Safe, path);
            return new FileStorage(path, file, access, access != StorageAccess.Inspect && Lock(file, path, writes), shownAs: null, device);
        }
        catch (Exception e)
        {
            file.Dispose();
            if (StorageErrors.IsHostError(e))
            {
                throw StorageErrors.Translate(e, path, action);
            }

            throw;
        }

        bool IsAllowed(string kind) => allowDevice && kind == FileStatus.BlockDevice && BlockDevice.IsSupported;
    }

    /// <summary>Creates a new file with the host's default access rights, opens it for writing and locks it.</summary>
    /// <param name="path">Its name.</param>
    /// <exception cref="QedException">It already exists, or could not be created.</exception>
    public static FileStorage CreateNew(string path) => CreateNew(path, mayBeSparse: true, usedLike: null, shownAs: null, out _);

    /// <summary>Creates a new file, opens it for writing and locks it.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="mayBeSparse">Whether the host may mark it as sparse.</param>
    /// <param name="usedLike">A file whose access rights limit those of the new one: only those who may use that file may use the new one.
    /// Null for the host's defaults.</param>
    /// <param name="shownAs">The name to use in errors; null for its own.</param>
    /// <param name="keepsRights">Whether those who may use <paramref name="usedLike"/> may use the new file, and it has the same labels
    /// and attributes; otherwise only its owner may use it.</param>
    /// <exception cref="QedException">It already exists, or could not be created.</exception>
    public static FileStorage CreateNew(string path, bool mayBeSparse, string? usedLike, string? shownAs, out bool keepsRights)
    {
        ProcessSignals.SurviveFileSizeLimit();
        FileHandle? file = null;
        keepsRights = true;
        bool isMade = false;
        try
        {
            FileMode mode = FileMode.CreateNew;
            if (usedLike is not null)
            {
                FileAccessRights.CreatePrivate(path, usedLike);
                mode = FileMode.Open;
                isMade = true;
            }

            file = OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            isMade = true;
            bool isLocked = Lock(file, path, forWriting: true);
            if (usedLike is not null)
            {
                keepsRights = FileAccessRights.TryCopy(path, usedLike);
            }

            if (mayBeSparse)
            {
                FileHoles.Allow(file.Safe);
            }

            return new FileStorage(path, file, StorageAccess.Write, isLocked, shownAs);
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (isMade)
            {
                HostFiles.Delete(path);
            }

            if (e is FileNotFoundException && isMade)
            {
                throw new QedImageInUseException(path, forWriting: true, e); // another process removed it at once
            }

            if (StorageErrors.IsHostError(e))
            {
                throw StorageErrors.Translate(e, shownAs ?? path, "create");
            }

            throw;
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        // The host refuses a range that ends beyond the largest possible offset, where no file has data.
        if (offset > long.MaxValue - buffer.Length)
        {
            buffer = buffer.Slice(0, (int)(long.MaxValue - offset));
        }

        int done = 0;
        try
        {
            while (done < buffer.Length)
            {
                int count = _file.Read(offset + done, buffer.Slice(done));
                if (count == 0)
                {
                    break;
                }

                done += count;
            }
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "read", offset + done);
        }

        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
            _file.Write(offset, data);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "write", offset);
        }
    }

    public void SetLength(long length)
    {
        try
        {
            _file.SetLength(length);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "write", length);
        }
    }

    public bool TryAllocate(long length)
    {
        try
        {
            return FileRoom.TryTake(_file.Safe, Path, length);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "write", length);
        }
    }

    public bool TryZero(long offset, long length)
    {
        try
        {
            return FileRoom.TryZero(_file.Safe, Path, offset, length);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "write", offset);
        }
    }

    public int? SharingUnitWith(IStorage source)
    {
        if (!Platform.IsLinux || !CanWrite || _device is not null || source is not FileStorage { _device: null } other)
        {
            return null;
        }

        if (!_partners.TryGetValue(other, out Partner? partner))
        {
            _sharingUnit = BlockSharing.UnitOf(Status.BlockSize);
            bool isPossible = BlockSharing.IsPossible(other._file.Safe, other.Length, _file.Safe, Path);
            partner = _partners.GetValue(other, _ => new Partner { CanShare = isPossible });
        }

        return partner.CanShare ? _sharingUnit : null;
    }

    public bool TryShare(IStorage source, long sourceOffset, long offset, long length)
    {
        if (SharingUnitWith(source) is null)
        {
            return false;
        }

        FileStorage other = (FileStorage)source;
        try
        {
            if (BlockSharing.TryShare(other._file.Safe, sourceOffset, _file.Safe, offset, length, Path))
            {
                return true;
            }
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "write", offset);
        }

        // What was refused once is not tried a million times.
        _partners.GetValue(other, _ => new Partner()).CanShare = false;
        return false;
    }

    public void Flush()
    {
        try
        {
            _file.Flush();
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _shownAs, "write");
        }
    }

    public void BeginFlush() => EarlyWriteback.Begin(_file.Safe);

    public StorageRange RangeAt(long offset, long length) => _file.RangeAt(offset, length);

    public void Dispose()
    {
        if (!Platform.IsWindows && !_file.Safe.IsClosed)
        {
            ByteLocks.Release(_file.Safe);
        }

        _file.Dispose();
    }

    private static bool Lock(FileHandle file, string path, bool forWriting)
    {
        if (Platform.IsWindows)
        {
            return true; // the sharing mode is the lock
        }

        return ByteLocks.Acquire(file.Safe, forWriting) switch
        {
            LockOutcome.InUse => throw new QedImageInUseException(path, forWriting),
            var outcome => outcome == LockOutcome.Acquired,
        };
    }

    private static FileHandle OpenDevice(string path, string number) =>
        BlockDevice.MountPointOf(number) is { } mountPoint ? throw QedImageInUseException.ForMounted(path, mountPoint)
        : BlockDevice.OpenExclusively(path) is { } device ? FileHandle.Of(device)
        : throw new QedImageInUseException(path, forWriting: true);

    private static FileHandle OpenHandle(string path, FileMode mode, FileAccess access, FileShare share)
    {
        FileHandle file = FileHandle.Open(path, mode, access, share);
        if (Platform.IsMac)
        {
            ByteLocks.ReleaseRuntimeLock(file.Safe);
        }

        return file;
    }

    // On Windows the sharing mode is the lock; on Unix .NET's own advisory lock must stay out of the way of QEMU's.
    private static FileShare ShareOf(StorageAccess access) =>
        Platform.IsWindows && access != StorageAccess.Inspect
            ? FileShare.Read | FileShare.Delete
            : FileShare.ReadWrite | FileShare.Delete;

    // Whether blocks of another file can be shared with this one.
    private sealed class Partner
    {
        public volatile bool CanShare;
    }

    private bool IsInUseOnWindows()
    {
        if (_access != StorageAccess.Inspect)
        {
            // This handle's own sharing mode cannot be told from that of others; a writer, at least, is alone.
            return false;
        }

        try
        {
            // A reader that needs unchanging contents denies write access; a writer conflicts with FileShare.Read.
            FileHandle.Open(Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete).Dispose();
            FileHandle.Open(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete).Dispose();
            return false;
        }
        catch (IOException e)
        {
            return StorageErrors.Translate(e, Path, "read") is QedImageInUseException;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
