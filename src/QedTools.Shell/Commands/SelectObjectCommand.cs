using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Shell.Commands;

/// <summary>Select-Object: the first objects, some of their properties, or the values of one.</summary>
[Cmdlet(VerbsCommon.Select, "Object")]
internal sealed class SelectObjectCommand : PSCmdlet
{
    private int _taken;

    /// <summary>The objects to select from.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>The properties to keep: names, patterns, or <c>@{ Name = …; Expression = { … } }</c>.</summary>
    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    /// <summary>The property whose values to return.</summary>
    [Parameter]
    public string? ExpandProperty { get; set; }

    /// <summary>How many objects to take. The commands before run on to their end all the same.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int First { get; set; } = int.MaxValue;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is null || _taken >= First)
        {
            return;
        }

        _taken++;
        if (ExpandProperty is not null)
        {
            Expand(InputObject, ExpandProperty);
        }
        else
        {
            WriteObject(Property is null ? InputObject : Keep(InputObject, Property));
        }
    }

    private void Expand(PSObject item, string name)
    {
        if (item.Properties[name] is PSPropertyInfo property)
        {
            WriteObject(property.Value, enumerateCollection: true);
            return;
        }

        PSArgumentException failure = new($"The object has no property '{name}'.");
        WriteError(new ErrorRecord(failure, "PropertyNotFound", ErrorCategory.InvalidArgument, item));
    }

    private static PSObject Keep(PSObject item, IEnumerable<object> properties)
    {
        PSObject kept = new();
        foreach (object property in properties)
        {
            IEnumerable<(string Name, object? Value)> values = property is IDictionary calculation
                ? [Calculate(item, calculation)]
                : Match(item, LanguagePrimitives.ConvertTo<string>(property));
            foreach ((string name, object? value) in values.Where(value => kept.Properties[value.Name] is null))
            {
                kept.Properties.Add(new PSNoteProperty(name, value));
            }
        }

        return kept;
    }

    private static IEnumerable<(string Name, object? Value)> Match(PSObject item, string pattern)
    {
        List<PSPropertyInfo> matches = [.. item.Properties.Match(pattern)];
        // As PowerShell does: a column that was asked for is there, if empty.
        return matches.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(pattern)
            ? [(pattern, null)]
            : matches.Select(match => (match.Name, (object?)match.Value));
    }

    private static (string Name, object? Value) Calculate(PSObject item, IDictionary calculation)
    {
        object? name = calculation["Name"] ?? calculation["n"];
        object? expression = calculation["Expression"] ?? calculation["e"];
        if (name is null || expression is not ScriptBlock script)
        {
            throw new PSArgumentException("A calculated property is @{ Name = '…'; Expression = { … } }.");
        }

        List<PSObject> values = [.. script.InvokeWithContext(null, [new PSVariable("_", item)])];
        return (LanguagePrimitives.ConvertTo<string>(name), values.Count == 1 ? values[0] : values.ToArray());
    }
}
