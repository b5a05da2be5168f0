using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace QedTools.Tests.Interpreter;

/// <summary>The discovery phase of a file: the words call it, and it keeps the tree of blocks and tests.</summary>
internal sealed class Discovery
{
    /// <summary>The variable that leads the words to their discovery.</summary>
    public const string VariableName = "QedToolsPesterDiscovery";

    private const string FullShellTag = "FullShell";
    private const string FullShellReason =
        "FullShell: needs more of PowerShell than the embedded engine has; "
        + "real Pester runs it (pwsh ./build.ps1 -Task Test)";

    private readonly ScriptBlockAst _syntax;
    private PesterBlock _current;

    /// <summary>Prepares the discovery of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="syntax">The file, parsed.</param>
    public Discovery(string path, ScriptBlockAst syntax)
    {
        _syntax = syntax;
        _current = Root = new PesterBlock(null, FileName(path), [], null, null);
    }

    /// <summary>The block that stands for the file.</summary>
    public PesterBlock Root { get; }

    /// <summary>Whether the words may still declare; they may not while tests run.</summary>
    public bool IsOver { get; set; }

    /// <summary>A Pester file's name without what all of them end in.</summary>
    public static string FileName(string path)
    {
        const string suffix = ".Tests.ps1";
        string name = Path.GetFileName(path);
        return name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) ? name[..^suffix.Length] : name;
    }

    /// <summary>Describe or Context: declares a block, or one per row, and runs the body for what is in it.</summary>
    public void AddBlock(Declaration declaration, ScriptScope scope)
    {
        PesterBlock parent = _current;
        foreach (object? row in declaration.Rows)
        {
            PesterBlock block = new(parent, declaration.Name, declaration.Tags, SkipReason(declaration), row);
            parent.Children.Add(block);
            _current = block;
            try
            {
                scope.Open(() =>
                {
                    scope.Define(row);
                    block.Name = NameTemplate.Fill(block.Name, scope);
                    scope.DotSource(declaration.Body, row);
                });
            }
            finally
            {
                _current = parent;
            }
        }
    }

    /// <summary>It: declares a test, or one per row.</summary>
    /// <exception cref="PesterException">It stands outside of all blocks.</exception>
    public void AddTest(Declaration declaration, ScriptScope scope)
    {
        if (_current == Root)
        {
            throw new PesterException($"It '{declaration.Name}' must stand in a Describe or Context.");
        }

        foreach (object? row in declaration.Rows)
        {
            PesterTest test = new(
                _current, declaration.Name, declaration.Tags, SkipReason(declaration), row, declaration.Body);
            scope.Open(() =>
            {
                scope.Define(row);
                test.Name = NameTemplate.Fill(test.Name, scope);
            });
            _current.Children.Add(test);
        }
    }

    /// <summary>BeforeAll and its kind: declares a setup or teardown of the block it stands in.</summary>
    /// <exception cref="PesterException">It is for each test and stands outside of all blocks.</exception>
    public void AddSetup(SetupKind kind, ScriptBlock script)
    {
        if (_current == Root && kind is (SetupKind.BeforeEach or SetupKind.AfterEach))
        {
            throw new PesterException($"{kind} must stand in a Describe or Context.");
        }

        _current.Declare(kind, script);
    }

    private string? SkipReason(Declaration declaration)
    {
        if (declaration.Tags.Contains(FullShellTag, StringComparer.OrdinalIgnoreCase))
        {
            return FullShellReason;
        }

        return declaration.Skip ? $"-Skip{SkipCondition(declaration.Invocation)}" : null;
    }

    /// <summary>The text of the condition after -Skip: it says why better than "skipped" does.</summary>
    private string SkipCondition(InvocationInfo invocation)
    {
        CommandAst? command = (CommandAst?)_syntax.Find(
            ast => ast is CommandAst
                && ast.Extent.StartLineNumber == invocation.ScriptLineNumber
                && ast.Extent.StartColumnNumber == invocation.OffsetInLine,
            searchNestedScriptBlocks: true);
        Ast? condition = command?.CommandElements.OfType<CommandParameterAst>()
            .FirstOrDefault(parameter => parameter.ParameterName.Equals("Skip", StringComparison.OrdinalIgnoreCase))
            ?.Argument;
        return condition is null ? "" : $":{condition.Extent.Text}";
    }
}
