namespace QedTools.Qed.Checking;

/// <summary>What the repair of the tables makes of a file, or would.</summary>
/// <param name="LeakedBytes">How much of it nothing refers to afterwards.</param>
/// <param name="CopiedClusters">How many clusters are put behind its end; counted only where nothing is written.</param>
/// <param name="PaddedBytes">How much longer it becomes so that what was cut short at its end is whole.</param>
/// <param name="UsedBytes">How much of it something refers to afterwards.</param>
/// <param name="TableBytes">How much of it is tables that stay.</param>
/// <param name="ChangedTableBytes">How much of those is written anew at most.</param>
internal readonly record struct TableRepairs(long LeakedBytes, long CopiedClusters, long PaddedBytes, long UsedBytes, long TableBytes, long ChangedTableBytes);
