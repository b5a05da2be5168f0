namespace QedTools;

/// <summary>What an image records about its backing file's format: the two things a QED header can say.</summary>
public enum QedBackingFormat
{
    /// <summary>Nothing: programs that open the image detect the format from the backing file's contents.</summary>
    Probe,

    /// <summary>The backing file is raw, whatever its contents look like.</summary>
    Raw,
}
