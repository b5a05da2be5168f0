using System;
using System.Collections;
using System.Globalization;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Assertions;

/// <summary>Values as failure messages show them: so that 3, '3', $null and an empty string look different.</summary>
internal static class ValueText
{
    private const int MostElements = 10;

    /// <summary>The text of a value.</summary>
    public static string Of(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        null => "$null",
        bool truth => truth ? "$true" : "$false",
        "" => "<empty>",
        string text => $"'{text}'",
        DateTime time => time.ToString("o", CultureInfo.InvariantCulture),
        Type type => $"[{LanguagePrimitives.ConvertTo<string>(type)}]",
        ScriptBlock script => $"{{{script}}}",
        IDictionary or PSCustomObject => LanguagePrimitives.ConvertTo<string>(value),
        IEnumerable elements => Of(elements.Cast<object?>().ToArray()),
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };

    private static string Of(object?[] elements)
    {
        string shown = string.Join(", ", elements.Take(MostElements).Select(Of));
        return elements.Length > MostElements ? $"@({shown}, ...{elements.Length - MostElements} more)" : $"@({shown})";
    }
}
