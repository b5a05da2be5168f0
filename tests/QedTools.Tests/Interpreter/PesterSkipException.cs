namespace QedTools.Tests.Interpreter;

/// <summary>How Set-ItResult -Skipped leaves a test.</summary>
/// <param name="reason">Why the test cannot run here.</param>
internal sealed class PesterSkipException(string reason) : PesterException(reason);
