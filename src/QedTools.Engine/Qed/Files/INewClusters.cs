namespace QedTools.Qed.Files;

/// <summary>The clusters that a writer has allocated since it was created, or since the file was last packed.</summary>
internal interface INewClusters
{
    /// <summary>The end of the last one, in bytes. The file may not have grown that far yet. 0 if there is none.</summary>
    long GrownEnd { get; }

    /// <summary>Whether an offset in the file is inside them. They read as zeroes until they are written.</summary>
    /// <param name="offset">The offset, in bytes.</param>
    bool IsNew(long offset);
}
