using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Shell.Input;

/// <summary>
/// File names for the Tab key. The engine's own completion of them calls a command of the Management module, which the
/// embedded engine does not have, and so finds none.
/// </summary>
internal static class FileNameCompletion
{
    private const string Separators = " \t,;|&(){}=";
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(Separators + "'\"$`@#[]<>");

    /// <summary>The files and folders that the word before the cursor may become.</summary>
    public static CommandCompletion Complete(string line, int cursor, string currentFolder)
    {
        int start = StartOfWord(line, cursor);
        string word = line[start..cursor].TrimStart('\'', '"');
        int nameStart = word.LastIndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) + 1;
        string folder = nameStart > 0 ? word[..nameStart] : "." + Path.DirectorySeparatorChar;
        string name = word[nameStart..];

        IEnumerable<CompletionResult> results = Names(Path.Combine(currentFolder, Expand(folder)))
            .Where(found => found.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            // Hidden files wait until they are asked for.
            .Where(found => name.Length > 0 || !found.StartsWith('.'))
            .Order(StringComparer.OrdinalIgnoreCase)
            .Select(found => new CompletionResult(Quote(folder + found)));
        return new CommandCompletion([.. results], -1, start, cursor - start);
    }

    private static int StartOfWord(string line, int cursor)
    {
        int start = 0;
        char? quote = null;
        for (int index = 0; index < cursor; index++)
        {
            char character = line[index];
            if (quote is not null)
            {
                quote = character == quote ? null : quote;
            }
            else if (character is '\'' or '"')
            {
                quote = character;
            }
            else if (Separators.Contains(character, StringComparison.Ordinal))
            {
                start = index + 1;
            }
        }

        return start;
    }

    private static string Expand(string folder)
        => folder.StartsWith('~')
            ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + folder[1..]
            : folder;

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Quote(string path)
        => !path.AsSpan().ContainsAny(NeedQuotes) ? path : $"'{path.Replace("'", "''", StringComparison.Ordinal)}'";
}
