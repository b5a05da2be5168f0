namespace QedTools.Interchange.Vhdx.Log;

/// <summary>An entry of the log.</summary>
/// <param name="Position">Where in the log it begins, in bytes.</param>
/// <param name="Header">Its header.</param>
internal readonly record struct LogEntry(long Position, LogEntryHeader Header);
