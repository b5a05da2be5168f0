using System;

namespace QedTools.Tests.Interpreter;

/// <summary>A word of Pester used wrongly, or an assertion that does not hold.</summary>
/// <param name="message">What is wrong.</param>
internal class PesterException(string message) : Exception(message);
