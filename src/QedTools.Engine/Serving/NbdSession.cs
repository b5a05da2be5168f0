namespace QedTools.Serving;

/// <summary>What a client and the server have agreed on.</summary>
/// <param name="Export">The disk.</param>
/// <param name="Style">The form of requests and replies.</param>
/// <param name="Contexts">What the client can ask about extents.</param>
internal sealed record NbdSession(NbdExport Export, NbdReplyStyle Style, NbdContexts Contexts);
