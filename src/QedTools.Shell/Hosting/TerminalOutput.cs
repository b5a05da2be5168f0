using System;
using System.IO;
using System.Threading;

namespace QedTools.Shell.Hosting;

/// <summary>
/// Everything the shell prints goes through here, so that text never lands on the progress line and colours never on
/// a stream that does not show them.
/// </summary>
internal sealed class TerminalOutput(Terminal terminal)
{
    private const string ToLineStart = "\r";
    private const string ClearToLineEnd = "\e[K";

    private readonly Lock _gate = new();
    private bool _atLineStart = true;
    private bool _statusShown;

    /// <summary>What the streams are connected to.</summary>
    public Terminal Terminal { get; } = terminal;

    /// <summary>Writes to standard output.</summary>
    public void Write(string text) => Write(Console.Out, text, Terminal.OutputHasColor);

    /// <summary>Writes a line to standard output.</summary>
    public void WriteLine(string text) => Write(text + Environment.NewLine);

    /// <summary>Writes a line to standard error, in the colour of errors unless it brings its own.</summary>
    public void WriteErrorLine(string text)
        => Write(Console.Error, Style.Colored(Style.Error, text) + Environment.NewLine, Terminal.ErrorHasColor);

    /// <summary>Writes what a question consists of; it must reach the user even if the output goes to a file.</summary>
    public void WriteQuestion(string text)
    {
        if (Console.IsOutputRedirected)
        {
            Write(Console.Error, text, Terminal.ErrorHasColor);
        }
        else
        {
            Write(text);
        }
    }

    /// <summary>Writes what stands above a question: what it is about, and the details.</summary>
    public void WriteQuestionHeading(string? caption, string? message)
    {
        WriteQuestion(Environment.NewLine);
        if (!string.IsNullOrEmpty(caption))
        {
            WriteQuestion(Style.Colored(Style.Emphasis, caption) + Environment.NewLine);
        }

        if (!string.IsNullOrEmpty(message))
        {
            WriteQuestion(message + Environment.NewLine);
        }
    }

    /// <summary>Tells that the user ended a line with the Enter key, or a line editor did.</summary>
    public void NoteLineEnd()
    {
        lock (_gate)
        {
            _atLineStart = true;
        }
    }

    /// <summary>Shows a line that the next output, or <see cref="EraseStatus"/>, takes away.</summary>
    public void ShowStatus(string text)
    {
        lock (_gate)
        {
            // In the middle of a line there is nowhere to show it without tearing that line.
            if (Terminal.OutputMovesCursor && _atLineStart)
            {
                // What was there goes last, so that the line does not flicker.
                Console.Out.Write(ToLineStart + Style.Printable(text, Terminal.OutputHasColor) + ClearToLineEnd);
                _statusShown = true;
            }
        }
    }

    /// <summary>Takes the status line away.</summary>
    public void EraseStatus()
    {
        lock (_gate)
        {
            if (_statusShown)
            {
                Console.Out.Write(ToLineStart + ClearToLineEnd);
                _statusShown = false;
            }
        }
    }

    private void Write(TextWriter writer, string text, bool color)
    {
        if (text.Length == 0)
        {
            return;
        }

        lock (_gate)
        {
            EraseStatus();
            writer.Write(Style.Printable(text, color));
            _atLineStart = text.EndsWith('\n');
        }
    }
}
