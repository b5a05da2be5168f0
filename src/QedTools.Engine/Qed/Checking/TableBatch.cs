using System.Collections.Generic;

namespace QedTools.Qed.Checking;

/// <summary>Pieces of tables that are read together: enough of them to be worth handing to another thread.</summary>
internal sealed class TableBatch
{
    private const int MostEntries = 64 << 10;

    private readonly List<(long L1Index, TablePiece Piece)> _pieces = [];

    /// <summary>How many pieces there are.</summary>
    public int Count => _pieces.Count;

    /// <summary>How many entries all pieces have together.</summary>
    public int Entries { get; private set; }

    /// <summary>How many tables end with this batch or before it.</summary>
    public long TablesBefore { get; set; }

    /// <summary>A piece, and the entry of the L1 table that leads to its table.</summary>
    public (long L1Index, TablePiece Piece) this[int index] => _pieces[index];

    /// <summary>Adds a piece if there is room for it; the first one in any case.</summary>
    public bool TryAdd(long l1Index, TablePiece piece)
    {
        if (Count > 0 && Entries + piece.Count > MostEntries)
        {
            return false;
        }

        _pieces.Add((l1Index, piece));
        Entries += piece.Count;
        return true;
    }
}
