using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Xml;
using static QedTools.Pictures.SvgDocument;

namespace QedTools.Pictures;

/// <summary>Draws a map as a self-contained SVG document (https://www.w3.org/TR/SVG2).</summary>
/// <remarks>
/// Neighbouring cells that look alike become one shape, so the length of the document depends on the cells, not on the number of
/// extents.
/// </remarks>
internal sealed class SvgPicture
{
    private const string More = "\u2026";
    private const int LegendPitch = 24;
    private const int KeyPitch = 19;

    // Any share that is present is drawn at least this high.
    private const int MinShareHeight = 4;

    // Below this cluster width, a line between two clusters hides more than it shows.
    private const double MinSeamWidth = 12;

    private readonly MapPicture _picture;
    private readonly SvgLayout _layout;
    private readonly IReadOnlyList<LegendEntry> _legend;

    /// <param name="picture">The picture, over the layout's grid.</param>
    /// <param name="layout">The layout.</param>
    public SvgPicture(MapPicture picture, SvgLayout layout)
    {
        _picture = picture;
        _layout = layout;
        _legend = MapText.Legend(picture);
    }

    /// <summary>The document, in UTF-8.</summary>
    public byte[] ToBytes() => SvgDocument.ToBytes(Write);

    private void Write(XmlWriter xml)
    {
        string name = PrintableText.Of(_picture.Subject.Name);
        bool isEmpty = _picture.Grid.Count == 0;
        string[] key = isEmpty ? [] : [.. DisplayText.Wrap(Key(), (int)((_layout.Width - 2 * SvgLayout.Margin) / SvgLayout.SmallCharacterWidth))];
        int legendTop = _layout.MapBottom + 20;
        int keyTop = legendTop + (isEmpty ? 0 : _legend.Count * LegendPitch + 8);
        int height = keyTop + key.Length * KeyPitch + (isEmpty ? 0 : 12);

        Begin(xml, _layout.Width, height, $"Allocation map of {name}", Description());
        WritePatterns(xml);
        Rectangle(xml, "ground", 0, 0, _layout.Width, height);
        Text(xml, "name", SvgLayout.Margin, 44, DisplayText.Fit(name, (int)((_layout.Width - 2 * SvgLayout.Margin) / 12.5), More));
        Text(xml, "muted", SvgLayout.Margin, 68, MapText.Facts(_picture));
        if (!isEmpty)
        {
            WriteTicks(xml);
            WriteRows(xml);
            WriteLegend(xml, legendTop);
            for (int i = 0; i < key.Length; i++)
            {
                Text(xml, "muted small", SvgLayout.Margin, keyTop + 12 + i * KeyPitch, key[i]);
            }
        }

        xml.WriteEndElement();
    }

    private string Key()
    {
        string size = MapText.CellSize(_picture);
        return _picture.Grid.CellSize <= _picture.Subject.ClusterSize
            ? size
            : size + $" The height of a colour in a cell is its share of the cell; any share that is present is drawn at least {MinShareHeight} pixels high.";
    }

    private string Description()
    {
        StringBuilder text = new(MapText.Facts(_picture));
        foreach (LegendEntry entry in _legend)
        {
            string percent = MapText.Percent(entry.Bytes, _picture.Subject.Length);
            text.Append("; ").Append(entry.Label).Append(": ").Append(ByteSize.Format(entry.Bytes)).Append(" (").Append(percent).Append(')');
            text.Append(entry.Extents is { } count ? $" in {MapText.Extents(count)}" : string.Empty);
        }

        return text.Append('.').ToString();
    }

