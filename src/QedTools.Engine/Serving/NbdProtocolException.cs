using System;

namespace QedTools.Serving;

/// <summary>A client sent what the protocol does not allow, and nothing that it sends afterwards can be understood. Its connection ends.</summary>
/// <param name="problem">What it did.</param>
internal sealed class NbdProtocolException(string problem) : Exception(problem);
