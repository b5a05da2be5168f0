using System.Collections.Generic;
using System.Management.Automation;
using System.Text;
using System.Text.RegularExpressions;

namespace QedTools.Shell;

/// <summary>
/// Turns <c>-File script.ps1 -Name value …</c> into a call that PowerShell binds as if it had been typed. Words that
/// look like parameter names are put into the text of the call; all others travel as values, so nothing in them is
/// evaluated. The script is called by its block and not by its name because <c>exit n</c> then ends the shell with n;
/// of a script called by name only <c>$LASTEXITCODE</c> remains, which any native command sets too. The price:
/// <c>$PSScriptRoot</c> and <c>$PSCommandPath</c> are there, but <c>$MyInvocation.MyCommand</c> has no name.
/// </summary>
internal sealed partial class ScriptFileCall
{
    /// <summary>Describes the call of a script with the words that follow its path.</summary>
    public ScriptFileCall(ScriptBlock script, IReadOnlyList<string> words)
    {
        StringBuilder text = new("& $args[0]");
        List<object> values = [];
        foreach (string word in words)
        {
            Match parameter = ParameterName().Match(word);
            if (!parameter.Success)
            {
                text.Append(' ').Append(ValueReference(values, word));
                continue;
            }

            text.Append(' ').Append(parameter.Groups["name"].Value);
            if (parameter.Groups["value"] is { Success: true, Value: string value })
            {
                text.Append(':').Append(ValueReference(values, SwitchValue(value)));
            }
        }

        Text = text.ToString();
        Arguments = [script, values.ToArray()];
    }

    /// <summary>The call, as script text that refers to <see cref="Arguments"/> by <c>$args</c>.</summary>
    public string Text { get; }

    /// <summary>The script, and the array of the values.</summary>
    public object[] Arguments { get; }

    private static string ValueReference(List<object> values, object value)
    {
        values.Add(value);
        return $"$args[1][{values.Count - 1}]";
    }

    /// <summary>A command line has only strings; <c>-Switch:$false</c> must still turn a switch off.</summary>
    private static object SwitchValue(string value) => value.ToLowerInvariant() switch
    {
        "$true" => true,
        "$false" => false,
        _ => value,
    };

    [GeneratedRegex(@"^(?<name>-[A-Za-z_]\w*)(:(?<value>.*))?\z", RegexOptions.Singleline)]
    private static partial Regex ParameterName();
}
