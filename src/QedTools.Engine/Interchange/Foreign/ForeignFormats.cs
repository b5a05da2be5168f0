using System.Collections.Generic;

namespace QedTools.Interchange.Foreign;

/// <summary>
/// The one table of the formats that are recognized but not read: disk images, parts of disks, archives and compressed files.
/// </summary>
/// <remarks>
/// A signature must be one that no disk begins with by chance: at least three bytes, and no file system, partition table or
/// volume, which are what raw disks hold. LUKS is such a volume and also a format of QEMU.
/// </remarks>
internal static class ForeignFormats
{
    private const string WithItsProgram = "Convert it to raw or QED with the program that made it.";
    private const string WithQemu = "Convert it to raw with qemu-img convert.";
    private const string Unpack = "Unpack it, and name the disk that was in it.";
    private const string Decompress = "Decompress it first.";
    private const string Export = "Export the disk as raw with the program that made it, or with one that reads evidence files, such as ewfexport.";
    private const string WithMac = "Convert it to raw with hdiutil (macOS), or with qemu-img convert.";

    /// <summary>The formats.</summary>
    public static IReadOnlyList<ForeignFormat> All { get; } =
    [
        // Disks of other programs.
        new("qcow", "a qcow file", WithQemu, [], At(0, "QFI\u00fb\0\0\0\u0001")) { SharesExtensionsOf = "qcow2" },
        new("Parallels", "a Parallels file", WithQemu, [".hdd", ".hds"], At(0, "WithoutFreeSpace"), At(0, "WithouFreSpacExt")),
        new("Bochs", "a disk of Bochs", WithQemu, [], At(0, "Bochs Virtual HD Image")),
        new("cloop", "a cloop file", WithQemu, [".cloop"], At(0, "#!/bin/sh\n#V2.0 Format\n")),
        new("DMG", "a disk image of macOS (DMG)", WithMac, [".dmg"], At(-512, "koly\0\0\0\u0004\0\0\u0002\0"), At(0, "encrcdsa")),
        new("sparse DMG", "a sparse disk image of macOS", WithMac, [".sparseimage"], At(0, "sprs\0\0\0\u0003")),
        new("UML COW", "a COW file of User-mode Linux", WithItsProgram, [".cow"], At(0, "OOOM")),
        new("CHD", "a CHD file of MAME", "Extract the disk with chdman.", [".chd"], At(0, "MComprHD")),
        new("VHD set", "a VHD set of Hyper-V", "Name the .avhdx file that holds its disk, or convert it with Hyper-V.", [".vhds"]),
        new("LUKS", "a volume encrypted with LUKS", "Decrypt it first, or convert it with qemu-img convert. If the machine that uses the disk decrypts it, it is a raw disk: give it the extension .raw.", [".luks"], At(0, "LUKS\u00ba\u00be")) { IsDiskContent = true },

        // Data of VMware's servers that is read only through its descriptor, which names the parent.
        new("COWD", "the data of a VMDK disk on an ESX server (COWD) without the file that describes the disk", "Name the descriptor file of the disk instead, or convert the disk with vmkfstools.", [], At(0, "COWD")) { SharesExtensionsOf = "VMDK" },
        new("SESPARSE", "the data of a VMDK disk on an ESXi server (SESPARSE) without the file that describes the disk", "Name the descriptor file of the disk instead, or convert the disk with vmkfstools.", [], At(0, "\u00be\u00ba\u00fe\u00ca\0\0\0\0")) { SharesExtensionsOf = "VMDK" },

        // Forensic images and backups of disks.
        new("EnCase", "an EnCase evidence file", Export, [".e01", ".ex01", ".l01", ".lx01"], At(0, "EVF\t\r\n\u00ff\0"), At(0, "EVF2\r\n\u0081\0"), At(0, "LVF\t\r\n\u00ff\0"), At(0, "LEF2\r\n\u0081\0")),
        new("AFF", "an AFF evidence file", "Export the disk as raw with affconvert.", [".aff"], At(0, "AFF10\r\n\0")),
        new("Partclone", "a Partclone image", "Restore it to a raw file with partclone.restore.", [], At(0, "partclone-image")),
        new("WIM", "a Windows image (WIM)", "Apply it to a disk with DISM.", [".wim", ".esd", ".swm"], At(0, "MSWIM\0\0\0")),

        // Archives.
        new("tar", "a tar archive (an OVA is one)", Unpack, [".tar", ".ova"], At(257, "ustar")),
        new("ZIP", "a ZIP archive", Unpack, [".zip"], At(0, "PK\u0003\u0004"), At(0, "PK\u0005\u0006"), At(0, "PK\u0007\u0008")),
        new("7z", "a 7z archive", Unpack, [".7z"], At(0, "7z\u00bc\u00af\u0027\u001c")),
        new("RAR", "a RAR archive", Unpack, [".rar"], At(0, "Rar!\u001a\u0007")),
        new("CAB", "a cabinet file", Unpack, [".cab"], At(0, "MSCF\0\0\0\0")),

        // Compressed files.
        new("gzip", "a gzip file", Decompress, [".gz", ".tgz"], At(0, "\u001f\u008b\u0008")),
        new("xz", "an xz file", Decompress, [".xz", ".txz"], At(0, "\u00fd7zXZ\0")),
        new("bzip2", "a bzip2 file", Decompress, [".bz2"], [.. Bzip2()]),
        new("Zstandard", "a Zstandard file", Decompress, [".zst", ".zstd"], At(0, "\u0028\u00b5\u002f\u00fd")),
        new("LZ4", "an LZ4 file", Decompress, [".lz4"], At(0, "\u0004\u0022\u004d\u0018")),
        new("lzip", "an lzip file", Decompress, [".lz"], At(0, "LZIP\u0001")),
        new("lzop", "an lzop file", Decompress, [".lzo"], At(0, "\u0089LZO\0\r\n\u001a\n")),
    ];

    // "BZh", the block size as a digit, and the number that begins a block or ends the file: the first three bytes alone prove little.
    private static IEnumerable<ForeignSignature> Bzip2()
    {
        for (char level = '1'; level <= '9'; level++)
        {
            yield return At(0, $"BZh{level}1AY&SY");
            yield return At(0, $"BZh{level}\u0017rE8P\u0090");
        }
    }

    // Each character stands for the byte with its code.
    private static ForeignSignature At(long offset, string bytes)
    {
        byte[] value = new byte[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            value[i] = checked((byte)bytes[i]);
        }

        return new ForeignSignature(offset, value);
    }
}
