using System;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using QedTools.Shell.Hosting;

namespace QedTools.Shell.Input;

/// <summary>
/// Reads what the user types: with a line editor on a terminal, plainly elsewhere, not at all where nobody can answer.
/// </summary>
internal sealed class UserInput(TerminalOutput output, Interruption interruption, bool nonInteractive)
{
    private readonly LineEditor? _editor =
        output.Terminal is { InputIsTerminal: true, OutputMovesCursor: true } ? new LineEditor(output) : null;

    /// <summary>Fails, instead of waiting for ever, where nobody can answer the question.</summary>
    /// <exception cref="HostException">The shell is not interactive.</exception>
    public void DemandUser(string? question)
    {
        if (nonInteractive || !output.Terminal.InputIsTerminal)
        {
            string reason = nonInteractive ? "-NonInteractive was given" : "standard input is not a terminal";
            string about = string.IsNullOrWhiteSpace(question)
                ? string.Empty
                : $" The question was: {question.ReplaceLineEndings(" ").Trim()}";
            throw new HostException($"The command asks the user, and {reason}.{about}");
        }
    }

    /// <summary>Reads the answer to a question of the running pipeline.</summary>
    /// <exception cref="PipelineStoppedException">Ctrl+C or the end of the input was the answer.</exception>
    public string ReadAnswer(string question)
    {
        DemandUser(question);
        return Read(() => ReadLine(question, new LineEditorOptions()));
    }

    /// <summary>Reads an answer that must not be seen.</summary>
    /// <exception cref="PipelineStoppedException">Ctrl+C or the end of the input was the answer.</exception>
    public SecureString ReadSecret(string question)
    {
        DemandUser(question);
        if (_editor is null)
        {
            throw new HostException("This terminal cannot hide what is typed, so the shell does not ask for a secret.");
        }

        string typed = Read(() => _editor.Read(question, new LineEditorOptions { Masked = true }));
        SecureString secret = new();
        foreach (char character in typed)
        {
            secret.AppendChar(character);
        }

        secret.MakeReadOnly();
        return secret;
    }

    /// <summary>Reads a line at the prompt; null at the end of the input.</summary>
    /// <exception cref="OperationCanceledException">Ctrl+C.</exception>
    public string? ReadCommand(string prompt, LineHistory history, Completion? completion)
    {
        if (_editor is not null && Console.CursorLeft > 0)
        {
            // The ^C of an interrupted command, or output without an end of line.
            output.WriteLine(string.Empty);
        }

        return ReadLine(prompt, new LineEditorOptions { History = history, Completion = completion });
    }

    private string Read(Func<string?> read)
    {
        string? answer;
        try
        {
            answer = read();
        }
        catch (OperationCanceledException)
        {
            answer = null;
        }

        if (answer is null)
        {
            interruption.Stop();
            throw new PipelineStoppedException();
        }

        return answer;
    }

    private string? ReadLine(string prompt, LineEditorOptions options)
    {
        if (_editor is not null)
        {
            return _editor.Read(prompt, options);
        }

        output.WriteQuestion(prompt);
        string? line = Console.In.ReadLine();
        output.NoteLineEnd();
        return line;
    }
}
