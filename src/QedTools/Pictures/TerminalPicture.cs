using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Pictures;

/// <summary>Draws a map as lines of text.</summary>
internal sealed class TerminalPicture
{
    private const string More = "...";
    private const string Gap = "  ";

    // Columns of numbers are dropped before labels become narrower than this.
    private const int MinLabelWidth = 24;

    private readonly MapPicture _picture;
    private readonly TerminalLayout _layout;
    private readonly TerminalStyle _style;
    private readonly TerminalGlyphs _glyphs;

    /// <param name="picture">The picture, over the layout's grid.</param>
    /// <param name="layout">The layout.</param>
    /// <param name="style">The style of the picture; the same that the layout was made for.</param>
    public TerminalPicture(MapPicture picture, TerminalLayout layout, TerminalStyle style)
    {
        _picture = picture;
        _layout = layout;
        _style = style;
        _glyphs = new TerminalGlyphs(style, picture.Subject.IsChain);
    }

    /// <summary>The lines, from top to bottom.</summary>
    public IEnumerable<string> Lines()
    {
        IEnumerable<string> lines = Header();
        if (_picture.Grid.Count > 0)
        {
            lines = lines.Append(string.Empty).Concat(Map()).Append(string.Empty).Concat(Legend()).Append(string.Empty).Concat(Key());
        }

        return lines;
    }

    private TerminalLine Line() => new(_style.Color);

    private IEnumerable<string> Header()
    {
        string name = _style.Ascii ? PrintableText.InAscii(_picture.Subject.Name) : PrintableText.Of(_picture.Subject.Name);
        string facts = MapText.Facts(_picture);
        if (DisplayText.Columns(name) + 2 + facts.Length <= _style.Width)
        {
            yield return Line().Add(name, TerminalPalette.Strong).Add(": " + facts).ToString();
            yield break;
        }

        yield return Line().Add(DisplayText.Fit(name, _style.Width - 1, More), TerminalPalette.Strong).Add(":").ToString();
        foreach (string line in DisplayText.Wrap(facts, _style.Width))
        {
            yield return line;
        }
    }

    private IEnumerable<string> Map()
    {
        if (Ticks() is { } ticks)
        {
            yield return ticks;
        }

        CellGrid grid = _picture.Grid;
        for (int row = 0; row < grid.Rows; row++)
        {
            TerminalLine line = Line();
            if (_layout.LabelWidth > 0)
            {
                line.Add(_layout.RowNames[row].PadLeft(_layout.LabelWidth), TerminalPalette.Muted).Add(" ");
            }

            int end = Math.Min(grid.Count, (row + 1) * grid.Columns);
            for (int index = row * grid.Columns; index < end; index++)
            {
                line.Add(_glyphs.Of(_picture[index]));
            }

            yield return line.ToString();
        }
    }

    // The offsets of columns within a row. The first character of a label is above its cell.
    private string? Ticks()
    {
        CellGrid grid = _picture.Grid;
        int columns = Math.Min(grid.Columns, grid.Count);
        for (int step = 8; _layout.LabelWidth > 0 && step < columns; step *= 2)
        {
            OffsetRuler ruler = new(0, grid.CellSize * step);
            int count = (columns - 1) / step + 1;
            if (ruler.WidthOf(count) + 2 >= step)
            {
                continue;
            }

            string ticks = new(' ', _layout.LabelWidth + 1);
            for (int i = 0; i < count; i++)
            {
                string name = "+" + ruler[i];
                ticks += i < count - 1 ? name.PadRight(step) : ticks.Length + name.Length <= _style.Width ? name : string.Empty;
            }

            return Line().Add(ticks.TrimEnd(), TerminalPalette.Muted).ToString();
        }

        return null;
    }

    private IEnumerable<string> Legend()
    {
        IReadOnlyList<LegendEntry> entries = MapText.Legend(_picture, _style.Ascii);
        int widest = entries.Max(entry => DisplayText.Columns(entry.Label));
        string[] numbers = Numbers(entries, _style.Width - 2 - Math.Min(widest, MinLabelWidth));
        int width = Math.Min(widest, _style.Width - 2 - numbers[0].Length);
        return entries.Select((entry, i) => Line()
            .Add(_glyphs.Of(entry.Share))
            .Add(" " + DisplayText.Pad(DisplayText.Fit(entry.Label, width, More), width) + numbers[i].TrimEnd())
            .ToString());
    }

    // As many columns of numbers as fit, all entries equally wide.
    private string[] Numbers(IReadOnlyList<LegendEntry> entries, int available)
    {
        string[] percents = Align(entries.Select(entry => MapText.Percent(entry.Bytes, _picture.Subject.Length)));
        string[] sizes = Align(entries.Select(entry => ByteSize.Format(entry.Bytes)));
        string[] counts = Align(entries.Select(entry => entry.Extents is { } count ? MapText.Count(count) : string.Empty));
        string[][] choices =
        [
            [.. entries.Select((entry, i) => Gap + sizes[i] + Gap + percents[i] + Gap + counts[i] + UnitOf(entry).PadRight(8))],
            [.. entries.Select((entry, i) => Gap + sizes[i] + Gap + percents[i])],
            [.. percents.Select(percent => " " + percent)],
        ];
        return Array.Find(choices, choice => choice[0].Length <= available) ?? choices[choices.Length - 1];

        static string UnitOf(LegendEntry entry) => entry.Extents switch { null => string.Empty, 1 => " extent", _ => " extents" };
    }

    private IEnumerable<string> Key() => DisplayText.Wrap(_glyphs.Explain(_picture), _style.Width);

    private static string[] Align(IEnumerable<string> texts)
    {
        string[] all = [.. texts];
        int width = all.Max(text => text.Length);
        return [.. all.Select(text => text.PadLeft(width))];
    }
}
