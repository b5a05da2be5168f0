using System.Globalization;

namespace QedTools.Interchange.Vhdx;

/// <summary>Creates the errors about damaged VHDX files.</summary>
internal static class VhdxDamage
{
    /// <summary>A field has a value that is not allowed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="field">The field, by its name in the specification.</param>
    /// <param name="value">Its value.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    public static QedDamagedFileException Of(string path, string field, object value, string allowed) =>
        new(path, VhdxFormat.FormatName, field, value, allowed);

    /// <summary>The same, for a field whose value is best read in hexadecimal.</summary>
    public static QedDamagedFileException OfHex(string path, string field, ulong value, string allowed) =>
        Of(path, field, "0x" + value.ToString("x", CultureInfo.InvariantCulture), allowed);

    /// <summary>Makes sure that a field's value is allowed.</summary>
    /// <exception cref="QedDamagedFileException">It is not.</exception>
    public static void Require(bool holds, string path, string field, ulong value, string allowed)
    {
        if (!holds)
        {
            throw Of(path, field, value, allowed);
        }
    }
}
