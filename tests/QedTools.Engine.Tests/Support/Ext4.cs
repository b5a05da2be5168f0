namespace QedTools.Tests.Support;

/// <summary>The programs that make and check a real file system on a disk; tests name this class in SkipUnless.</summary>
internal static class Ext4
{
    public const string SkipReason = "mke2fs, e2fsck and debugfs are not installed (Debian: e2fsprogs)";

    public static bool IsInstalled { get; } = Qemu.IsOnPath("mke2fs") && Qemu.IsOnPath("e2fsck") && Qemu.IsOnPath("debugfs");
}
