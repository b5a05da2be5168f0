using System;
using System.Collections.Generic;

namespace QedTools.Partitions;

/// <summary>The names of the types of partitions: those that are met on disks of virtual machines.</summary>
internal static class PartitionTypes
{
    private static readonly Dictionary<byte, string> Codes = new()
    {
        [0x00] = "empty",
        [0x01] = "FAT12",
        [0x04] = "FAT16 below 32 MiB",
        [0x05] = "extended",
        [0x06] = "FAT16",
        [0x07] = "NTFS, exFAT or HPFS",
        [0x0B] = "FAT32",
        [0x0C] = "FAT32 (LBA)",
        [0x0E] = "FAT16 (LBA)",
        [0x0F] = "extended (LBA)",
        [0x11] = "hidden FAT12",
        [0x12] = "diagnostics",
        [0x14] = "hidden FAT16 below 32 MiB",
        [0x16] = "hidden FAT16",
        [0x17] = "hidden NTFS, exFAT or HPFS",
        [0x1B] = "hidden FAT32",
        [0x1C] = "hidden FAT32 (LBA)",
        [0x1E] = "hidden FAT16 (LBA)",
        [0x27] = "Windows recovery",
        [0x39] = "Plan 9",
        [0x41] = "PowerPC PReP boot",
        [0x42] = "Windows dynamic disk",
        [0x4D] = "QNX",
        [0x63] = "GNU HURD or System V",
        [0x81] = "Minix",
        [0x82] = "Linux swap or Solaris",
        [0x83] = "Linux",
        [0x84] = "hibernation",
        [0x85] = "Linux extended",
        [0x88] = "Linux plain text",
        [0x8E] = "Linux LVM",
        [0xA0] = "hibernation",
        [0xA5] = "FreeBSD",
        [0xA6] = "OpenBSD",
        [0xA8] = "Darwin UFS",
        [0xA9] = "NetBSD",
        [0xAB] = "Darwin boot",
        [0xAF] = "HFS or HFS+",
        [0xBE] = "Solaris boot",
        [0xBF] = "Solaris",
        [0xDA] = "other data",
        [0xDE] = "Dell utility",
        [0xEA] = "Linux extended boot",
        [0xEB] = "BeOS",
        [0xEE] = "GPT protective",
        [0xEF] = "EFI system",
        [0xFB] = "VMware VMFS",
        [0xFC] = "VMware core dump",
        [0xFD] = "Linux RAID",
    };

