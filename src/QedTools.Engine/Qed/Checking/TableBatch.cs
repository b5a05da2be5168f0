using System.Collections.Generic;

namespace QedTools.Qed.Checking;

/// <summary>Pieces of tables that are read together, enough of them to be worth passing to another thread.</summary>
internal sealed class TableBatch
{
    /// <summary>How many entries all pieces of a batch have together at most; a piece of a table has no more.</summary>
    public const int MaxEntries = 64 << 10;

    private readonly List<(long L1Index, TablePiece Piece)> _pieces = [];

    /// <summary>How many pieces there are.</summary>
    public int Count => _pieces.Count;

    /// <summary>How many entries all pieces have together.</summary>
    public int Entries { get; private set; }

    /// <summary>How many tables end in this batch or an earlier one.</summary>
    public long TablesBefore { get; set; }

    /// <summary>A piece, and the index of the L1 entry that points to its table.</summary>
    public (long L1Index, TablePiece Piece) this[int index] => _pieces[index];

    /// <summary>Adds a piece if there is space for it. The first one is always added.</summary>
    public bool TryAdd(long l1Index, TablePiece piece)
    {
        if (Count > 0 && Entries + piece.Count > MaxEntries)
        {
            return false;
        }

        _pieces.Add((l1Index, piece));
        Entries += piece.Count;
        return true;
    }
}
