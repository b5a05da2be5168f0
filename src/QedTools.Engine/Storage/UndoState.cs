namespace QedTools.Storage;

/// <summary>The state of the changes that a backup can undo.</summary>
/// <remarks>Each value is eight letters, so that it can be read in the file and no small damage turns one into another.</remarks>
internal enum UndoState : long
{
    /// <summary>They are being made; if no process is making them any more, they were interrupted. "CHANGING".</summary>
    Changing = 0x474E49474E414843,

    /// <summary>All are made and on the disk. "COMPLETE".</summary>
    Complete = 0x4554454C504D4F43,

    /// <summary>They are being undone. "REVERTIN".</summary>
    RestoreInProgress = 0x4E49545245564552,

    /// <summary>All are undone. "REVERTED".</summary>
    Restored = 0x4445545245564552,
}
