// What .NET throws where a library does not load is an IOException, like an error of the user's file.
using System;
using System.IO;

namespace QedTools;

/// <summary>Tells a library that could not be loaded or lacks something from a file that could not be read.</summary>
internal static class AssemblyErrors
{
    /// <summary>Whether an exception is about a library.</summary>
    public static bool IsOne(Exception exception) => exception
        is FileLoadException or BadImageFormatException or TypeLoadException or MissingMemberException
        || (exception is FileNotFoundException { FileName: { } name } && IsAssemblyName(name));

    // "Name, Version=1.0.0.0, Culture=...". A file's name is a full path here.
    private static bool IsAssemblyName(string name) => !Path.IsPathRooted(name) && name.Contains(", Version=");
}
