using System.Collections.Generic;

namespace QedTools.Tests.Interpreter;

/// <summary>What a Pester file declares by name: a block (Describe, Context) or a test (It).</summary>
/// <param name="parent">The block it stands in; null for the file itself.</param>
/// <param name="name">Its name, templates still in it.</param>
/// <param name="tags">Its own tags.</param>
/// <param name="skipReason">Why its own declaration says to skip it, or null.</param>
/// <param name="data">Its row of -ForEach, or null.</param>
internal abstract class PesterNode(
    PesterBlock? parent, string name, IReadOnlyList<string> tags, string? skipReason, object? data)
{
    /// <summary>The block this one stands in; null for the file itself.</summary>
    public PesterBlock? Parent { get; } = parent;

    /// <summary>The name, its templates filled in once discovery has seen the row of -ForEach.</summary>
    public string Name { get; set; } = name;

    /// <summary>Its row of -ForEach, or null.</summary>
    public object? Data { get; } = data;

    /// <summary>Its own tags and those of all blocks around it.</summary>
    public IReadOnlyList<string> Tags { get; } = [.. parent?.Tags ?? [], .. tags];

    /// <summary>Why it does not run, said here or by a block around it; null if it runs.</summary>
    public string? SkipReason { get; } = parent?.SkipReason ?? skipReason;
}
