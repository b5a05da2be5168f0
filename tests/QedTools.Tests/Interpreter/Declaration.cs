using System.Collections.Generic;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter;

/// <summary>One Describe, Context or It as it stands in the file.</summary>
/// <param name="Invocation">Where it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="Body">Its script block.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Skip">Whether it says to skip.</param>
/// <param name="Rows">The rows of -ForEach; a single null without -ForEach.</param>
internal sealed record Declaration(
    InvocationInfo Invocation,
    string Name,
    ScriptBlock Body,
    IReadOnlyList<string> Tags,
    bool Skip,
    IReadOnlyList<object?> Rows);