    private static readonly Dictionary<Guid, string> Guids = new()
    {
        [new("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")] = "EFI system",
        [new("024DEE41-33E7-11D3-9D69-0008C781F39F")] = "MBR partition table",
        [new("21686148-6449-6E6F-744E-656564454649")] = "BIOS boot",
        [new("9E1A2D38-C612-4316-AA26-8B49521E5A8B")] = "PowerPC PReP boot",
        [new("E3C9E316-0B5C-4DB8-817D-F92DF00215AE")] = "Microsoft reserved",
        [new("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7")] = "Microsoft basic data",
        [new("5808C8AA-7E8F-42E0-85D2-E1E90434CFB3")] = "Windows dynamic disk metadata",
        [new("AF9B60A0-1431-4F62-BC68-3311714A69AD")] = "Windows dynamic disk data",
        [new("DE94BBA4-06D1-4D40-A16A-BFD50179D6AC")] = "Windows recovery",
        [new("E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D")] = "Windows storage spaces",
        [new("0657FD6D-A4AB-43C4-84E5-0933C84B4F4F")] = "Linux swap",
        [new("0FC63DAF-8483-4772-8E79-3D69D8477DE4")] = "Linux filesystem",
        [new("3B8F8425-20E0-4F3B-907F-1A25A76F98E8")] = "Linux server data",
        [new("44479540-F297-41B2-9AF7-D131D5F0458A")] = "Linux root (x86)",
        [new("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709")] = "Linux root (x86-64)",
        [new("69DAD710-2CE4-4E3C-B16C-21A1D49ABED3")] = "Linux root (ARM)",
        [new("B921B045-1DF0-41C3-AF44-4C6F280D3FAE")] = "Linux root (ARM64)",
        [new("72EC70A6-CF74-40E6-BD49-4BDA08E8F224")] = "Linux root (RISC-V 64)",
        [new("912ADE1D-A839-4913-8964-A10EEE08FBD2")] = "Linux root (PowerPC 64)",
        [new("C31C45E6-3F39-412E-80FB-4809C4980599")] = "Linux root (PowerPC 64 LE)",
        [new("5EEAD9A9-FE09-4A1E-A1D7-520D00531306")] = "Linux root (s390x)",
        [new("8484680C-9521-48C6-9C11-B0720656F69E")] = "Linux /usr (x86-64)",
        [new("B0E01050-EE5F-4390-949A-9101B17104E9")] = "Linux /usr (ARM64)",
        [new("2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5")] = "Linux root verity (x86-64)",
        [new("DF3300CE-D69F-4C92-978C-9BFB0F38D820")] = "Linux root verity (ARM64)",
        [new("933AC7E1-2EB4-4F13-B844-0E14E2AEF915")] = "Linux /home",
        [new("4D21B016-B534-45C2-A9FB-5C16E091FD2D")] = "Linux /var",
        [new("7EC6F557-3BC5-4ACA-B293-16EF5DF639D1")] = "Linux temporary data",
        [new("BC13C2FF-59E6-4262-A352-B275FD6F7172")] = "Linux extended boot",
        [new("8DA63339-0007-60C0-C436-083AC8230908")] = "Linux reserved",
        [new("A19D880F-05FC-4D3B-A006-743F0F84911E")] = "Linux RAID",
        [new("E6D6D379-F507-44C2-A23C-238F2A3DF928")] = "Linux LVM",
        [new("516E7CB4-6ECF-11D6-8FF8-00022D09712B")] = "FreeBSD",
        [new("83BD6B9D-7F41-11DC-BE0B-001560B84F0F")] = "FreeBSD boot",
        [new("516E7CB5-6ECF-11D6-8FF8-00022D09712B")] = "FreeBSD swap",
        [new("516E7CB6-6ECF-11D6-8FF8-00022D09712B")] = "FreeBSD UFS",
        [new("516E7CBA-6ECF-11D6-8FF8-00022D09712B")] = "FreeBSD ZFS",
        [new("824CC7A0-36A8-11E3-890A-952519AD3F61")] = "OpenBSD",
        [new("49F48D32-B10E-11DC-B99B-0019D1879648")] = "NetBSD swap",
        [new("49F48D5A-B10E-11DC-B99B-0019D1879648")] = "NetBSD FFS",
        [new("48465300-0000-11AA-AA11-00306543ECAC")] = "Apple HFS+",
        [new("7C3457EF-0000-11AA-AA11-00306543ECAC")] = "Apple APFS",
        [new("426F6F74-0000-11AA-AA11-00306543ECAC")] = "Apple boot",
        [new("53746F72-6167-11AA-AA11-00306543ECAC")] = "Apple Core Storage",
        [new("6A898CC3-1DD2-11B2-99A6-080020736631")] = "ZFS or Solaris /usr",
        [new("6A82CB45-1DD2-11B2-99A6-080020736631")] = "Solaris boot",
        [new("6A945A3B-1DD2-11B2-99A6-080020736631")] = "ZFS or Solaris reserved",
        [new("FE3A2A5D-4F32-41A7-B725-ACCC3285A309")] = "ChromeOS kernel",
        [new("3CB8E202-3B7E-47DD-8A3C-7FF2A13CFCEC")] = "ChromeOS root",
        [new("2E0A753D-9E48-43B0-8337-B15192CB1B5E")] = "ChromeOS reserved",
        [new("4FBD7E29-9D25-41B8-AFD0-062C0CEFF05D")] = "Ceph OSD",
        [new("AA31E02A-400F-11DB-9590-000C2911D1B8")] = "VMware VMFS",
        [new("9D275380-40AD-11DB-BF97-000C2911D1B8")] = "VMware core dump",
        [new("9198EFFC-31C0-11DB-8F78-000C2911D1B8")] = "VMware reserved",
    };

    /// <summary>The GUIDs of all types that have a name.</summary>
    public static IEnumerable<Guid> KnownGuids => Guids.Keys;

    /// <summary>The name of a code of an MBR; null if it has none.</summary>
    public static string? NameOf(byte code) => Codes.TryGetValue(code, out string? name) ? name : null;

    /// <summary>The name of a GUID of a GPT; null if it has none.</summary>
    public static string? NameOf(Guid type) => Guids.TryGetValue(type, out string? name) ? name : null;
}
