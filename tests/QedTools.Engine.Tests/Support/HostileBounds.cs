namespace QedTools.Tests.Support;

/// <summary>What opening a file and walking over both ends of its disk may cost, whatever it claims.</summary>
/// <param name="ReadsToOpen">The largest number of reads for opening.</param>
/// <param name="MemoryToOpen">The most memory that opening may allocate, in bytes.</param>
/// <param name="WalkedBytes">The length of each end that is walked, in bytes.</param>
/// <param name="ReadsToWalk">The largest number of reads for walking and reading.</param>
/// <param name="MemoryToWalk">The most memory that walking and reading may allocate, in bytes.</param>
internal sealed record HostileBounds(int ReadsToOpen, long MemoryToOpen, long WalkedBytes, int ReadsToWalk, long MemoryToWalk);
