namespace QedTools;

/// <summary>How the data of a compressed disk is packed.</summary>
public enum QedCompressionType
{
    /// <summary>Deflate (RFC 1951), which every program reads that reads compressed disks of the format.</summary>
    Deflate,

    /// <summary>Zstandard (RFC 8878): packs and unpacks faster. For qcow2; QEMU reads it since version 5.1.</summary>
    Zstd,
}
