using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace QedTools.Tests.Help;

/// <summary>A parameter, as its page describes it.</summary>
internal sealed class PageParameter
{
    /// <summary>Reads a parameter from the section PARAMETERS.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="body">The text under its heading, followed by a block of YAML.</param>
    public PageParameter(string name, string body)
    {
        string[] parts = body.Split("```", 3);
        Name = name;
        Description = parts[0];
        Dictionary<string, string> values = [];
        string? list = null;
        foreach (string line in parts[1].Split('\n').Skip(1).Where(line => line.Length > 0))
        {
            string[] pair = line.TrimStart(' ', '-').Split(':', 2);
            if (line.StartsWith("- Name:", StringComparison.Ordinal))
            {
                Sets.Add(new Dictionary<string, string>());
            }

            if (list is "Aliases" or "AcceptedValues" && line[0] == '-')
            {
                (list == "Aliases" ? Aliases : AcceptedValues).Add(pair[0]);
            }
            else if (line[0] is ' ' or '-')
            {
                Sets[^1].Add(pair[0], pair[1].Trim());
            }
            else
            {
                list = pair[0];
                values.Add(pair[0], pair[1].Trim().Trim('\''));
            }
        }

        Type = values["Type"];
        DefaultValue = values["DefaultValue"];
        SupportsWildcards = bool.Parse(values["SupportsWildcards"]);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The text, in markdown.</summary>
    public string Description { get; }

    /// <summary>The type's full name.</summary>
    public string Type { get; }

    /// <summary>The default; empty if there is none.</summary>
    public string DefaultValue { get; }

    /// <summary>Whether wildcards are expanded.</summary>
    public bool SupportsWildcards { get; }

    /// <summary>The aliases.</summary>
    public List<string> Aliases { get; } = [];

    /// <summary>The accepted values, if the parameter is an enumeration.</summary>
    public List<string> AcceptedValues { get; } = [];

    /// <summary>How it is bound in each parameter set, or in all of them under the name (All).</summary>
    public List<Dictionary<string, string>> Sets { get; } = [];

    /// <summary>How it is bound, in the form of <see cref="MamlCommand"/>.</summary>
    /// <param name="set">The parameter set; null for all sets combined.</param>
    public string Fact(string? set)
    {
        Dictionary<string, string>[] sets = [.. Sets.Where(candidate => set is null || candidate["Name"] == set || candidate["Name"] == "(All)")];
        if (sets.Length == 0)
        {
            throw new InvalidDataException($"-{Name} appears in the syntax of {set}, but is not in that parameter set.");
        }

        string pipeline = string.Join(", ", new[] { ("ValueFromPipeline", "ByValue"), ("ValueFromPipelineByPropertyName", "ByPropertyName") }
            .Where(source => sets.Any(binding => binding[source.Item1] == "true"))
            .Select(source => source.Item2));
        return new ParameterFact(
            Name,
            Type,
            IsRequired: sets.Any(binding => binding["IsRequired"] == "true"),
            sets[0]["Position"].ToLowerInvariant(),
            pipeline,
            SupportsWildcards,
            string.Join(", ", Aliases),
            string.Join(", ", AcceptedValues),
            DefaultValue).ToString();
    }

    /// <summary>How it is bound in a set, in the form of <see cref="CmdletShape"/>.</summary>
    public static string Binding(Dictionary<string, string> set) =>
        $"{set["Name"]}: position {set["Position"].ToLowerInvariant()}, required {set["IsRequired"]}, by value {set["ValueFromPipeline"]}, "
        + $"by property name {set["ValueFromPipelineByPropertyName"]}, the rest {set["ValueFromRemainingArguments"]}";
}
