using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A disk that knows which file the data of an extent is in.</summary>
internal interface ILocatedDisk : IDisk
{
    /// <summary>The file that holds the data of an extent at <see cref="DiskExtent.FileOffset"/>, as the disk reads it.</summary>
    /// <param name="extent">An extent of this disk with data.</param>
    /// <returns>Null if the data is stored in another form, such as compressed, or the disk does not know.</returns>
    IStorage? FileOf(in DiskExtent extent);

    /// <summary>The same file if the disk has not looked for holes in it: they read as zeroes, though their clusters are mapped.</summary>
    /// <param name="extent">An extent of this disk with data.</param>
    /// <returns>Null if there is nothing to look for.</returns>
    IStorage? FileWithHolesOf(in DiskExtent extent);
}
