// When a library fails to load, .NET throws an IOException, just as for an error in a user's file.
using System;
using System.IO;

namespace QedTools;

/// <summary>Distinguishes a library that could not be loaded or lacks a member from a file that could not be read.</summary>
internal static class AssemblyErrors
{
    /// <summary>Whether an exception is about a library.</summary>
    public static bool IsOne(Exception exception) => exception
        is FileLoadException or BadImageFormatException or TypeLoadException or MissingMemberException
        || (exception is FileNotFoundException { FileName: { } name } && IsAssemblyName(name));

    // "Name, Version=1.0.0.0, Culture=...". File names are full paths here.
    private static bool IsAssemblyName(string name) => !Path.IsPathRooted(name) && name.Contains(", Version=");
}
