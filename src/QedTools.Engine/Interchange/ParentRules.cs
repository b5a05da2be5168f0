using QedTools.Disks;

namespace QedTools.Interchange;

/// <summary>What the parent of a new differencing disk must be.</summary>
internal static class ParentRules
{
    /// <summary>The error for a parent of another format.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="name">The parent's name as requested.</param>
    /// <param name="parent">What it is.</param>
    /// <param name="formatName">The format that it must have.</param>
    public static QedRequestException WrongFormat(string path, string name, BackingFacts parent, string formatName) => new(
        path,
        "BackingFile",
        name,
        $"a {formatName} file",
        $"The backing file '{name}' is not possible for '{path}': it is a {parent.FormatName} file, and the parent of a {formatName} file must be a {formatName} file. Convert it to {formatName} first, or choose another format.");

    /// <summary>Makes sure that a new disk has the size of its parent's disk: programs for these formats assume that it has.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="name">The parent's name as requested.</param>
    /// <param name="virtualSize">The new disk's size, in bytes.</param>
    /// <param name="parent">What the parent is.</param>
    /// <param name="formatName">The format of both.</param>
    /// <exception cref="QedLimitException">It is not.</exception>
    public static void RequireSameSize(string path, string name, long virtualSize, BackingFacts parent, string formatName)
    {
        if (virtualSize != parent.VirtualSize)
        {
            throw new QedLimitException(
                path,
                "SizeBytes",
                virtualSize,
                $"{parent.VirtualSize} bytes, the size of the parent's disk",
                $"'{path}' cannot hold a disk of {virtualSize} bytes over '{name}', whose disk has {parent.VirtualSize}: in {formatName} both must have the same size.",
                virtualSize < parent.VirtualSize ? QedRemedy.EnlargeDisk : QedRemedy.None);
        }
    }
}
