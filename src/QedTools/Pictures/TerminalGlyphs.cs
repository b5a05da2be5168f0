namespace QedTools.Pictures;

/// <summary>Chooses the character for a cell. Layers are distinguished by colour, or by letters if there is no colour.</summary>
internal sealed class TerminalGlyphs
{
    // All of these are in the console code pages 437 and 850 and in console fonts.
    private const string Blocks = "░▒▓█";
    private const string AsciiBlocks = ":+*#";

    private readonly string _shades;
    private readonly char _unallocated;
    private readonly bool _byLetter;

    /// <param name="style">The style of the picture.</param>
    /// <param name="isChain">Whether layers are distinguished.</param>
    public TerminalGlyphs(TerminalStyle style, bool isChain)
    {
        _shades = style.Ascii ? AsciiBlocks : Blocks;
        _unallocated = style.Ascii ? '.' : '·';
        _byLetter = isChain && (style.Ascii || !style.Color);
    }

    /// <summary>All characters that are not ASCII, to test whether an encoding has them.</summary>
    public static string NonAscii => Blocks + "·▀";

    /// <summary>The glyph that stands for a share in a legend.</summary>
    public TerminalGlyph Of(int share) => share switch
    {
        MapShare.Zero => new('0', TerminalPalette.Plain),
        MapShare.Unallocated => new(_unallocated, TerminalPalette.Faint),
        MapShare.Unknown => new('?', TerminalPalette.Alert),
        _ => new(_byLetter ? Letter(share, isFull: true) : _shades[_shades.Length - 1], TerminalPalette.Layer(share)),
    };

    /// <summary>The glyph for a cell. Data takes precedence: it is shown however little there is.</summary>
    public TerminalGlyph Of(in MapCell cell)
    {
        long data = cell.Data;
        if (data == 0)
        {
            return cell.Unknown > 0 ? Of(MapShare.Unknown)
                : cell.Zero == cell.Length ? Of(MapShare.Zero)
                : cell.Zero > 0 ? new('o', TerminalPalette.Plain)
                : Of(MapShare.Unallocated);
        }

        (int most, int other) = LayersOf(cell);
        if (other != most)
        {
            return _byLetter
                ? new('&', TerminalPalette.Plain)
                : new('▀', TerminalPalette.Layer(System.Math.Min(most, other), System.Math.Max(most, other)));
        }

        bool isFull = data == cell.Length;
        int shade = isFull ? 3 : (int)((decimal)data * 3 / cell.Length);
        return new(_byLetter ? Letter(most, isFull) : _shades[shade], TerminalPalette.Layer(most));
    }

    /// <summary>Explains the glyphs of cells that the legend does not.</summary>
    public string Explain(MapPicture picture)
    {
        bool isMixed = false;
        bool isPartly = false;
        bool isPartlyZero = false;
        for (int i = 0; i < picture.Grid.Count; i++)
        {
            MapCell cell = picture[i];
            (int most, int other) = LayersOf(cell);
            isMixed |= most != other;
            isPartly |= most == other && cell.Data > 0 && cell.Data < cell.Length;
            isPartlyZero |= cell.Data == 0 && cell.Zero > 0 && cell.Zero < cell.Length;
        }

        string text = MapText.CellSize(picture);
        if (isPartly)
        {
            text += _byLetter
                ? " A small letter is a cell that is not all data."
                : $" {_shades[0]} {_shades[1]} {_shades[2]} {_shades[3]}: less than one third of the cell is data, less than two thirds, less than all, all.";
        }

        if (isMixed)
        {
            text += _byLetter
                ? " & is a cell with data of several layers."
                : " A cell in two colours has data of several layers; it shows the one with the most and the uppermost of the others.";
        }

        return isPartlyZero ? text + " o is a cell that is zero in part and has no data." : text;
    }

    // The layer with the most data, and the uppermost other layer with data; the same layer twice if there is no other.
    private static (int Most, int Other) LayersOf(in MapCell cell)
    {
        int most = 0;
        for (int share = 1; share < MapShare.Layers; share++)
        {
            most = cell[share] > cell[most] ? share : most;
        }

        for (int share = 0; share < MapShare.Layers; share++)
        {
            if (share != most && cell[share] > 0)
            {
                return (most, share);
            }
        }

        return (most, most);
    }

    private static char Letter(int share, bool isFull) => (char)((isFull ? 'A' : 'a') + share);
}
