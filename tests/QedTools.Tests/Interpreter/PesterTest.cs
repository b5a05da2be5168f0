using System.Collections.Generic;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter;

/// <summary>An It, or one row of an It with -ForEach.</summary>
/// <param name="parent">The block it stands in.</param>
/// <param name="name">Its name, templates still in it.</param>
/// <param name="tags">Its own tags.</param>
/// <param name="skipReason">Why its own declaration says to skip it, or null.</param>
/// <param name="data">Its row of -ForEach, or null.</param>
/// <param name="body">What it runs.</param>
internal sealed class PesterTest(
    PesterBlock parent, string name, IReadOnlyList<string> tags, string? skipReason, object? data, ScriptBlock? body)
    : PesterNode(parent, name, tags, skipReason, data)
{
    /// <summary>What it runs; null for the stand-in of a file that did not get as far as declaring tests.</summary>
    public ScriptBlock? Body { get; } = body;

    /// <summary>What came out of it; null until it has run, and for good if it is skipped by its declaration.</summary>
    public PesterResult? Result { get; set; }

    /// <summary>Its name with those of the file and the blocks around it.</summary>
    public string FullName
    {
        get
        {
            string full = Name;
            for (PesterBlock? block = Parent; block is not null; block = block.Parent)
            {
                full = $"{block.Name} › {full}";
            }

            return full;
        }
    }
}
