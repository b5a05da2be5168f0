using System;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>The second file of a new disk, which holds its data.</summary>
/// <param name="Names">How the format names such files.</param>
/// <param name="Create">Writes the disk, empty, into two empty files, the one that stands for it and the one for its data, and opens it for
/// writing. The first file records the name of the second.</param>
internal sealed record NewDiskData(IDataFiles Names, Func<IStorage, IStorage, IDiskLayer> Create);