    private void WritePatterns(XmlWriter xml)
    {
        xml.WriteStartElement("defs", Namespace);
        Pattern("hatch", "rotate(45)", "hatch-ground", "line", 6, 2);
        Pattern("cross", "rotate(-45)", "ground", "alert", 8, 3);
        if (SeamDistance is { } distance)
        {
            xml.WriteStartElement("pattern", Namespace);
            xml.WriteAttributeString("id", "seams");
            xml.WriteAttributeString("patternUnits", "userSpaceOnUse");
            Attribute(xml, "x", -(_picture.Grid.Origin % _picture.Subject.ClusterSize) / (double)_picture.Grid.CellSize * _layout.CellWidth);
            Attribute(xml, "width", distance);
            Attribute(xml, "height", _layout.CellHeight);
            Rectangle(xml, "seam", 0, 0, 1, _layout.CellHeight);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();

        void Pattern(string id, string transform, string ground, string line, int distance, int width)
        {
            xml.WriteStartElement("pattern", Namespace);
            xml.WriteAttributeString("id", id);
            xml.WriteAttributeString("patternUnits", "userSpaceOnUse");
            xml.WriteAttributeString("patternTransform", transform);
            Attribute(xml, "width", distance);
            Attribute(xml, "height", distance);
            Rectangle(xml, ground, 0, 0, distance, distance);
            Rectangle(xml, line, 0, 0, width, distance);
            xml.WriteEndElement();
        }
    }

    // The distance from one cluster to the next; null if clusters are too narrow to be separated.
    private double? SeamDistance
    {
        get
        {
            double width = (double)_picture.Subject.ClusterSize / _picture.Grid.CellSize * _layout.CellWidth;
            return width >= MinSeamWidth ? width : null;
        }
    }

    private void WriteTicks(XmlWriter xml)
    {
        CellGrid grid = _picture.Grid;
        int columns = Math.Min(grid.Columns, grid.Count);
        for (int step = 1; step < columns; step *= 2)
        {
            OffsetRuler ruler = new(0, grid.CellSize * step);
            int count = (columns - 1) / step + 1;
            double distance = step * _layout.CellWidth;
            if (distance < (ruler.WidthOf(count) + 4) * SvgLayout.CharacterWidth)
            {
                continue;
            }

            for (int i = 0; i < count; i++)
            {
                double x = _layout.MapLeft + i * distance;
                string name = "+" + ruler[i];
                if (x + name.Length * SvgLayout.CharacterWidth <= _layout.Width)
                {
                    Rectangle(xml, "line", x, SvgLayout.MapTop - 18, 1, 14);
                    Text(xml, "muted small", x + 5, SvgLayout.MapTop - 8, name);
                }
            }

            return;
        }
    }

    private void WriteRows(XmlWriter xml)
    {
        CellGrid grid = _picture.Grid;
        for (int row = 0; row < grid.Rows; row++)
        {
            int top = SvgLayout.MapTop + row * _layout.RowPitch;
            int first = row * grid.Columns;
            int end = Math.Min(grid.Count, first + grid.Columns);
            Text(xml, "muted small end", _layout.MapLeft - 10, top + _layout.CellHeight / 2.0 + 4.5, _layout.RowNames[row]);
            xml.WriteStartElement("g", Namespace);
            xml.WriteAttributeString("class", "cells");
            xml.WriteAttributeString("transform", string.Format(CultureInfo.InvariantCulture, "translate({0:0.##} {1})", _layout.MapLeft, top));
            for (int next = first; next < end;)
            {
                int start = next++;
                while (next < end && _picture[next].LooksLike(_picture[start]))
                {
                    next++;
                }

                WriteCells(xml, first, start, next);
            }

            if (SeamDistance is not null)
            {
                xml.WriteStartElement("rect", Namespace);
                xml.WriteAttributeString("fill", "url(#seams)");
                xml.WriteAttributeString("pointer-events", "none");
                Attribute(xml, "width", (end - first) * _layout.CellWidth);
                Attribute(xml, "height", _layout.CellHeight);
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }
    }

    // Draws cells that look alike as one shape: data at the bottom with the deepest layer lowest, then zero.
    private void WriteCells(XmlWriter xml, int rowStart, int start, int end)
    {
        MapCell cell = _picture[start];
        // Rounded as in the output, so that a shape ends exactly where the next one begins.
        double x = Math.Round((start - rowStart) * _layout.CellWidth, 2);
        double width = Math.Round((end - rowStart) * _layout.CellWidth, 2) - x;
        xml.WriteStartElement("g", Namespace);
        xml.WriteElementString("title", Namespace, Tooltip(cell, _picture.Grid.StartOf(start), _picture.Grid.EndOf(end - 1)));
        (int Share, double Height)[] parts = Stack(cell);
        double y = _layout.CellHeight;
        foreach ((int share, double height) in parts)
        {
            y -= height;
            Rectangle(xml, SvgStyle.ClassOf(share), x, y, width, height);
        }

        xml.WriteEndElement();
    }

    // The parts of a cell from bottom to top. Their heights add up to that of the cell.
    private (int Share, double Height)[] Stack(in MapCell cell)
    {
        List<(int Share, double Height)> parts = [];
        for (int share = MapShare.Layers - 1; share >= 0; share--)
        {
            AddPart(share, cell[share], cell.Length);
        }

        AddPart(MapShare.Zero, cell.Zero, cell.Length);
        AddPart(MapShare.Unknown, cell.Unknown, cell.Length);
        AddPart(MapShare.Unallocated, cell.Unallocated, cell.Length);

        // The highest part gives up the height that the small parts gained.
        double excess = parts.Sum(part => part.Height) - _layout.CellHeight;
        int highest = 0;
        for (int i = 1; i < parts.Count; i++)
        {
            highest = parts[i].Height > parts[highest].Height ? i : highest;
        }

        parts[highest] = (parts[highest].Share, parts[highest].Height - excess);
        return [.. parts];

        void AddPart(int share, long bytes, long length)
        {
            if (bytes > 0)
            {
                parts.Add((share, Math.Max(MinShareHeight, Math.Round((double)bytes / length * _layout.CellHeight, 1))));
            }
        }
    }

    private string Tooltip(in MapCell cell, long start, long end)
    {
        List<string> parts = [];
        foreach (LegendEntry entry in _legend)
        {
            long bytes = entry.Share == MapShare.Unknown ? cell.Unknown : cell[entry.Share];
            if (bytes > 0)
            {
                parts.Add(bytes == cell.Length ? entry.Label : $"{entry.Label} {MapText.Percent(bytes, cell.Length)}");
            }
        }

        return $"{ByteSize.FormatExactly(start)} to {ByteSize.FormatExactly(end)}: {string.Join(", ", parts)}";
    }

    private void WriteLegend(XmlWriter xml, int top)
    {
        const int LabelLeft = SvgLayout.Margin + 26;
        string[] sizes = [.. _legend.Select(entry => ByteSize.Format(entry.Bytes))];
        string[] percents = [.. _legend.Select(entry => MapText.Percent(entry.Bytes, _picture.Subject.Length))];
        string[] extents = [.. _legend.Select(entry => entry.Extents is { } count ? MapText.Extents(count) : string.Empty)];
        double[] widths = [.. new[] { sizes, percents, extents }.Select(texts => (texts.Max(text => text.Length) + 3) * SvgLayout.CharacterWidth)];
        int available = (int)((_layout.Width - LabelLeft - SvgLayout.Margin - widths.Sum()) / SvgLayout.CharacterWidth);
        int label = Math.Min(available, _legend.Max(entry => DisplayText.Columns(entry.Label)));
        double sizeRight = LabelLeft + label * SvgLayout.CharacterWidth + widths[0];
        for (int i = 0; i < _legend.Count; i++)
        {
            int y = top + i * LegendPitch;
            Rectangle(xml, SvgStyle.ClassOf(_legend[i].Share), SvgLayout.Margin, y, 16, 16);
            Text(xml, string.Empty, LabelLeft, y + 13, DisplayText.Fit(_legend[i].Label, label, More));
            Text(xml, "end", sizeRight, y + 13, sizes[i]);
            Text(xml, "end", sizeRight + widths[1], y + 13, percents[i]);
            Text(xml, "muted end", sizeRight + widths[1] + widths[2], y + 13, extents[i]);
        }
    }
}
