using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>Lines of text that have colours on the screen and none in variables, in files and for other commands.</summary>
/// <remarks>Each is a plain string; the view in QedTools.Format.ps1xml shows its property Colored instead.</remarks>
internal static class ColoredLine
{
    private const string TypeName = "QedTools.ColoredLine";
    private const string Property = "Colored";

    /// <summary>Puts the two forms of a text together.</summary>
    /// <param name="plain">Its lines without colours; at least one.</param>
    /// <param name="colored">Its lines with colours; the last ones may be more or fewer.</param>
    /// <returns>As many strings as there are plain lines, or more with nothing in them.</returns>
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
