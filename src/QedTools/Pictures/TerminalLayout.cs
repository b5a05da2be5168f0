using System;

namespace QedTools.Pictures;

/// <summary>The layout of a picture in the terminal: offset labels on the left, cells to the right of them.</summary>
internal sealed class TerminalLayout
{
    // Rows whose length is a multiple of this begin at rounder offsets.
    private const int ColumnUnit = 8;

    private TerminalLayout(CellGrid grid, OffsetRuler rows, int labelWidth)
    {
        Grid = grid;
        RowNames = rows;
        LabelWidth = labelWidth;
    }

    /// <summary>The cells.</summary>
    public CellGrid Grid { get; }

    /// <summary>The labels of the rows' offsets.</summary>
    public OffsetRuler RowNames { get; }

    /// <summary>The columns that the labels take; 0 if there is no space for them.</summary>
    public int LabelWidth { get; }

    /// <summary>Finds the layout with as many cells as fit.</summary>
    public static TerminalLayout Fit(MapSubject subject, TerminalStyle style)
    {
        // Fewer columns can make labels longer, so start with short labels and allow longer ones step by step.
        for (int labelWidth = 1; labelWidth < style.Width / 2; labelWidth++)
        {
            CellGrid grid = GridOf(style.Width - labelWidth - 1);
            OffsetRuler rows = new(grid.Origin, grid.RowSize);
            if (grid.Count == 0 || rows.WidthOf(grid.Rows) <= labelWidth)
            {
                return new TerminalLayout(grid, rows, labelWidth);
            }
        }

        CellGrid whole = GridOf(style.Width);
        return new TerminalLayout(whole, new OffsetRuler(whole.Origin, whole.RowSize), labelWidth: 0);

        CellGrid GridOf(int columns) => CellGrid.Over(
            subject.Offset, subject.Length, subject.ClusterSize, Math.Max(columns / ColumnUnit, 1) * ColumnUnit, style.Rows);
    }
}
