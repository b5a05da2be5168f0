using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Pictures;

/// <summary>Draws images that lie over each other as lines of text.</summary>
/// <param name="subject">What to draw.</param>
/// <param name="style">The style of the picture.</param>
internal sealed class TerminalForest(ForestSubject subject, TerminalStyle style)
{
    private const string More = "...";
    private const string Gap = "  ";
    private const int StepWidth = 4;

    // Columns of numbers are dropped before names become narrower than this.
    private const int MinNameWidth = 24;

    // A note that is cut shorter than this is left out.
    private const int MinNoteWidth = 12;

    // The tree takes at most half of the width: whatever is deeper is drawn at this depth.
    private readonly int _maxDepth = Math.Max(style.Width / 2 / StepWidth, 1);

    private string Through => style.Ascii ? "|   " : "│   ";

    private string Branch => style.Ascii ? "+-- " : "├── ";

    private string LastBranch => style.Ascii ? "`-- " : "└── ";

    /// <summary>The lines, from top to bottom.</summary>
    public IEnumerable<string> Lines()
    {
        string facts = ForestText.Facts(subject);
        string path = Printable(subject.Path);
        if (DisplayText.Columns(path) + 2 + facts.Length <= style.Width)
        {
            yield return new TerminalLine(style.Color).Add(path, TerminalPalette.Strong).Add(": " + facts).ToString();
        }
        else
        {
            yield return new TerminalLine(style.Color).Add(DisplayText.Fit(path, style.Width - 1, More), TerminalPalette.Strong).Add(":").ToString();
            foreach (string line in DisplayText.Wrap(facts, style.Width))
            {
                yield return line;
            }
        }

        if (subject.Rows.Count > 0)
        {
            yield return string.Empty;
        }

        foreach (string line in Tree())
        {
            yield return line;
        }
    }

    private IEnumerable<string> Tree()
    {
        string[] numbers = Numbers(out int nameWidth);
        List<string> through = [];
        for (int i = 0; i < subject.Rows.Count; i++)
        {
            ForestRow row = subject.Rows[i];
            int depth = Math.Min(row.Depth, _maxDepth);
            through.RemoveRange(Math.Min(depth, through.Count), Math.Max(0, through.Count - depth));
            string branch = depth == 0 ? string.Empty : string.Concat(through.Skip(1)) + (row.IsLast ? LastBranch : Branch);
            if (depth < _maxDepth)
            {
                through.Add(depth > 0 && !row.IsLast ? Through : new string(' ', StepWidth));
            }

            string name = DisplayText.Fit(Printable(row.Name), Math.Max(nameWidth - branch.Length, More.Length), More);
            string note = Printable(ForestText.Note(row.Info));
            bool isBroken = ForestText.IsBroken(row.Info);
            TerminalLine line = new TerminalLine(style.Color)
                .Add(branch, TerminalPalette.Muted)
                .Add(name, isBroken ? TerminalPalette.Alert : row.Depth == 0 ? TerminalPalette.Strong : TerminalPalette.Plain);
            int used = branch.Length + DisplayText.Columns(name);
            string rest = new string(' ', Math.Max(0, nameWidth - used)) + numbers[i];
            int left = style.Width - Math.Max(nameWidth, used) - numbers[i].Length - Gap.Length;
            yield return note.Length > 0 && left >= Math.Min(MinNoteWidth, DisplayText.Columns(note))
                ? line.Add(rest + Gap).Add(DisplayText.Fit(note, left, More), isBroken ? TerminalPalette.Alert : TerminalPalette.Muted).ToString()
                : line.Add(rest.TrimEnd()).ToString();
        }
    }

    // As many columns as leave space for the names; all rows equally wide.
    private string[] Numbers(out int nameWidth)
    {
        IReadOnlyList<ForestRow> rows = subject.Rows;
        int widest = rows.Count == 0 ? 0 : rows.Max(row => (Math.Min(row.Depth, _maxDepth) * StepWidth) + DisplayText.Columns(Printable(row.Name)));
        string[] formats = Align(row => row.Info?.Format, isRight: false);
        string[] sizes = Align(row => row.Info is { } info ? ByteSize.Format(info.VirtualSize) : null, isRight: true);
        string[] usage = Align(row => row.Info is { } info ? ByteSize.Format(info.DiskUsage) : null, isRight: true);
        Func<int, string>[] choices = [i => Gap + formats[i] + Gap + sizes[i] + Gap + usage[i], i => Gap + formats[i] + Gap + sizes[i], i => Gap + formats[i], _ => string.Empty];
        string[] numbers = [];
        foreach (Func<int, string> choice in choices)
        {
            numbers = [.. rows.Select((_, i) => choice(i))];
            if (rows.Count == 0 || style.Width - numbers[0].Length >= Math.Min(widest, MinNameWidth))
            {
                break;
            }
        }

        nameWidth = Math.Min(widest, style.Width - (rows.Count == 0 ? 0 : numbers[0].Length));
        return numbers;

        string[] Align(Func<ForestRow, string?> textOf, bool isRight)
        {
            string[] texts = [.. rows.Select(row => textOf(row) ?? string.Empty)];
            int width = texts.Length == 0 ? 0 : texts.Max(text => text.Length);
            return [.. texts.Select(text => isRight ? text.PadLeft(width) : text.PadRight(width))];
        }
    }

    private string Printable(string text) => style.Ascii ? PrintableText.InAscii(text) : PrintableText.Of(text);
}
