namespace QedTools;

/// <summary>How the result of a conversion is measured.</summary>
public sealed record DiskMeasurementOptions
{
    /// <summary>
    /// The conversion; how its result is put in place does not matter. Only with <see cref="DiskConversionOptions.ScanZeroes"/> is the data read.
    /// </summary>
    public required DiskConversionOptions Conversion { get; init; }
}
