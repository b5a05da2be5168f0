using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Interpreter;

/// <summary>What script code throws, as PowerShell's catch sees it and as a person reads it.</summary>
internal static partial class ScriptErrors
{
    /// <summary>The error record that $_ would be in a catch.</summary>
    public static ErrorRecord Record(Exception exception) => exception switch
    {
        RuntimeException { ErrorRecord: { } record } => new ErrorRecord(record, exception),
        LoopFlowException => new ErrorRecord(
            new PesterException("break or continue without a loop."), "LoopFlow", ErrorCategory.InvalidOperation, null),
        _ => new ErrorRecord(exception, exception.GetType().Name, ErrorCategory.NotSpecified, null),
    };

    /// <summary>A failure as a test result: message, place and script stack.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="where">What threw, if not the test itself: "BeforeAll of 'x'".</param>
    public static PesterResult Failure(ErrorRecord error, string? where = null)
    {
        // An assertion and `throw 'text'` say all in their message; else type and id tell which error it is.
        string message = error.Exception is PesterException || error.Exception.GetType() == typeof(RuntimeException)
            ? error.Exception.Message
            : $"{error.Exception.GetType().Name}: {error.Exception.Message} [{error.FullyQualifiedErrorId}]";
        return new PesterResult(
            PesterOutcome.Failed,
            $"{(where is null ? "" : where + " failed: ")}{message}{Place(error.InvocationInfo)}",
            string.Join('\n', Frame().Matches(error.ScriptStackTrace ?? "").Select(
                frame => $"   at {frame.Groups["name"]} in {frame.Groups["file"]}:line {frame.Groups["line"]}")),
            "");
    }

    private static string Place(InvocationInfo? invocation) => string.IsNullOrEmpty(invocation?.ScriptName)
        ? ""
        : $"\nat {Path.GetFileName(invocation.ScriptName)}:{invocation.ScriptLineNumber}: {invocation.Line.Trim()}";

    // "at <ScriptBlock>, /path/New-QedImage.Tests.ps1: line 12"; the interpreter's own frames have no file.
    [GeneratedRegex("^at (?<name>.+?), (?<file>(?!<No file>).+): line (?<line>[0-9]+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Frame();
}
