using System;

namespace QedTools.Disks;

/// <summary>An earlier state of a disk, stored in the disk's own file.</summary>
/// <param name="Index">Its index in the file, from 0.</param>
/// <param name="Id">Its identifier, which is unique in an intact file.</param>
/// <param name="Name">Its name, which need not be unique.</param>
/// <param name="Taken">When it was taken.</param>
/// <param name="VirtualSize">The size that the disk had, in bytes; null if the file does not record it.</param>
internal readonly record struct DiskSnapshot(int Index, string Id, string Name, DateTimeOffset Taken, long? VirtualSize);
