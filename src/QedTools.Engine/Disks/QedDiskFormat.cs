namespace QedTools;

/// <summary>The formats that a disk can be converted to.</summary>
public enum QedDiskFormat
{
    /// <summary>A file whose bytes are the disk's.</summary>
    Raw,

    /// <summary>QEMU Enhanced Disk.</summary>
    Qed,

    /// <summary>Virtual Hard Disk v2, of Hyper-V.</summary>
    Vhdx,

    /// <summary>The older format of Hyper-V, and that of Virtual PC.</summary>
    Vhd,

    /// <summary>The format of QEMU and KVM.</summary>
    Qcow2,

    /// <summary>The format of VirtualBox.</summary>
    Vdi,

    /// <summary>The format of VMware.</summary>
    Vmdk,
}
