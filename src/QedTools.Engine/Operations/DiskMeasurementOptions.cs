namespace QedTools;

/// <summary>How the result of a conversion is measured.</summary>
public sealed record DiskMeasurementOptions
{
    /// <summary>The conversion; how its result is put in place does not matter.</summary>
    public required DiskConversionOptions Conversion { get; init; }

    /// <summary>Whether the data is read, to find zeroes that the source stores and the result will not. Otherwise only tables are read.</summary>
    public bool ScanZeroes { get; init; }
}
