using System.IO;
using QedTools.Shell;

namespace QedTools.Tests.Help;

/// <summary>Where the help is written and where what Get-Help reads is kept.</summary>
internal static class HelpFolders
{
    private static string Root => Path.GetDirectoryName(ModuleSession.ManifestPath)!;

    /// <summary>The pages, in markdown.</summary>
    public static string Pages => Path.Combine(Root, "docs", "en-US");

    /// <summary>What is made of them, as committed.</summary>
    public static string Generated => Path.Combine(Root, "src", "QedTools", "en-US");

    /// <summary>The text of a file with lines that end in \n, whatever the checkout made of them.</summary>
    public static string Read(string folder, string name) => File.ReadAllText(Path.Combine(folder, name)).ReplaceLineEndings("\n");
}
