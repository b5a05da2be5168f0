using System;

namespace QedTools.Pictures;

/// <summary>The layout of an SVG picture. All lengths are in its user units, which are pixels unless the picture is scaled.</summary>
internal sealed class SvgLayout
{
    /// <summary>The minimum width of a picture.</summary>
    public const int MinWidth = 480;

    /// <summary>The margin around everything.</summary>
    public const int Margin = 24;

    /// <summary>The top of the cells.</summary>
    public const int MapTop = 108;

    /// <summary>The width of a character of normal text; an estimate, since fonts differ.</summary>
    public const double CharacterWidth = 7.2;

    /// <summary>The width of a character of small text; an estimate too.</summary>
    public const double SmallCharacterWidth = 6.4;

    private const double MinCellWidth = 8;
    private const int ColumnUnit = 8;
    private const int LabelGap = 10;

    private SvgLayout(int width, CellGrid grid, OffsetRuler rows, double labelWidth)
    {
        Width = width;
        Grid = grid;
        RowNames = rows;
        MapLeft = Margin + labelWidth + LabelGap;
        double available = width - Margin - MapLeft;
        CellWidth = available / (grid.Rows == 1 ? grid.Count : grid.Columns);
    }

    /// <summary>The picture's width.</summary>
    public int Width { get; }

    /// <summary>The cells.</summary>
    public CellGrid Grid { get; }

    /// <summary>The labels of the rows' offsets, which end a little to the left of <see cref="MapLeft"/>.</summary>
    public OffsetRuler RowNames { get; }

    /// <summary>The left edge of the cells.</summary>
    public double MapLeft { get; }

    /// <summary>The width of a cell. The cells of a single row share the whole width.</summary>
    public double CellWidth { get; }

    /// <summary>The height of a cell.</summary>
    public int CellHeight => Grid.Rows == 1 ? 44 : 20;

    /// <summary>The distance from the top of a row to the top of the next one.</summary>
    public int RowPitch => CellHeight + 4;

    /// <summary>The bottom of the rows.</summary>
    public int MapBottom => Grid.Rows == 0 ? MapTop - 32 : MapTop + Grid.Rows * RowPitch;

    /// <summary>Finds the layout with as many cells as fit.</summary>
    /// <param name="subject">The subject to draw.</param>
    /// <param name="width">The picture's width; at least <see cref="MinWidth"/>.</param>
    /// <param name="rows">The largest number of rows of cells.</param>
    public static SvgLayout Fit(MapSubject subject, int width, int rows)
    {
        // Fewer columns can make labels longer, so start with short labels and allow longer ones step by step.
        for (int characters = 1; ; characters++)
        {
            double labelWidth = characters * CharacterWidth;
            int cells = (int)((width - 2 * Margin - labelWidth - LabelGap) / MinCellWidth);
            CellGrid grid = CellGrid.Over(
                subject.Offset, subject.Length, subject.ClusterSize, Math.Max(cells / ColumnUnit, 1) * ColumnUnit, rows);
            OffsetRuler labels = new(grid.Origin, grid.RowSize);
            if (grid.Count == 0 || labels.WidthOf(grid.Rows) <= characters)
            {
                return new SvgLayout(width, grid, labels, labelWidth);
            }
        }
    }
}
