using System;
using System.Collections.Generic;
using System.Linq;
using System.Xml;
using static QedTools.Pictures.SvgDocument;

namespace QedTools.Pictures;

/// <summary>Draws images that lie over each other as a self-contained SVG document.</summary>
/// <param name="subject">What to draw.</param>
/// <param name="width">The picture's width; at least <see cref="SvgLayout.MinWidth"/>.</param>
internal sealed class SvgForest(ForestSubject subject, int width)
{
    private const string More = "\u2026";
    private const int Top = 96;
    private const int RowPitch = 26;
    private const int Step = 24;
    private const int MarkSize = 12;
    private const int NumberWidth = 92;
    private const int FormatWidth = 64;

    // The tree takes at most a third of the width: whatever is deeper is drawn at this depth.
    private readonly int _maxDepth = (width / 3 - SvgLayout.Margin) / Step;

    // Without a note, names have the whole rest of the width.
    private readonly bool _hasNotes = subject.Rows.Any(row => ForestText.Note(row.Info).Length > 0);

    private double NoteWidth => _hasNotes ? (width - (2 * SvgLayout.Margin)) * 0.28 : 0;

    private double NoteLeft => width - SvgLayout.Margin - NoteWidth;

    private double NumbersRight => NoteLeft - (_hasNotes ? 16 : 0);

    private double FormatLeft => NumbersRight - (2 * NumberWidth) - FormatWidth;

    /// <summary>The document, in UTF-8.</summary>
    public byte[] ToBytes() => SvgDocument.ToBytes(Write);

    private void Write(XmlWriter xml)
    {
        string name = PrintableText.Of(subject.Path);
        string facts = ForestText.Facts(subject);
        int height = Top + (subject.Rows.Count * RowPitch) + 12;
        Begin(xml, width, height, $"Images and what lies over them in {name}", facts + ".");
        Rectangle(xml, "ground", 0, 0, width, height);
        Text(xml, "name", SvgLayout.Margin, 44, DisplayText.Fit(name, (int)((width - (2 * SvgLayout.Margin)) / 12.5), More));
        Text(xml, "muted", SvgLayout.Margin, 68, facts);
        WriteLines(xml);
        for (int i = 0; i < subject.Rows.Count; i++)
        {
            WriteRow(xml, subject.Rows[i], Top + (i * RowPitch));
        }

        xml.WriteEndElement();
    }

    private int DepthOf(int row) => Math.Min(subject.Rows[row].Depth, _maxDepth);

    private static double LeftOf(int depth) => SvgLayout.Margin + (depth * Step);

    // From each image up to the one that it lies over; those over the same image share a line.
    private void WriteLines(XmlWriter xml)
    {
        List<int> parents = [];
        Dictionary<int, int> lastOver = [];
        for (int i = 0; i < subject.Rows.Count; i++)
        {
            int depth = DepthOf(i);
            parents.RemoveRange(Math.Min(depth, parents.Count), Math.Max(0, parents.Count - depth));
            if (depth > 0 && parents.Count >= depth)
            {
                lastOver[parents[depth - 1]] = i;
                Rectangle(xml, "line", LeftOf(depth - 1) + (MarkSize / 2), MiddleOf(i), Step - (MarkSize / 2) - 2, 1);
            }

            parents.Add(i);
        }

        foreach (KeyValuePair<int, int> line in lastOver)
        {
            double top = MiddleOf(line.Key) + (MarkSize / 2) + 2;
            Rectangle(xml, "line", LeftOf(DepthOf(line.Key)) + (MarkSize / 2), top, 1, MiddleOf(line.Value) - top + 1);
        }

        static double MiddleOf(int row) => Top + (row * RowPitch) + (MarkSize / 2);
    }

    private void WriteRow(XmlWriter xml, in ForestRow row, int top)
    {
        int depth = Math.Min(row.Depth, _maxDepth);
        bool isBroken = ForestText.IsBroken(row.Info);
        string mark = isBroken ? "alert" : row.Info?.State is null or QedOverlayState.Standalone ? "free" : SvgStyle.ClassOf(Math.Min(row.Depth, MapShare.Layers - 1));
        double nameLeft = LeftOf(depth) + MarkSize + 8;
        double baseline = top + MarkSize - 1.5;
        xml.WriteStartElement("g", Namespace);
        xml.WriteElementString("title", Namespace, Tooltip(row));
        Rectangle(xml, mark, LeftOf(depth), top, MarkSize, MarkSize);
        Text(xml, string.Empty, nameLeft, baseline, Fit(PrintableText.Of(row.Name), FormatLeft - nameLeft - 12));
        if (row.Info is { } info)
        {
            Text(xml, "muted", FormatLeft, baseline, info.Format);
            Text(xml, "end", NumbersRight - NumberWidth, baseline, ByteSize.Format(info.VirtualSize));
            Text(xml, "muted end", NumbersRight, baseline, ByteSize.Format(info.DiskUsage));
        }

        if (ForestText.Note(row.Info) is { Length: > 0 } note)
        {
            Text(xml, isBroken ? "alert" : "muted", NoteLeft, baseline, Fit(PrintableText.Of(note), NoteWidth));
        }

        xml.WriteEndElement();
    }

    private static string Fit(string text, double pixels) => DisplayText.Fit(text, Math.Max((int)(pixels / SvgLayout.CharacterWidth), 2), More);

    private static string Tooltip(in ForestRow row) => PrintableText.Of(row.Info is not { } info ? row.Name
        : info.BackingFile is null ? $"{info.Path}: {info.State}, {info.OverlayCount} directly over it"
        : $"{info.Path}: {info.State} of {info.BackingFile}, {info.OverlayCount} directly over it");
}
