namespace QedTools;

/// <summary>What a range of a virtual disk holds.</summary>
public enum QedExtentState
{
    /// <summary>Nothing is stored: it reads as the backing file does, or as zeroes without one.</summary>
    Unallocated = 0,

    /// <summary>Zeroes, without stored data.</summary>
    Zero = 1,

    /// <summary>Data stored in the file.</summary>
    Data = 2,

    /// <summary>The contents cannot be determined or read: the tables are damaged, or the file was truncated.</summary>
    Damaged = 3,
}
