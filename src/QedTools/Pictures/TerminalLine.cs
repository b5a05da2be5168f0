using System.Text;

namespace QedTools.Pictures;

/// <summary>A line for the terminal, built piece by piece; escape sequences are written only where the colour changes.</summary>
internal sealed class TerminalLine
{
    private const char Escape = '\e';

    private readonly StringBuilder _text = new();
    private readonly bool _color;
    private string _current = TerminalPalette.Plain;

    /// <param name="color">Whether colours are wanted.</param>
    public TerminalLine(bool color) => _color = color;

    /// <summary>Adds a text.</summary>
    public TerminalLine Add(string text, string color = TerminalPalette.Plain)
    {
        SetColor(color);
        _text.Append(text);
        return this;
    }

    /// <summary>Adds a character.</summary>
    public TerminalLine Add(TerminalGlyph glyph)
    {
        SetColor(glyph.Color);
        _text.Append(glyph.Character);
        return this;
    }

    /// <summary>The line, ending in the terminal's own colours.</summary>
    public override string ToString()
    {
        SetColor(TerminalPalette.Plain);
        return _text.ToString();
    }

    private void SetColor(string color)
    {
        if (!_color || color == _current)
        {
            return;
        }

        // Reset before each new colour, so that nothing of the previous one remains, for instance its background.
        string parameters = _current.Length > 0 && color.Length > 0 ? "0;" + color : color.Length > 0 ? color : "0";
        _text.Append(Escape).Append('[').Append(parameters).Append('m');
        _current = color;
    }
}
