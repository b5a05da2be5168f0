using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter;

/// <summary>A Describe or Context, or the file that holds them all.</summary>
/// <inheritdoc cref="PesterNode"/>
internal sealed class PesterBlock(
    PesterBlock? parent, string name, IReadOnlyList<string> tags, string? skipReason, object? data)
    : PesterNode(parent, name, tags, skipReason, data)
{
    private readonly Dictionary<SetupKind, ScriptBlock> _setups = [];

    /// <summary>Its blocks and tests, in the order of the file.</summary>
    public List<PesterNode> Children { get; } = [];

    /// <summary>The tests in it and in the blocks in it, in the order of the file.</summary>
    public IEnumerable<PesterTest> Tests => Children.SelectMany(
        child => child is PesterBlock block ? block.Tests : [(PesterTest)child]);

    /// <summary>The setup or teardown of a kind, or null.</summary>
    public ScriptBlock? Setup(SetupKind kind) => _setups.GetValueOrDefault(kind);

    /// <summary>Declares a setup or teardown.</summary>
    /// <exception cref="PesterException">There is one of that kind: Pester would forget it without a word.</exception>
    public void Declare(SetupKind kind, ScriptBlock script)
    {
        if (!_setups.TryAdd(kind, script))
        {
            throw new PesterException($"'{Name}' has a second {kind}; Pester would run only the last one.");
        }
    }
}
