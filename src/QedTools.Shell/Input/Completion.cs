using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace QedTools.Shell.Input;

/// <summary>The Tab key: the engine's own completions of a line, one after the other.</summary>
internal sealed class Completion(Runspace runspace)
{
    private CommandCompletion? _found;
    private string _line = string.Empty;

    /// <summary>Forgets the completions found; whatever else than Tab is pressed makes them stale.</summary>
    public void Reset() => _found = null;

    /// <summary>The line with the next (or previous) completion at the cursor; null if there is none.</summary>
    public (string Line, int Cursor)? Next(string line, int cursor, bool forward)
    {
        if (_found is null)
        {
            _found = Find(line, cursor);
            _line = line;
        }

        if (_found.CompletionMatches.Count == 0)
        {
            return null;
        }

        string completion = _found.GetNextResult(forward).CompletionText;
        int start = _found.ReplacementIndex;
        return (_line[..start] + completion + _line[(start + _found.ReplacementLength)..], start + completion.Length);
    }

    private CommandCompletion Find(string line, int cursor)
    {
        using PowerShell engine = PowerShell.Create(runspace);
        CommandCompletion found = CommandCompletion.CompleteInput(line, cursor, options: null, engine);
        string folder = runspace.SessionStateProxy.Path.CurrentFileSystemLocation.ProviderPath;
        return found.CompletionMatches.Count > 0 ? found : FileNameCompletion.Complete(line, cursor, folder);
    }
}
