using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The data files of flat disks: disk-flat.vmdk beside disk.vmdk, which describes it.</summary>
internal sealed class VmdkDataFiles : IDataFiles
{
    public string PathFor(string path, int number) => Path.Combine(
        HostFiles.FolderOf(path),
        FormattableString.Invariant($"{Path.GetFileNameWithoutExtension(path)}{(number == 0 ? string.Empty : $"-{number}")}-flat.vmdk"));

    public bool IsUsed(string path) => VmdkParts.DescriptorOf(path) is not null;

    public IReadOnlyList<string> Of(string path)
    {
        List<string> found = [];
        string folder = HostFiles.FolderOf(path);
        foreach (VmdkExtentLine extent in VmdkParts.TryReadDescriptor(path)?.Extents ?? [])
        {
            string file = Path.Combine(folder, VmdkFileName.LastPartOf(extent.FileName));
            if (extent.FileName.Length > 0 && file != Path.GetFullPath(path) && !found.Contains(file) && HostFiles.IdentityOf(file) is not null
                && VmdkFileName.LastPartOf(extent.FileName) == extent.FileName)
            {
                found.Add(file);
            }
        }

        return found;
    }
}
