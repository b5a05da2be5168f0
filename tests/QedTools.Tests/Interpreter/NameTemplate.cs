using System.Management.Automation;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Interpreter;

/// <summary>Templates in names: &lt;name&gt;, &lt;_&gt; and &lt;name.property&gt; stand for values.</summary>
internal static partial class NameTemplate
{
    /// <summary>
    /// Fills a name in. What has no value yet stays: Pester fills in while it runs, xunit wants the names before.
    /// </summary>
    public static string Fill(string name, ScriptScope scope)
    {
        string filled = Template().Replace(name, match =>
        {
            object? value = scope.Evaluate("$" + match.Groups[1].Value);
            return value is null ? match.Value : LanguagePrimitives.ConvertTo<string>(value);
        });
        // `< and `> are how a name says < and >.
        return filled.Replace("`<", "<").Replace("`>", ">");
    }

    [GeneratedRegex("(?<!`)<([^<>`]+)>")]
    private static partial Regex Template();
}
