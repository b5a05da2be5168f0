namespace QedTools.Storage;

/// <summary>How far the changes that an <see cref="UndoJournal"/> knows are.</summary>
internal enum UndoState : long
{
    /// <summary>They are being made; if nobody makes them any more they were cut off.</summary>
    BeingMade = 0,

    /// <summary>All are made and on the disk.</summary>
    Complete = 1,

    /// <summary>They are being taken back.</summary>
    BeingTakenBack = 2,

    /// <summary>All are taken back.</summary>
    TakenBack = 3,
}
