using System;
using System.Collections.Generic;
using System.IO;

namespace QedTools.Storage;

/// <summary>The files that are being built, by their temporary names.</summary>
/// <remarks>
/// They are locked while they are being built. A process that is asked to exit removes its own. One that a killed process left
/// behind is recognized by its free lock, and removed by the next process that builds a file in the same folder.
/// </remarks>
internal static class PartialFiles
{
    private const string Extension = ".qedtools-partial";
    private const int NumberLength = 32;

    private static readonly HashSet<string> Building = new(StringComparer.Ordinal);

    static PartialFiles() => ProcessEnd.Add(RemoveAll);

    /// <summary>Registers a new file before it is created.</summary>
    /// <param name="folder">The folder that it will be in.</param>
    /// <returns>Its path, which is unused.</returns>
    public static string Add(string folder)
    {
        string path = Path.Combine(folder, $".{Guid.NewGuid():N}{Extension}");
        lock (Building)
        {
            Building.Add(path);
        }

        return path;
    }

    /// <summary>Unregisters a file that has its final name, or is gone.</summary>
    public static void Remove(string path)
    {
        lock (Building)
        {
            Building.Remove(path);
        }
    }

    /// <summary>Removes files that killed processes left behind in a folder. Failing to remove one is not an error.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="trace">Receives a line for each; may be null.</param>
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
                trace?.Decision?.Invoke($"{PrintableText.Of(path)}: removed; it was the unfinished file of a process that was killed.");
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
                return false; // the file system has no locks, so there is no way to tell
            }

            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is QedException || StorageErrors.IsHostError(e))
        {
            return false; // it is being built, or belongs to another user
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
