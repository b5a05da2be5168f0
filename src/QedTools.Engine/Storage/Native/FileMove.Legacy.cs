using System.IO;

namespace QedTools.Storage.Native;

internal static partial class FileMove
{
    private static void IntoOnWindows(string from, string to, bool replace)
    {
        if (replace)
        {
            File.Replace(from, to, null);
        }
        else
        {
            File.Move(from, to);
        }
    }
}
