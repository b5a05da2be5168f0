using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Compatibility;

/// <summary>Finds constructs in a script that Windows PowerShell 5.1 does not support.</summary>
internal static partial class ScriptRules
{
    private static readonly string[] NewVariables =
        ["IsWindows", "IsLinux", "IsMacOS", "IsCoreCLR", "PSStyle", "EnabledExperimentalFeatures"];

    // Instance members that scripts are likely to use, and that no type in .NET Framework 4.7.2 has.
    private static readonly string[] NewMembers =
        ["ReadExactly", "ReadAtLeast", "GetValueOrDefault", "TryAdd", "TryPop", "TryPeek", "ArgumentList", "WaitForExitAsync"];

    private static readonly Dictionary<string, string[]> NewParameters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ForEach-Object"] = ["Parallel", "ThrottleLimit", "TimeoutSeconds", "AsJob", "UseNewRunspace"],
        ["Get-Content"] = ["AsByteStream"],
        ["Set-Content"] = ["AsByteStream"],
        ["Add-Content"] = ["AsByteStream"],
        ["ConvertFrom-Json"] = ["AsHashtable", "Depth", "NoEnumerate", "DateKind"],
        ["ConvertTo-Json"] = ["AsArray", "EnumsAsStrings", "EscapeHandling"],
        ["ConvertTo-Csv"] = ["UseQuotes", "QuoteFields", "NoHeader"],
        ["Export-Csv"] = ["UseQuotes", "QuoteFields", "NoHeader"],
        ["Get-ChildItem"] = ["FollowSymlink"],
        ["Group-Object"] = ["CaseSensitive"],
        ["Import-Module"] = ["UseWindowsPowerShell", "SkipEditionCheck"],
        ["Join-Path"] = ["AdditionalChildPath", "Extension"],
        ["Measure-Object"] = ["StandardDeviation", "AllStats"],
        ["Select-Object"] = ["SkipIndex", "CaseInsensitive"],
        ["Select-String"] = ["Raw", "NoEmphasis", "Culture"],
        ["Sort-Object"] = ["Stable", "Top", "Bottom"],
        ["Split-Path"] = ["Extension", "LeafBase"],
        ["Start-Process"] = ["Environment"],
        ["Test-Connection"] = ["TargetName"],
    };

    private static readonly string[] NewCommands =
        ["Get-Error", "Get-Uptime", "Join-String", "Test-Json", "ConvertFrom-Markdown", "Show-Markdown", "Remove-Service", "Switch-Process"];

    /// <summary>The violations in a script, one string for each, with its line number.</summary>
    public static IEnumerable<string> Violations(string text, ApiIndex api)
    {
        ScriptBlockAst script = Parser.ParseInput(text, out Token[] tokens, out ParseError[] errors);
        return errors.Select(error => At(error.Extent, error.Message))
            .Concat(tokens.SelectMany(token => OfToken(token, text)))
            .Concat(script.FindAll(ast => true, searchNestedScriptBlocks: true)
                .Where(ast => !IsSkippedByVersion(ast))
                .SelectMany(ast => OfNode(ast, api)));
    }

    private static IEnumerable<string> OfToken(Token token, string text)
    {
        string? found = token switch
        {
            { Kind: TokenKind.Number } when NewNumber().IsMatch(token.Text) => "a number with a new suffix or prefix",
            { Kind: TokenKind.Pipe } when StartsLine(token, text) => "a pipeline continued with | on the next line",
            StringExpandableToken when NewEscape().IsMatch(token.Text) => "a new escape sequence",
            _ => null,
        };
        return found is null ? [] : [At(token.Extent, found)];
    }

    private static IEnumerable<string> OfNode(Ast ast, ApiIndex api)
    {
        string? found = ast switch
        {
            TernaryExpressionAst => "the operator ? :",
            PipelineChainAst => "the operator && or ||",
            BinaryExpressionAst { Operator: TokenKind.QuestionQuestion } => "the operator ??",
            AssignmentStatementAst { Operator: TokenKind.QuestionQuestionEquals } => "the operator ??=",
            MemberExpressionAst { NullConditional: true } => "the operator ?.",
            IndexExpressionAst { NullConditional: true } => "the operator ?[]",
            PipelineAst { Background: true } => "the operator & for a job",
            InvokeMemberExpressionAst { GenericTypeArguments.Count: > 0 } => "type arguments of a method",
            ScriptBlockAst { CleanBlock: not null } => "the block clean",
            VariableExpressionAst variable when IsNewVariable(variable) => $"${variable.VariablePath.UserPath}",
            CommandAst command => OfCommand(command),
            MemberExpressionAst member => OfMember(member, api),
            TypeConstraintAst constraint => OfType(constraint.TypeName, api),
            TypeExpressionAst type => OfType(type.TypeName, api),
            AttributeAst attribute => OfType(attribute.TypeName, api),
            _ => null,
        };
        return found is null ? [] : [At(ast.Extent, found)];
    }

    private static string? OfCommand(CommandAst command)
    {
        string? name = command.GetCommandName();
        if (name is null)
        {
            return null;
        }

        if (NewCommands.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return name;
        }

        string? parameter = NewParameters.GetValueOrDefault(name)?.FirstOrDefault(parameter => command.CommandElements
            .OfType<CommandParameterAst>().Any(given => string.Equals(given.ParameterName, parameter, StringComparison.OrdinalIgnoreCase)));
        return parameter is null ? null : $"{name} -{parameter}";
    }

    private static string? OfMember(MemberExpressionAst member, ApiIndex api)
    {
        if (member.Member is not StringConstantExpressionAst { Value: var name })
        {
            return null;
        }

        if (!member.Static)
        {
            return NewMembers.Contains(name, StringComparer.OrdinalIgnoreCase) ? $"the member {name}" : null;
        }

        if (member.Expression is not TypeExpressionAst { TypeName: var typeName } || KnownName(typeName) is not { } type || !api.HasType(type))
        {
            return null;
        }

        if (typeName is ArrayTypeName)
        {
            return null;
        }

        int? arguments = member is InvokeMemberExpressionAst call ? call.Arguments?.Count ?? 0 : null;
        return api.HasMember(type, name, arguments) ? null : $"[{typeName.FullName}]::{name}{(arguments is { } count ? $" of {count} arguments" : "")}";
    }

    private static string? OfType(ITypeName name, ApiIndex api) =>
        KnownName(name) is not { } type || api.HasType(type) ? null : $"the type {type}";

    // The full name of a type in .NET or in PowerShell's engine; null for types in QedTools and those that the script declares.
    private static string? KnownName(ITypeName name)
    {
        Type? type = name.GetReflectionType() ?? name.GetReflectionAttributeType();
        while (type?.HasElementType == true)
        {
            type = type.GetElementType();
        }

        if (type is { IsGenericType: true })
        {
            type = type.GetGenericTypeDefinition();
        }

        bool isOfHost = type is not null
            && (type.Assembly == typeof(object).Assembly || type.Assembly.GetName().Name!.StartsWith("System.", StringComparison.Ordinal));
        return isOfHost ? type!.FullName : null;
    }

    private static bool IsNewVariable(VariableExpressionAst variable) =>
        NewVariables.Contains(variable.VariablePath.UserPath, StringComparer.OrdinalIgnoreCase)
        && variable.Parent is not AssignmentStatementAst;

    // Whether the node is inside an It or Describe that Skip-TestWithout skips before version 7: the newer constructs are allowed there.
    private static bool IsSkippedByVersion(Ast ast)
    {
        for (Ast? outer = ast; outer is not null; outer = outer.Parent)
        {
            if (outer is CommandAst block
                && block.GetCommandName() is "It" or "Describe"
                && outer.Find(inner => inner is CommandAst skip && skip.GetCommandName() == "Skip-TestWithout" && skip.Extent.Text.Contains("PowerShell7", StringComparison.Ordinal), searchNestedScriptBlocks: true) is { } found
                && IsOwn(found, outer))
            {
                return true;
            }
        }

        return false;
    }

    // Whether the skip belongs to this block, not to another It inside the same Describe.
    private static bool IsOwn(Ast skip, Ast block)
    {
        Ast outer = skip.Parent;
        while (outer is not CommandAst { CommandElements: [StringConstantExpressionAst { Value: "It" or "Describe" }, ..] })
        {
            outer = outer.Parent;
        }

        return ReferenceEquals(outer, block);
    }

    private static bool StartsLine(Token token, string text)
    {
        int start = token.Extent.StartOffset;
        int line = start == 0 ? 0 : text.LastIndexOf('\n', start - 1) + 1;
        return string.IsNullOrWhiteSpace(text[line..start]);
    }

    private static string At(IScriptExtent extent, string found) => $"line {extent.StartLineNumber}: {found}";

    [GeneratedRegex(@"^(0b|0x[0-9a-f]+(ul?|us|uy|s|y|n)(kb|mb|gb|tb|pb)?$|[\d.]+(e[+-]?\d+)?(ul?|us|uy|s|y|n)(kb|mb|gb|tb|pb)?$)", RegexOptions.IgnoreCase)]
    private static partial Regex NewNumber();

    [GeneratedRegex(@"(?<!`)(``)*`(u\{|e)")]
    private static partial Regex NewEscape();
}
