// The access rights of a file that takes another one's place.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace QedTools.Storage.Native;

/// <summary>Gives a new file the owner, permissions, access list, labels and attributes of another one, or restricts it to its owner.</summary>
internal static unsafe class FileAccessRights
{
    private const int OwnerMayReadAndWrite = 0x180;
    private const int Permissions = 0x1FF;
    private const string AccessList = "system.posix_acl_access";

    /// <summary>Creates a new file that, from the first moment, is closed to everyone who may not use another file.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="like">The other file.</param>
    /// <exception cref="IOException">It already exists, or could not be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The host refuses.</exception>
    public static void CreatePrivate(string path, string like)
    {
        if (!Platform.IsWindows)
        {
            LibC.CreatePrivate(path);
            return;
        }

        // Not shared: anyone who opened it before it had its access list could read it from then on.
        using FileHandle file = FileHandle.Open(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        if (WindowsAccessList.Of(like) is { } list && !WindowsAccessList.TryGive(path, list))
        {
            file.Dispose();
            File.Delete(path);
            throw new UnauthorizedAccessException($"The permissions of '{like}' could not be applied to the new file '{path}'.");
        }
    }

    /// <summary>Gives a new file the access rights of another one. To be called while the new file is empty.</summary>
    /// <param name="target">The new file, made by <see cref="CreatePrivate"/>.</param>
    /// <param name="source">The other file.</param>
    /// <returns>False if that could not be done in full: then only the owner may use the new file.</returns>
    /// <exception cref="UnauthorizedAccessException">Not even that could be done.</exception>
    public static bool TryCopy(string target, string source)
    {
        if (Platform.IsWindows)
        {
            return true;
        }

        fixed (byte* to = Encoding.UTF8.GetBytes(target + '\0'))
        fixed (byte* from = Encoding.UTF8.GetBytes(source + '\0'))
        {
            if (TryCopy(target, to, source, from))
            {
                return true;
            }

            if (LibC.ChangeMode(to, OwnerMayReadAndWrite) != 0
                && FileStatus.OfPath(target) is { Permissions: { } left }
                && (left & Permissions & ~OwnerMayReadAndWrite) != 0)
            {
                throw new UnauthorizedAccessException($"The permissions of '{source}' could not be applied to the new file '{target}'.");
            }

            return false;
        }
    }

    /// <summary>Lets nobody but its owner read and write a file or socket; does nothing on Windows, where its folder decides.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void KeepForOwner(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            if (!Platform.IsWindows && LibC.ChangeMode(name, OwnerMayReadAndWrite) != 0)
            {
                throw new IOException($"The permissions of '{path}' could not be set.");
            }
        }
    }

    // Rights for other users come last: the file is private until it has its owner and its labels.
    private static bool TryCopy(string target, byte* to, string source, byte* from)
    {
        if (FileStatus.OfPath(source) is not { Permissions: { } wanted, Owner: { } owner }
            || FileStatus.OfPath(target) is not { Owner: { } present })
        {
            return false;
        }

        if (owner != present && LibC.ChangeOwner(to, owner.User, owner.Group) != 0)
        {
            // Only root can give a file away. Rights of its group must not become rights of another group.
            if (owner.Group != present.Group && LibC.ChangeOwner(to, LibC.Unchanged, owner.Group) != 0)
            {
                return false;
            }

            wanted &= Permissions; // without the set-user-ID, set-group-ID and sticky bits
        }

        bool hasAttributes = Platform.IsMac
            ? LibC.CopyFileMac(from, to, default, LibC.MacCopyAccessListAndAttributes) == 0
            : !Platform.IsLinux || TryCopyAttributes(to, from);
        return hasAttributes
            && (FileStatus.OfPath(target)?.Permissions == wanted || LibC.ChangeMode(to, (uint)wanted) == 0);
    }

    private static bool TryCopyAttributes(byte* to, byte* from)
    {
        if (NamesOf(from) is not { } names || NamesOf(to) is not { } ownNames)
        {
            return false;
        }

        // The folder's default access list, which the new file has inherited and the other file does not have.
        if (ownNames.Contains(AccessList) && !names.Contains(AccessList) && !TryRemove(to, AccessList))
        {
            return false;
        }

        names.RemoveAll(name => !IsKept(name));
        names.Sort((one, other) => IsAccessList(one).CompareTo(IsAccessList(other)));
        return names.TrueForAll(name => TryCopy(to, from, name));

        static bool IsAccessList(string name) => name.StartsWith("system.", StringComparison.Ordinal);

        // Not what the kernel records about the contents, nor what only root can see.
        static bool IsKept(string name) => IsAccessList(name)
            || name.StartsWith("user.", StringComparison.Ordinal)
            || (name.StartsWith("security.", StringComparison.Ordinal) && name is not ("security.capability" or "security.ima" or "security.evm"));
    }

    private static bool TryCopy(byte* to, byte* from, string name)
    {
        if (ValueOf(from, name, out bool isMissing) is not { } value)
        {
            return isMissing;
        }

        // A label that the new file already has may be one that this user cannot set.
        if (ValueOf(to, name, out _) is { } present && present.AsSpan().SequenceEqual(value))
        {
            return true;
        }

        fixed (byte* attribute = Encoding.UTF8.GetBytes(name + '\0'))
        fixed (byte* first = value.Length == 0 ? new byte[1] : value)
        {
            return LibC.SetAttribute(to, attribute, first, value.Length, flags: 0) == 0;
        }
    }

    private static bool TryRemove(byte* path, string name)
    {
        fixed (byte* attribute = Encoding.UTF8.GetBytes(name + '\0'))
        {
            return LibC.RemoveAttribute(path, attribute) == 0 || LibC.IsMissingAttribute(Marshal.GetLastWin32Error());
        }
    }

    // Null if the host does not report them.
    private static List<string>? NamesOf(byte* path)
    {
        while (true)
        {
            nint size = LibC.ListAttributes(path, null, 0);
            if (size <= 0)
            {
                return size == 0 || LibC.IsUnsupported(Marshal.GetLastWin32Error()) ? [] : null;
            }

            byte[] names = new byte[size];
            fixed (byte* first = names)
            {
                size = LibC.ListAttributes(path, first, size);
            }

            if (size >= 0)
            {
                return [.. Encoding.UTF8.GetString(names, 0, (int)size).Split(['\0'], StringSplitOptions.RemoveEmptyEntries)];
            }

            if (Marshal.GetLastWin32Error() != LibC.RangeTooSmall)
            {
                return null;
            }
        }
    }

    private static byte[]? ValueOf(byte* path, string name, out bool isMissing)
    {
        fixed (byte* attribute = Encoding.UTF8.GetBytes(name + '\0'))
        {
            while (true)
            {
                nint size = LibC.GetAttribute(path, attribute, null, 0);
                byte[] value = new byte[size < 0 ? 0 : size + 1];
                if (size >= 0)
                {
                    fixed (byte* first = value)
                    {
                        size = LibC.GetAttribute(path, attribute, first, value.Length);
                    }
                }

                if (size >= 0)
                {
                    isMissing = false;
                    Array.Resize(ref value, (int)size);
                    return value;
                }

                int error = Marshal.GetLastWin32Error();
                if (error != LibC.RangeTooSmall)
                {
                    isMissing = LibC.IsMissingAttribute(error);
                    return null;
                }
            }
        }
    }
}
