using System;

namespace QedTools.Disks;

/// <summary>An earlier state of a disk that its own file keeps.</summary>
/// <param name="Index">Which one of the file it is, from 0.</param>
/// <param name="Id">Its identifier, which is unique in a sound file.</param>
/// <param name="Name">Its name, which several may have.</param>
/// <param name="Taken">When it was taken.</param>
/// <param name="VirtualSize">The size that the disk had, in bytes; null if the file does not say.</param>
internal readonly record struct DiskSnapshot(int Index, string Id, string Name, DateTimeOffset Taken, long? VirtualSize);
