using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>The files that are being built, by the names they have until they are finished.</summary>
/// <remarks>
/// They are locked as long as they are built. A process that is asked to end removes its own; one that a killed process left is told
/// by its lock, which is free, and removed by whoever builds a file in the same folder next.
/// </remarks>
internal static class PartialFiles
{
    private const string Extension = ".qedtools-partial";
    private const int NumberLength = 32;

    private static readonly HashSet<string> Building = new(StringComparer.Ordinal);

    static PartialFiles() => ProcessSignals.AtEnd(RemoveAll);

    /// <summary>Notes a new file before it is made.</summary>
    /// <param name="folder">The folder that it will be in.</param>
    /// <returns>Its path, which no file has.</returns>
    public static string Add(string folder)
    {
        string path = Path.Combine(folder, $".{Guid.NewGuid():N}{Extension}");
        lock (Building)
        {
            Building.Add(path);
        }

        return path;
    }

    /// <summary>Notes that a file has got its name, or is gone.</summary>
    public static void Remove(string path)
    {
        lock (Building)
        {
            Building.Remove(path);
        }
    }

    /// <summary>Removes the files of a folder that a process left when it was killed. That one cannot be removed is no error.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="trace">Is told of each; may be null.</param>
    public static void Sweep(string folder, OperationTrace? trace)
    {
        string[] paths;
        try
        {
            paths = Directory.GetFiles(folder);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return;
        }

        foreach (string path in paths)
        {
            if (IsPartialName(Path.GetFileName(path)) && TryRemoveLeftover(path))
            {
                trace?.Decision?.Invoke($"{PrintableText.Of(path)}: removed; it is the unfinished file of a process that was killed.");
            }
        }
    }

    private static bool IsPartialName(string name)
    {
        if (name.Length != 1 + NumberLength + Extension.Length || name[0] != '.' || !name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (char digit in name.AsSpan(1, NumberLength))
        {
            if (digit is not ((>= '0' and <= '9') or (>= 'a' and <= 'f')))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryRemoveLeftover(string path)
    {
        try
        {
            if ((File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0)
            {
                return false;
            }

            using FileStorage storage = FileStorage.Open(path, StorageAccess.Write);
            if (!storage.IsLocked)
            {
                return false; // a file system without locks: nobody can tell
            }

            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is QedException || StorageErrors.IsHostError(e))
        {
            return false; // somebody builds it, or it belongs to somebody else
        }
    }

    private static void RemoveAll()
    {
        lock (Building)
        {
            foreach (string path in Building)
            {
                HostFiles.Delete(path);
            }
        }
    }
}
