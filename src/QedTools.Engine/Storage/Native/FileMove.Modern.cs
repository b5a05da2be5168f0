using System.IO;

namespace QedTools.Storage.Native;

/// <summary>Gives a finished file its name in one step.</summary>
internal static class FileMove
{
    /// <summary>Renames within a folder; with <paramref name="replace"/> whatever has the name is gone in the same step.</summary>
    public static void Into(string from, string to, bool replace) => File.Move(from, to, replace);
}
