using System.Collections.Generic;
using QedTools.Storage.Native;

namespace QedTools.Interchange.Vmdk;

/// <summary>The names of files in descriptors, which were written on Windows as often as elsewhere.</summary>
internal static class VmdkFileName
{
    private static readonly char[] Separators = ['/', '\\'];

    /// <summary>The names to look for, in order: the stored one as this host writes it, and for a full path the file of that name in the descriptor's folder.</summary>
    /// <param name="stored">The name as stored.</param>
    public static List<string> Places(string stored)
    {
        List<string> places = [];
        string last = LastPartOf(stored);
        bool isOfWindows = stored.Length > 1 && stored[1] == ':';
        bool isFullPath = isOfWindows || (stored.Length > 0 && stored[0] is '/' or '\\');
        if (Platform.IsWindows)
        {
            places.Add(stored);
        }
        else if (!isOfWindows)
        {
            places.Add(stored.Replace('\\', '/'));
            places.Add(stored);
        }

        if (isFullPath)
        {
            places.Add(last);
        }

        return places;
    }

    /// <summary>A name without its folder.</summary>
    public static string LastPartOf(string stored) => stored.Substring(stored.LastIndexOfAny(Separators) + 1);
}
