namespace QedTools.Tests.Support;

/// <summary>What opening a file and walking over both ends of its disk may cost, whatever it claims.</summary>
/// <param name="ReadsToOpen">How many reads opening takes at the most.</param>
/// <param name="MemoryToOpen">How much memory, in bytes.</param>
/// <param name="WalkedBytes">How long each end is, in bytes.</param>
/// <param name="ReadsToWalk">How many reads walking and reading takes at the most.</param>
/// <param name="MemoryToWalk">How much memory, in bytes.</param>
internal sealed record HostileBounds(int ReadsToOpen, long MemoryToOpen, long WalkedBytes, int ReadsToWalk, long MemoryToWalk);
