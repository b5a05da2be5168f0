namespace QedTools.Disks;

/// <summary>How a new disk of some format is to be. What a format does not have, it ignores.</summary>
/// <param name="VirtualSize">Its size, in bytes: a multiple of 512.</param>
/// <param name="ClusterSize">A cluster's size, in bytes.</param>
/// <param name="TableSize">A table's size, in clusters.</param>
/// <param name="Backing">The backing file to name, or null.</param>
internal readonly record struct NewDisk(long VirtualSize, long ClusterSize, int TableSize, BackingReference? Backing);
