using System;

namespace QedTools.Pictures;

/// <summary>What goes where in an SVG picture. All lengths are in its user units, which are pixels unless it is scaled.</summary>
internal sealed class SvgLayout
{
    /// <summary>The width that a picture must have.</summary>
    public const int LeastWidth = 480;

    /// <summary>The room around everything.</summary>
    public const int Margin = 24;

    /// <summary>Where the cells begin from the top.</summary>
    public const int MapTop = 108;

    /// <summary>The width of a character of usual text; a guess, as fonts differ.</summary>
    public const double CharacterWidth = 7.2;

    /// <summary>The same of small text.</summary>
    public const double SmallCharacterWidth = 6.4;

    private const double LeastCellWidth = 8;
    private const int ColumnUnit = 8;
    private const int LabelGap = 10;

    private SvgLayout(int width, CellGrid grid, OffsetRuler rows, double labelWidth)
    {
        Width = width;
        Grid = grid;
        RowNames = rows;
        MapLeft = Margin + labelWidth + LabelGap;
        double room = width - Margin - MapLeft;
        CellWidth = room / (grid.Rows == 1 ? grid.Count : grid.Columns);
    }

    /// <summary>The picture's width.</summary>
    public int Width { get; }

    /// <summary>The cells.</summary>
    public CellGrid Grid { get; }

    /// <summary>The names of the rows' offsets, which end a little before <see cref="MapLeft"/>.</summary>
    public OffsetRuler RowNames { get; }

    /// <summary>Where the cells begin from the left.</summary>
    public double MapLeft { get; }

    /// <summary>The width of a cell. Those of a single row share the whole width.</summary>
    public double CellWidth { get; }

    /// <summary>The height of a cell.</summary>
    public int CellHeight => Grid.Rows == 1 ? 44 : 20;

    /// <summary>From the top of a row to the top of the next one.</summary>
    public int RowPitch => CellHeight + 4;

    /// <summary>Where the rows end from the top.</summary>
    public int MapBottom => Grid.Rows == 0 ? MapTop - 32 : MapTop + Grid.Rows * RowPitch;

    /// <summary>Finds the layout with as many cells as fit.</summary>
    /// <param name="subject">What is to be drawn.</param>
    /// <param name="width">The picture's width; at least <see cref="LeastWidth"/>.</param>
    /// <param name="rows">Rows of cells that there may be.</param>
    public static SvgLayout Fit(MapSubject subject, int width, int rows)
    {
        // Fewer columns can make names longer, so begin with short names and give way to the longer ones.
        for (int characters = 1; ; characters++)
        {
            double labelWidth = characters * CharacterWidth;
            int cells = (int)((width - 2 * Margin - labelWidth - LabelGap) / LeastCellWidth);
            CellGrid grid = CellGrid.Over(
                subject.Offset, subject.Length, subject.ClusterSize, Math.Max(cells / ColumnUnit, 1) * ColumnUnit, rows);
            OffsetRuler names = new(grid.Origin, grid.RowSize);
            if (grid.Count == 0 || names.WidthOf(grid.Rows) <= characters)
            {
                return new SvgLayout(width, grid, names, labelWidth);
            }
        }
    }
}
