namespace QedTools.Tests.Help;

/// <summary>The facts about a parameter that the help states, apart from its description.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type's full name.</param>
/// <param name="IsRequired">Whether it must be given.</param>
/// <param name="Position">The position, or "named".</param>
/// <param name="Pipeline">How the pipeline binds it: ByValue, ByPropertyName; empty if it does not.</param>
/// <param name="HasWildcards">Whether wildcards are expanded.</param>
/// <param name="Aliases">The aliases.</param>
/// <param name="Values">The accepted values, if the parameter is an enumeration.</param>
/// <param name="DefaultValue">The default; empty if there is none.</param>
internal sealed record ParameterFact(
    string Name, string Type, bool IsRequired, string Position, string Pipeline, bool HasWildcards, string Aliases, string Values, string DefaultValue);
