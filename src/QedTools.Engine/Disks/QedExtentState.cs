namespace QedTools;

/// <summary>What a stretch of a virtual disk holds.</summary>
public enum QedExtentState
{
    /// <summary>Nothing is stored: it reads as the backing file does, and as zeroes without one.</summary>
    Unallocated = 0,

    /// <summary>Zeroes, without data stored for them.</summary>
    Zero = 1,

    /// <summary>Data stored in the file.</summary>
    Data = 2,

    /// <summary>It cannot be told or read what is there: the tables are damaged, or the file was cut short.</summary>
    Damaged = 3,
}
