using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>Lines of text that are coloured on the screen but plain in variables, in files and for other commands.</summary>
/// <remarks>Each line is a plain string; the view in QedTools.Format.ps1xml shows its property Colored instead.</remarks>
internal static class ColoredLine
{
    private const string TypeName = "QedTools.ColoredLine";
    private const string Property = "Colored";

    /// <summary>Combines the two forms of a text.</summary>
    /// <param name="plain">The lines without colours; at least one.</param>
    /// <param name="colored">The lines with colours; there may be more or fewer of them.</param>
    /// <returns>One string for each plain line; the last one carries any surplus coloured lines.</returns>
    public static IEnumerable<object> Pair(IReadOnlyList<string> plain, IReadOnlyList<string> colored)
    {
        for (int i = 0; i < plain.Count - 1; i++)
        {
            yield return Of(plain[i], i < colored.Count ? colored[i] : string.Empty);
        }

        yield return Of(plain[plain.Count - 1], string.Join("\n", colored.Skip(plain.Count - 1)));
    }

    private static object Of(string plain, string colored)
    {
        if (plain == colored)
        {
            return plain;
        }

        PSObject line = new(plain);
        line.TypeNames.Insert(0, TypeName);
        line.Properties.Add(new PSNoteProperty(Property, colored));
        return line;
    }
}
