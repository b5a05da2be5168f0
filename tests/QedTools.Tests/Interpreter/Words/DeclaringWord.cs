using System.Collections;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>What Describe, Context and It have in common: a name, tags, -Skip and rows.</summary>
public abstract class DeclaringWord : PesterWord
{
    /// <summary>The name, which may hold templates.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Name { get; set; } = "";

    /// <summary>Tags; FullShell is the one with a meaning here.</summary>
    [Parameter]
    [Alias("Tags")]
    public string[] Tag { get; set; } = [];

    /// <summary>Whether to skip it.</summary>
    [Parameter]
    public SwitchParameter Skip { get; set; }

    /// <summary>One block or test is declared per element; none if there is none.</summary>
    [Parameter]
    [Alias("TestCases")]
    [AllowNull]
    [AllowEmptyCollection]
    public object? ForEach { get; set; }

    private protected Declaration Declare(ScriptBlock body) => new(MyInvocation, Name, body, Tag, Skip, Rows());

    private object?[] Rows()
    {
        if (!MyInvocation.BoundParameters.ContainsKey(nameof(ForEach)))
        {
            return [null];
        }

        // PowerShell's own idea of what has elements: a dictionary or a string is one row.
        IEnumerable? rows = LanguagePrimitives.GetEnumerable(ForEach);
        return rows is not null ? [.. rows.Cast<object?>()] : ForEach is null ? [] : [ForEach];
    }
}
