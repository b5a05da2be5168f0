using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Reflection;

namespace QedTools.Tests.Help;

/// <summary>What PowerShell knows about a cmdlet, in the terms of the help.</summary>
internal sealed class CmdletShape(CmdletInfo cmdlet)
{
    /// <summary>The name.</summary>
    public string Name => cmdlet.Name;

    /// <summary>The parameters except the common ones; includes -WhatIf and -Confirm if the cmdlet has them.</summary>
    public IReadOnlyList<ParameterMetadata> Parameters { get; } =
        [.. cmdlet.Parameters.Values.Where(parameter => !Cmdlet.CommonParameters.Contains(parameter.Name)).OrderBy(parameter => parameter.Name, StringComparer.Ordinal)];

    /// <summary>The declared output types.</summary>
    public IEnumerable<string> OutputTypes => cmdlet.OutputType.Select(type => type.Name);

    /// <summary>The parameter sets: the default one first, then by name.</summary>
    public IEnumerable<CommandParameterSetInfo> Sets => cmdlet.ParameterSets;

    /// <summary>The syntax of a set, without the common parameters.</summary>
    public string Syntax(CommandParameterSetInfo set) => $"{Name} {set}".Replace(" [<CommonParameters>]", string.Empty, StringComparison.Ordinal);

    /// <summary>The full name of a parameter's type; the underlying type if it is nullable.</summary>
    public static string TypeName(ParameterMetadata parameter) => (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType).FullName!;

    /// <summary>The values that a parameter accepts if it is an enumeration; otherwise none.</summary>
    public static IEnumerable<string> Values(ParameterMetadata parameter)
    {
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        type = type.IsArray ? type.GetElementType()! : type;
        return type.IsEnum ? type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name) : [];
    }

    /// <summary>Whether a parameter is declared to support wildcards.</summary>
    public static bool HasWildcards(ParameterMetadata parameter) => parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any();

    /// <summary>How a parameter is bound: a line for each set that names it, or one line for all sets.</summary>
    public static IEnumerable<string> Bindings(ParameterMetadata parameter) => parameter.ParameterSets
        .OrderBy(set => set.Key, StringComparer.Ordinal)
        .Select(set => $"{(set.Key == ParameterAttribute.AllParameterSets ? "(All)" : set.Key)}: position {Position(set.Value)}, "
            + $"required {Word(set.Value.IsMandatory)}, by value {Word(set.Value.ValueFromPipeline)}, "
            + $"by property name {Word(set.Value.ValueFromPipelineByPropertyName)}, the rest {Word(set.Value.ValueFromRemainingArguments)}");

    /// <summary>A parameter in a set, in MAML's terms; PowerShell does not know its default.</summary>
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

    /// <summary>The parameters of a set, without the common ones.</summary>
    public IEnumerable<CommandParameterInfo> OwnParameters(CommandParameterSetInfo set) =>
        set.Parameters.Where(parameter => Parameters.Any(candidate => candidate.Name == parameter.Name));

    /// <summary>The value that a parameter has when it is not given, as the help writes it; empty if there is none.</summary>
    public string InitialValue(ParameterMetadata parameter)
    {
        if (parameter.ParameterType == typeof(SwitchParameter))
        {
            return "False";
        }

        object? value = cmdlet.ImplementingType.GetProperty(parameter.Name)?.GetValue(Activator.CreateInstance(cmdlet.ImplementingType));
        return value is Array items ? string.Join(", ", items.Cast<object>()) : $"{value}";
    }

    private static string Position(ParameterSetMetadata set) => set.Position < 0 ? "named" : $"{set.Position}";

    private static string Word(bool value) => value ? "true" : "false";
}
