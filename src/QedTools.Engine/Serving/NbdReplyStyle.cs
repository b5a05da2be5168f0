namespace QedTools.Serving;

/// <summary>The form of requests and replies that was agreed on.</summary>
internal enum NbdReplyStyle
{
    /// <summary>One header, and the data if there was no error.</summary>
    Simple,

    /// <summary>Chunks.</summary>
    Structured,

    /// <summary>Chunks, with 64-bit lengths in requests and replies.</summary>
    Extended,
}
