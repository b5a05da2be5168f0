using System.IO;

namespace QedTools.Storage.Native;

internal static partial class FileMove
{
    private static void IntoOnWindows(string from, string to, bool replace) => File.Move(from, to, replace);
}
