using System.Collections.Generic;

namespace QedTools.Shell.Input;

/// <summary>The lines typed so far, oldest first, and the place among them that the arrow keys reached.</summary>
internal sealed class LineHistory
{
    private readonly List<string> _lines = [];
    private int _position;
    private string _draft = string.Empty;

    /// <summary>Adds a line, unless it is blank or repeats the last one, and goes back to the end.</summary>
    public void Add(string line)
    {
        if (!string.IsNullOrWhiteSpace(line) && (_lines.Count == 0 || _lines[^1] != line))
        {
            _lines.Add(line);
        }

        Rewind();
    }

    /// <summary>Goes to the end, where the line being typed is.</summary>
    public void Rewind()
    {
        _position = _lines.Count;
        _draft = string.Empty;
    }

    /// <summary>The line before; null at the oldest. The line being typed is kept for the way back.</summary>
    public string? Previous(string current)
    {
        if (_position == 0)
        {
            return null;
        }

        if (_position == _lines.Count)
        {
            _draft = current;
        }

        return _lines[--_position];
    }

    /// <summary>The line after, at the end the one that was being typed; null there.</summary>
    public string? Next()
    {
        if (_position == _lines.Count)
        {
            return null;
        }

        _position++;
        return _position == _lines.Count ? _draft : _lines[_position];
    }
}
