using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Reflection;

namespace QedTools.Tests.Help;

/// <summary>What PowerShell knows of a cmdlet, in the words of the help.</summary>
internal sealed class CmdletShape(CmdletInfo cmdlet)
{
    /// <summary>The name.</summary>
    public string Name => cmdlet.Name;

    /// <summary>The parameters that are its own; -WhatIf and -Confirm are among them where it has them.</summary>
    public IReadOnlyList<ParameterMetadata> Parameters { get; } =
        [.. cmdlet.Parameters.Values.Where(parameter => !Cmdlet.CommonParameters.Contains(parameter.Name)).OrderBy(parameter => parameter.Name, StringComparer.Ordinal)];

    /// <summary>The types that it says it writes.</summary>
    public IEnumerable<string> OutputTypes => cmdlet.OutputType.Select(type => type.Name);

    /// <summary>The parameter sets: the default one first, then by their names.</summary>
    public IEnumerable<CommandParameterSetInfo> Sets => cmdlet.ParameterSets;

    /// <summary>How a set is written, without the common parameters.</summary>
    public string Syntax(CommandParameterSetInfo set) => $"{Name} {set}".Replace(" [<CommonParameters>]", string.Empty, StringComparison.Ordinal);

    /// <summary>A parameter's type, by its full name; a value that may be left out counts as the value.</summary>
    public static string TypeName(ParameterMetadata parameter) => (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType).FullName!;

    /// <summary>The words that a parameter takes, where it takes words.</summary>
    public static IEnumerable<string> Values(ParameterMetadata parameter)
    {
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        type = type.IsArray ? type.GetElementType()! : type;
        return type.IsEnum ? type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name) : [];
    }

    /// <summary>Whether a parameter says that wildcards are expanded.</summary>
    public static bool HasWildcards(ParameterMetadata parameter) => parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any();

    /// <summary>How a parameter is bound, a line for each set that names it; one for all where it belongs to none.</summary>
    public static IEnumerable<string> Bindings(ParameterMetadata parameter) => parameter.ParameterSets
        .OrderBy(set => set.Key, StringComparer.Ordinal)
        .Select(set => $"{(set.Key == ParameterAttribute.AllParameterSets ? "(All)" : set.Key)}: position {Position(set.Value)}, "
            + $"required {Word(set.Value.IsMandatory)}, by value {Word(set.Value.ValueFromPipeline)}, "
            + $"by property name {Word(set.Value.ValueFromPipelineByPropertyName)}, the rest {Word(set.Value.ValueFromRemainingArguments)}");

    /// <summary>A parameter as it is in a set, as MAML says it; the default is not PowerShell's to know.</summary>
    public ParameterFact Fact(CommandParameterInfo parameter)
    {
        ParameterMetadata metadata = Parameters.Single(candidate => candidate.Name == parameter.Name);
        string[] sources = [.. new[] { (parameter.ValueFromPipeline, "ByValue"), (parameter.ValueFromPipelineByPropertyName, "ByPropertyName") }
            .Where(source => source.Item1)
            .Select(source => source.Item2)];
        return new ParameterFact(
            parameter.Name,
            TypeName(metadata),
            parameter.IsMandatory,
            parameter.Position < 0 ? "named" : $"{parameter.Position}",
            string.Join(", ", sources),
            HasWildcards(metadata),
            string.Join(", ", metadata.Aliases),
            string.Join(", ", Values(metadata)),
            DefaultValue: string.Empty);
    }

    /// <summary>A set's own parameters.</summary>
    public IEnumerable<CommandParameterInfo> OwnParameters(CommandParameterSetInfo set) =>
        set.Parameters.Where(parameter => Parameters.Any(candidate => candidate.Name == parameter.Name));

    /// <summary>The value that a parameter has before anybody gives it one, as the help writes it; empty if that says nothing.</summary>
    public string InitialValue(ParameterMetadata parameter)
    {
        if (parameter.ParameterType == typeof(SwitchParameter))
        {
            return "False";
        }

        object? value = cmdlet.ImplementingType.GetProperty(parameter.Name)?.GetValue(Activator.CreateInstance(cmdlet.ImplementingType));
        return value is null or string { Length: 0 } or Array { Length: 0 } ? string.Empty : $"{value}";
    }

    private static string Position(ParameterSetMetadata set) => set.Position < 0 ? "named" : $"{set.Position}";

    private static string Word(bool value) => value ? "true" : "false";
}
