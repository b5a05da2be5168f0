namespace QedTools;

/// <summary>A hash function for the contents of a disk.</summary>
public enum QedHashAlgorithm
{
    /// <summary>SHA-256, 32 bytes.</summary>
    SHA256,

    /// <summary>SHA-512, 64 bytes.</summary>
    SHA512,

    /// <summary>SHA-1, 20 bytes. It detects accidents, but not a forger.</summary>
    SHA1,

    /// <summary>MD5, 16 bytes. It detects accidents, but not a forger.</summary>
    MD5,
}
