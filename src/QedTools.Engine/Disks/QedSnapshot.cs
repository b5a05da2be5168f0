using System;

namespace QedTools;

/// <summary>An earlier state of a disk, kept in the disk's own file.</summary>
/// <param name="Id">Its identifier, unique in an intact file.</param>
/// <param name="Name">Its name; several snapshots can have the same.</param>
/// <param name="Created">When it was taken, in UTC.</param>
/// <param name="VirtualSize">The size of the disk then, in bytes; null if the file does not record it.</param>
public sealed record QedSnapshot(string Id, string Name, DateTime Created, long? VirtualSize)
{
    /// <summary>Id and name.</summary>
    public override string ToString() => PrintableText.Of($"{Id} '{Name}'");
}
