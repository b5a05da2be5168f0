namespace QedTools.Storage;

/// <summary>How far the changes that a backup can take back are.</summary>
/// <remarks>The values are eight letters each, so that they can be read in the file and no damage turns one into another.</remarks>
internal enum UndoState : long
{
    /// <summary>They are being made; if nobody makes them any more they were cut off. "CHANGING".</summary>
    BeingMade = 0x474E49474E414843,

    /// <summary>All are made and on the disk. "COMPLETE".</summary>
    Complete = 0x4554454C504D4F43,

    /// <summary>They are being taken back. "REVERTIN".</summary>
    BeingTakenBack = 0x4E49545245564552,

    /// <summary>All are taken back. "REVERTED".</summary>
    TakenBack = 0x4445545245564552,
}
