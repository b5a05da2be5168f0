using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;

namespace QedTools.Completion;

/// <summary>Completes the names of folders and of the files that a parameter accepts.</summary>
internal static class PathCompletion
{
    // Files whose extension does not tell are opened only up to this number, so that completion stays quick on a slow share.
    private const int MaxProbed = 32;

    private static readonly char[] Separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    /// <summary>The completions of a word: files accepted by name, then folders, then files accepted by their contents.</summary>
    /// <param name="word">The word so far.</param>
    /// <param name="session">The session.</param>
    /// <param name="relativeTo">The host folder that relative names are relative to.</param>
    /// <param name="isPattern">Whether the parameter accepts wildcards, so that wildcard characters in names are escaped.</param>
    /// <param name="isWantedName">Whether a file is accepted by its name.</param>
    /// <param name="isWantedForContents">Whether any other file is accepted by its contents.</param>
    public static IEnumerable<CompletionResult> Complete(
        CompletionWord word,
        CompletionSession session,
        string relativeTo,
        bool isPattern,
        Func<string, bool> isWantedName,
        Func<string, bool> isWantedForContents)
    {
        string typed = isPattern ? WildcardPattern.Unescape(word.Text) : word.Text;
        int nameAt = typed.LastIndexOfAny(Separators) + 1;
        string folder = typed.Substring(0, nameAt);
        string start = typed.Substring(nameAt);
        if (FolderOf(folder, session, relativeTo) is not { } host)
        {
            return [];
        }

        List<CompletionResult> files = [];
        List<CompletionResult> folders = [];
        List<string> others = [];
        foreach (string path in EntriesOf(host, start))
        {
            if (Directory.Exists(path))
            {
                folders.Add(Result(path, CompletionResultType.ProviderContainer));
            }
            else if (isWantedName(path))
            {
                files.Add(Result(path, CompletionResultType.ProviderItem));
            }
            else
            {
                others.Add(path);
            }
        }

        files.AddRange(folders);
        foreach (string path in others.Count <= MaxProbed ? others : [])
        {
            if (isWantedForContents(path))
            {
                files.Add(Result(path, CompletionResultType.ProviderItem));
            }
        }

        return files;

        CompletionResult Result(string path, CompletionResultType type)
        {
            string name = Path.GetFileName(path);
            string text = isPattern ? WildcardPattern.Escape(folder + name) : folder + name;
            return new CompletionResult(word.Quote(text), name, type, PrintableText.Of(path));
        }
    }

    private static string? FolderOf(string folder, CompletionSession session, string relativeTo)
    {
        try
        {
            bool isOfSession = folder.Length > 0 && (folder[0] == '~' || folder.AsSpan().IndexOf(':') >= 0);
            return isOfSession ? session.ToHost(folder) : Path.GetFullPath(Path.Combine(relativeTo, folder));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or IOException)
        {
            return null;
        }
    }

    private static List<string> EntriesOf(string folder, string start)
    {
        List<string> found = [];
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(folder))
            {
                string name = Path.GetFileName(path);

                // Hidden files are offered only once their dot is typed. A name that is not printable is never completed.
                if (name.StartsWith(start, StringComparison.OrdinalIgnoreCase)
                    && (start.Length > 0 || name[0] != '.')
                    && PrintableText.Of(name) == name)
                {
                    found.Add(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return found;
        }

        found.Sort(StringComparer.OrdinalIgnoreCase);
        return found;
    }
}
