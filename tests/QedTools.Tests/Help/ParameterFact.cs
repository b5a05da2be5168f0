namespace QedTools.Tests.Help;

/// <summary>What help tells of a parameter beside its text.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type's full name.</param>
/// <param name="IsRequired">Whether it must be given.</param>
/// <param name="Position">Its position, or named.</param>
/// <param name="Pipeline">What the pipeline binds to it: ByValue, ByPropertyName.</param>
/// <param name="HasWildcards">Whether wildcards are expanded.</param>
/// <param name="Aliases">Its other names.</param>
/// <param name="Values">The values, where they are words.</param>
/// <param name="DefaultValue">The default; empty if there is none to tell.</param>
internal sealed record ParameterFact(
    string Name, string Type, bool IsRequired, string Position, string Pipeline, bool HasWildcards, string Aliases, string Values, string DefaultValue);
