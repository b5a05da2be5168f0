namespace QedTools.Interchange.Qcow2;

/// <summary>Creates the errors about damaged qcow2 files.</summary>
internal static class Qcow2Damage
{
    /// <summary>A field has a value that is not allowed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="field">The field, by its name in the specification.</param>
    /// <param name="value">Its value.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    public static QedDamagedFileException Of(string path, string field, object value, string allowed) =>
        new(path, Qcow2Format.FormatName, field, value, allowed);

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
