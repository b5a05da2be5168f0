using System.IO;
using QedTools.Shell;

namespace QedTools.Tests.Help;

/// <summary>The folders of the help pages and of the generated files that Get-Help reads.</summary>
internal static class HelpFolders
{
    private static string Root => Path.GetDirectoryName(ModuleSession.ManifestPath)!;

    /// <summary>The pages, in markdown.</summary>
    public static string Pages => Path.Combine(Root, "docs", "en-US");

    /// <summary>The files generated from the pages, as committed.</summary>
    public static string Generated => Path.Combine(Root, "src", "QedTools", "en-US");

    /// <summary>The text of a file, with line endings converted to \n regardless of the checkout.</summary>
    public static string Read(string folder, string name) => File.ReadAllText(Path.Combine(folder, name)).ReplaceLineEndings("\n");
}
