namespace QedTools.Qed.Files;

/// <summary>What a writer knows of the clusters that it handed out since it began, or since the file was packed.</summary>
internal interface INewClusters
{
    /// <summary>The end of the last one, in bytes, to which the file may still have to grow; 0 if there is none.</summary>
    long GrownEnd { get; }

    /// <summary>Whether a place in the file lies in them: they read as zeroes until they are written.</summary>
    /// <param name="offset">The place, in bytes.</param>
    bool IsNew(long offset);
}
