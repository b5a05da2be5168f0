using System.Collections.Generic;

namespace QedTools.Disks;

/// <summary>How a format names the files that hold a disk's data, where these are separate from the file that stands for the disk.</summary>
internal interface IDataFiles
{
    /// <summary>The data file of a new disk, by its full path.</summary>
    /// <param name="path">The file that is to stand for the disk.</param>
    /// <param name="number">0 for the usual name; 1 and higher for other names, to be used if that one is taken.</param>
    string PathFor(string path, int number);

    /// <summary>Whether a file in the same folder says that its disk has data in this one.</summary>
    /// <param name="path">The file that may hold data.</param>
    bool IsUsed(string path);

    /// <summary>The files in the same folder that hold a disk's data, by their full paths.</summary>
    /// <param name="path">The file that stands for the disk; there are none if it is of another kind, or does not exist.</param>
    IReadOnlyList<string> Of(string path);
}
