namespace QedTools.Tests.Serving;

/// <summary>The form of requests and replies that the client negotiates.</summary>
public enum HeaderStyle
{
    Simple,
    Structured,
    Extended,
}
