namespace QedTools;

/// <summary>The formats that a disk can be converted to.</summary>
public enum QedDiskFormat
{
    /// <summary>A file whose bytes are the disk's.</summary>
    Raw,

    /// <summary>QEMU Enhanced Disk.</summary>
    Qed,
}
