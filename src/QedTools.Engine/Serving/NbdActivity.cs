namespace QedTools.Serving;

/// <summary>What a connection is doing.</summary>
internal enum NbdActivity
{
    /// <summary>It waits for requests.</summary>
    Idle,

    /// <summary>The client has not chosen an export yet.</summary>
    Handshake,

    /// <summary>Its leader carries out a request.</summary>
    Busy,
}
