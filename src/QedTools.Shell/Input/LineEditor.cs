using System;
using System.Text;
using QedTools.Shell.Hosting;

namespace QedTools.Shell.Input;

/// <summary>
/// Editing of one line on a terminal: arrows, Home and End, the common Ctrl keys, history, Tab. The line may wrap over
/// several rows. Every character counts as one column, which East Asian wide ones are not.
/// </summary>
internal sealed class LineEditor(TerminalOutput output)
{
    private readonly StringBuilder _text = new();
    private LineEditorOptions _options = new();
    private int _cursor;
    private int _firstColumn;
    private int _rowOfCursor;

    /// <summary>Reads a line; null if Ctrl+D ends the input on an empty one.</summary>
    /// <exception cref="OperationCanceledException">Ctrl+C.</exception>
    public string? Read(string prompt, LineEditorOptions options)
    {
        _options = options;
        _text.Clear();
        _cursor = 0;
        _rowOfCursor = 0;
        _options.History?.Rewind();
        output.WriteQuestion(prompt);
        // Asked from the terminal, because what a native command left on the line, nobody here has counted.
        _firstColumn = Console.CursorLeft;

        // Else Ctrl+C would be a signal, and Console.ReadKey deaf to it.
        Console.TreatControlCAsInput = true;
        try
        {
            return ReadKeys();
        }
        finally
        {
            Console.TreatControlCAsInput = false;
            _options.Completion?.Reset();
            output.NoteLineEnd();
        }
    }

    private string? ReadKeys()
    {
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            if (key.Key != ConsoleKey.Tab)
            {
                _options.Completion?.Reset();
            }

            if (key.Key == ConsoleKey.Enter || key.KeyChar is '\r' or '\n')
            {
                Leave(string.Empty);
                return _text.ToString();
            }

            if (control && key.Key == ConsoleKey.C)
            {
                Leave("^C");
                throw new OperationCanceledException("Ctrl+C");
            }

            if (control && key.Key == ConsoleKey.D && _text.Length == 0)
            {
                Leave(string.Empty);
                return null;
            }

            if (control)
            {
                EditByControlKey(key.Key);
            }
            else
            {
                EditByKey(key);
            }
        }
    }

    private void EditByControlKey(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A:
                MoveTo(0);
                break;
            case ConsoleKey.E:
                MoveTo(_text.Length);
                break;
            case ConsoleKey.B:
                MoveTo(_cursor - 1);
                break;
            case ConsoleKey.F:
                MoveTo(_cursor + 1);
                break;
            case ConsoleKey.LeftArrow:
                MoveTo(StartOfWord());
                break;
            case ConsoleKey.RightArrow:
                MoveTo(EndOfWord());
                break;
            case ConsoleKey.D:
                Remove(_cursor, _cursor + 1);
                break;
            case ConsoleKey.H:
                Remove(_cursor - 1, _cursor);
                break;
            case ConsoleKey.K:
                Remove(_cursor, _text.Length);
                break;
            case ConsoleKey.U:
                Remove(0, _cursor);
                break;
            case ConsoleKey.W or ConsoleKey.Backspace:
                Remove(StartOfWord(), _cursor);
                break;
            case ConsoleKey.P:
                Recall(_options.History?.Previous(_text.ToString()));
                break;
            case ConsoleKey.N:
                Recall(_options.History?.Next());
                break;
        }
    }

    private void EditByKey(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow:
                MoveTo(_cursor - 1);
                break;
            case ConsoleKey.RightArrow:
                MoveTo(_cursor + 1);
                break;
            case ConsoleKey.Home:
                MoveTo(0);
                break;
            case ConsoleKey.End:
                MoveTo(_text.Length);
                break;
            case ConsoleKey.UpArrow:
                Recall(_options.History?.Previous(_text.ToString()));
                break;
            case ConsoleKey.DownArrow:
                Recall(_options.History?.Next());
                break;
            case ConsoleKey.Backspace:
                Remove(_cursor - 1, _cursor);
                break;
            case ConsoleKey.Delete:
                Remove(_cursor, _cursor + 1);
                break;
            case ConsoleKey.Escape:
                Remove(0, _text.Length);
                break;
            case ConsoleKey.Tab:
                Complete(forward: !key.Modifiers.HasFlag(ConsoleModifiers.Shift));
                break;
            default:
                Insert(key.KeyChar);
                break;
        }
    }

    private void Insert(char character)
    {
        if (!char.IsControl(character))
        {
            _text.Insert(_cursor, character);
            Show(_cursor + 1);
        }
    }

    private void Remove(int start, int end)
    {
        start = Math.Max(start, 0);
        end = Math.Min(end, _text.Length);
        if (start < end)
        {
            _text.Remove(start, end - start);
            Show(start);
        }
    }

    private void MoveTo(int position) => Show(Math.Clamp(position, 0, _text.Length));

    private void Recall(string? line)
    {
        if (line is not null)
        {
            _text.Clear().Append(line);
            Show(_text.Length);
        }
    }

    private void Complete(bool forward)
    {
        if (_options.Completion?.Next(_text.ToString(), _cursor, forward) is (string line, int cursor))
        {
            _text.Clear().Append(line);
            Show(cursor);
        }
    }

    private int StartOfWord()
    {
        int position = _cursor;
        while (position > 0 && char.IsWhiteSpace(_text[position - 1]))
        {
            position--;
        }

        while (position > 0 && !char.IsWhiteSpace(_text[position - 1]))
        {
            position--;
        }

        return position;
    }

    private int EndOfWord()
    {
        int position = _cursor;
        while (position < _text.Length && char.IsWhiteSpace(_text[position]))
        {
            position++;
        }

        while (position < _text.Length && !char.IsWhiteSpace(_text[position]))
        {
            position++;
        }

        return position;
    }

    private void Leave(string mark)
    {
        Show(_text.Length);
        Console.Out.Write(mark + Environment.NewLine);
    }

    /// <summary>Draws the text anew behind the prompt and puts the cursor at a position in it.</summary>
    private void Show(int cursor)
    {
        int width = Terminal.Width;
        StringBuilder screen = new();
        MoveBy(screen, -_rowOfCursor, 'B', 'A');
        screen.Append('\r');
        MoveBy(screen, _firstColumn, 'C', 'D');
        screen.Append("\e[J").Append(_options.Masked ? new string('*', _text.Length) : _text.ToString());

        int end = _firstColumn + _text.Length;
        if (end % width == 0)
        {
            // At the margin a terminal waits with the wrap; this makes it, so that the rows are where the sum says.
            screen.Append(' ').Append('\r');
        }

        _cursor = cursor;
        _rowOfCursor = (_firstColumn + cursor) / width;
        MoveBy(screen, _rowOfCursor - (end / width), 'B', 'A');
        screen.Append('\r');
        MoveBy(screen, (_firstColumn + cursor) % width, 'C', 'D');
        Console.Out.Write(screen.ToString());
    }

    private static void MoveBy(StringBuilder screen, int distance, char forward, char back)
    {
        if (distance != 0)
        {
            screen.Append("\e[").Append(Math.Abs(distance)).Append(distance > 0 ? forward : back);
        }
    }
}
