namespace QedTools.Qed.Checking;

/// <summary>The result of a check and the clusters it found in use.</summary>
/// <param name="Result">The result.</param>
/// <param name="Tables">The clusters of the L1 table and of all L2 tables.</param>
/// <param name="Data">The data clusters that are not part of a table.</param>
internal sealed record ImageSurvey(QedCheckResult Result, ClusterSet Tables, ClusterSet Data)
{
    /// <summary>Whether something refers to a cluster.</summary>
    public bool IsUsed(long cluster) => Data.Contains(cluster) || Tables.Contains(cluster);
}
