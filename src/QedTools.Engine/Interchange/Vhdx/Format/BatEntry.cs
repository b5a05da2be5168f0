using System.Globalization;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>An entry of the block allocation table ([MS-VHDX], 2.5.1): a block's state, and where it is in the file.</summary>
/// <param name="Value">The 64 bits.</param>
internal readonly record struct BatEntry(ulong Value)
{
    /// <summary>An entry's size, in bytes.</summary>
    public const int Size = 8;

    private const ulong StateMask = 7;
    private const ulong OffsetMask = ~((1UL << 20) - 1);

    /// <summary>The entry of a block that is fully in the file.</summary>
    /// <param name="fileOffset">Where, in bytes: a multiple of 1 MiB.</param>
    public static BatEntry FullyPresentAt(long fileOffset) => At(fileOffset, PayloadBlockState.FullyPresent);

    /// <summary>The entry of a block that is allocated in the file.</summary>
    /// <param name="fileOffset">Where, in bytes: a multiple of 1 MiB.</param>
    /// <param name="state">What the file holds of it.</param>
    public static BatEntry At(long fileOffset, PayloadBlockState state) => new((ulong)fileOffset | (ulong)state);

    /// <summary>The entry of a block of zeroes, which is not allocated.</summary>
    public static BatEntry OfZeroes => new((ulong)PayloadBlockState.Zero);

    /// <summary>The block's state.</summary>
    public PayloadBlockState State => (PayloadBlockState)(Value & StateMask);

    /// <summary>Where the block is in the file, in bytes; a multiple of 1 MiB, meaningless unless the file holds the block.</summary>
    public ulong FileOffset => Value & OffsetMask;

    /// <inheritdoc/>
    public override string ToString() => "0x" + Value.ToString("x", CultureInfo.InvariantCulture);
}
