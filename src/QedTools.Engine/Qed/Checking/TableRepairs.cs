namespace QedTools.Qed.Checking;

/// <summary>The effect of a repair of the tables on a file, whether done or only planned.</summary>
/// <param name="LeakedBytes">How much of it nothing refers to afterwards.</param>
/// <param name="CopiedClusters">How many clusters are appended to it; counted only if nothing is written.</param>
/// <param name="PaddedBytes">How much is added at its end to pad what was cut short there.</param>
/// <param name="UsedBytes">How much of it something refers to afterwards.</param>
/// <param name="TableBytes">How much of it is taken by tables that stay.</param>
/// <param name="ChangedTableBytes">The most of those that is rewritten.</param>
internal readonly record struct TableRepairs(long LeakedBytes, long CopiedClusters, long PaddedBytes, long UsedBytes, long TableBytes, long ChangedTableBytes);
