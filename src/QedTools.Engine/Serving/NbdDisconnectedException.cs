using System;

namespace QedTools.Serving;

/// <summary>A client is gone: nothing can be received from it or sent to it any more.</summary>
/// <param name="innerException">The cause; null if it just ended the connection in the middle of something.</param>
internal sealed class NbdDisconnectedException(Exception? innerException = null) : Exception("The connection has ended.", innerException);
