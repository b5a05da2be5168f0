using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>A file of the host as <see cref="IStorage"/>; <see cref="HostFiles"/> hands them out.</summary>
internal sealed class FileStorage : IStorage
{
    private readonly FileHandle _file;
    private readonly StorageAccess _access;

    private FileStorage(string path, FileHandle file, StorageAccess access)
    {
        Path = path;
        _file = file;
        _access = access;
    }

    public string Path { get; }

    public bool CanWrite => _access == StorageAccess.Write;

    public string Identity => Status.Identity;

    public long Length => _file.Length;

    public StorageStamp Stamp => new(Length, Status.Modified);

    public long AllocatedBytes => Status.AllocatedBytes ?? Length;

    public bool IsInUse => Platform.IsWindows ? IsInUseOnWindows() : ByteLocks.ExcludeWriter(_file.Safe);

    private FileStatus Status => FileStatus.OfHandle(_file.Safe, Path);

    /// <summary>Opens a regular file that exists, and takes the lock that <paramref name="access"/> asks for.</summary>
    /// <param name="path">The file, as the host names it.</param>
    /// <param name="access">What for.</param>
    /// <exception cref="QedFileNotFoundException">Nothing is there.</exception>
    /// <exception cref="QedNotAFileException">It is a folder, a device, a pipe.</exception>
    /// <exception cref="QedAccessDeniedException">This user may not.</exception>
    /// <exception cref="QedImageInUseException">Somebody else's lock excludes it.</exception>
    /// <exception cref="QedStorageException">The host could not open it.</exception>
    public static FileStorage Open(string path, StorageAccess access)
    {
        bool writes = access == StorageAccess.Write;
        string action = writes ? "write" : "read";
        FileHandle file;
        try
        {
            // Looked at first: opening a pipe would wait for its other end. Both go by the same spelling of the path.
            string fullPath = System.IO.Path.GetFullPath(path);
            if (FileStatus.OfPath(fullPath) is { Kind: { } kind })
            {
                throw new QedNotAFileException(path, kind);
            }

            file = OpenHandle(fullPath, FileMode.Open, writes ? FileAccess.ReadWrite : FileAccess.Read, ShareOf(access));
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, path, action);
        }

        try
        {
            if (FileStatus.OfHandle(file.Safe, path).Kind is { } kind)
            {
                throw new QedNotAFileException(path, kind);
            }

            if (!Platform.IsWindows && access != StorageAccess.Inspect && !ByteLocks.TryAcquire(file.Safe, writes))
            {
                throw new QedImageInUseException(path, writes);
            }

            return new FileStorage(path, file, access);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes a file that does not exist yet and opens it for writing.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="mayBeSparse">Whether the host may mark it as a file that may have holes.</param>
    /// <exception cref="QedException">It exists, or could not be made.</exception>
    public static FileStorage CreateNew(string path, bool mayBeSparse = true)
    {
        try
        {
            FileHandle file = OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            if (mayBeSparse)
            {
                FileHoles.Allow(file.Safe);
            }

            return new FileStorage(path, file, StorageAccess.Write);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, path, "create");
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        // The host refuses a range that ends behind the last possible offset, where no file has anything.
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
            throw StorageErrors.Translate(e, Path, "read", offset + done);
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
            throw StorageErrors.Translate(e, Path, "write", offset);
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
            throw StorageErrors.Translate(e, Path, "write", length);
        }
    }

    public void Flush()
    {
        try
        {
            _file.Flush();
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, Path, "write");
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

    private static FileHandle OpenHandle(string path, FileMode mode, FileAccess access, FileShare share)
    {
        FileHandle file = FileHandle.Open(path, mode, access, share);
        if (Platform.IsMac)
        {
            ByteLocks.ReleaseRuntimeLock(file.Safe);
        }

        return file;
    }

    // On Windows sharing is the lock; on Unix .NET's own advisory lock must stay out of the way of QEMU's.
    private static FileShare ShareOf(StorageAccess access) =>
        Platform.IsWindows && access != StorageAccess.Inspect
            ? FileShare.Read | FileShare.Delete
            : FileShare.ReadWrite | FileShare.Delete;

    private bool IsInUseOnWindows()
    {
        if (_access != StorageAccess.Inspect)
        {
            // Nobody can tell this handle's own sharing from that of others; a writer at least is alone.
            return false;
        }

        try
        {
            // A reader that needs stillness denies us write access; a writer conflicts with FileShare.Read.
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
