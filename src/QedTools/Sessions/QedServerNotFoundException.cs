namespace QedTools;

/// <summary>This session has no server with that address.</summary>
public sealed class QedServerNotFoundException : QedException
{
    internal QedServerNotFoundException(string uri)
        : base(uri, $"This session has no server at '{uri}'. Get-QedNbdServer lists those that it has.")
    {
    }
}
