using System;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace QedTools.Sessions;

/// <summary>Refuses text such as "20G", "20GiB", "20 GB" or "20,5GB", which PowerShell does not take for a number, and says how to write it.</summary>
internal sealed class SizeInBytesAttribute : ArgumentTransformationAttribute
{
    private static readonly Regex Size = new(
        @"^\s*([0-9]+(?:[.,][0-9]+)?)\s*(?:([KMGTP])(?:i?B)?|B|bytes)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    // As PowerShell reads them, so it is left to it.
    private static readonly Regex Readable = new("^[0-9.]+[KMGTP]B$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <inheritdoc/>
    public override bool TransformNullOptionalParameters => false;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject { BaseObject: var inner } ? inner : inputData;
        if (value is not string text || Readable.IsMatch(text.Trim()) || Size.Match(text) is not { Success: true } match)
        {
            return inputData;
        }

        string unit = match.Groups[2].Value;
        string number = match.Groups[1].Value;
        if (unit.Length == 0 && number.AsSpan().IndexOf(',') >= 0)
        {
            // Without a unit it separates thousands.
            return inputData;
        }

        string plain = number.Replace(',', '.') + (unit.Length == 0 ? string.Empty : unit.ToUpperInvariant() + "B");
        throw new ArgumentTransformationMetadataException(Messages.NotASize(text, plain));
    }
}
