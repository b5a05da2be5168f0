using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Tests.Pester;

/// <summary>An It, as Invoke-PesterFile.ps1 reports it.</summary>
/// <param name="Name">The full name: those of the enclosing blocks and of the It, with values filled in.</param>
/// <param name="Tags">Its tags and those of the enclosing blocks.</param>
/// <param name="Result">Passed, Failed, Skipped or NotRun.</param>
/// <param name="Message">Why it failed or was skipped; includes failures of BeforeAll and AfterAll.</param>
/// <param name="Stack">The position in the scripts where it failed.</param>
/// <param name="Output">Its output.</param>
internal sealed record PesterTest(string Name, IReadOnlyList<string> Tags, string Result, string Message, string Stack, string Output)
{
    public const string Failed = "Failed";

    public static PesterTest Failure(string name, string message, string stack) => new(name, [], Failed, message, stack, "");

    public static PesterTest From(PSObject test) => new(
        Text(test, nameof(Name)),
        [.. LanguagePrimitives.GetEnumerable(test.Properties[nameof(Tags)].Value).Cast<object>().Select(tag => $"{tag}")],
        Text(test, nameof(Result)),
        Text(test, nameof(Message)),
        Text(test, nameof(Stack)),
        Text(test, nameof(Output)));

    private static string Text(PSObject test, string property) => $"{test.Properties[property].Value}";
}
