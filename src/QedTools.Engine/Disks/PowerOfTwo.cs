namespace QedTools.Disks;

/// <summary>Arithmetic with powers of two, such as the sizes of clusters.</summary>
internal static class PowerOfTwo
{
    /// <summary>Whether a number is a power of two.</summary>
    public static bool Is(long number) => number > 0 && (number & (number - 1)) == 0;

    /// <summary>The exponent of a power of two.</summary>
    public static int Log2(int powerOfTwo)
    {
        int bits = 0;
        while (powerOfTwo >> bits != 1)
        {
            bits++;
        }

        return bits;
    }
}
