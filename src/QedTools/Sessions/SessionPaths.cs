// How the paths that users type become the host's own.
using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Management.Automation;
using System.Runtime.InteropServices;

namespace QedTools.Sessions;

/// <summary>Turns PowerShell paths into full paths of the host, through the session's providers and drives.</summary>
internal static class SessionPaths
{
    private const string FileSystemProvider = "FileSystem";
    private const string FileSystemPrefix = @"Microsoft.PowerShell.Core\FileSystem::";

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>Tells names of files apart as the host does by default.</summary>
    public static readonly StringComparer Comparer = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>The files that a path with wildcards stands for. A file that has exactly this name comes before its meaning as a pattern.</summary>
    /// <exception cref="QedPathException">It leads to no file system.</exception>
    public static IReadOnlyList<string> Expand(PSCmdlet command, string path)
    {
        if (ExistingLiteral(command, path) is { } literal)
        {
            return [literal];
        }

        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [ToHost(command, WildcardPattern.Unescape(path))];
        }

        try
        {
            Collection<string> found = command.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            RequireFileSystem(path, provider);
            List<string> files = [];
            foreach (string match in found)
            {
                if (!Directory.Exists(match))
                {
                    files.Add(match);
                }
            }

            if (found.Count == 0)
            {
                RequireReadableFolder(command, path);
            }

            SessionStreams.WriteVerbose(command, Messages.PatternMatches(path, files.Count));
            return files;
        }
        catch (ItemNotFoundException)
        {
            RequireReadableFolder(command, path);
            return [];
        }
        catch (Exception e) when (IsPathError(e))
        {
            throw QedPathException.ForUnknown(path, e);
        }
    }

    /// <summary>The full path of a -LiteralPath: on Linux and macOS a backslash in it is part of the name.</summary>
    /// <exception cref="QedPathException">It leads to no file system.</exception>
    public static string ToHostLiteral(PSCmdlet command, string path)
    {
        string name = WithoutProvider(path);
        return !IsWindows && name.AsSpan().IndexOf('\\') >= 0 && name.AsSpan().IndexOf(':') < 0
            ? Path.GetFullPath(Path.Combine(command.SessionState.Path.CurrentFileSystemLocation.ProviderPath, name))
            : ToHost(command, path);
    }

    /// <summary>The full path that a name means, whether or not anything is there; wildcards are not expanded.</summary>
    /// <exception cref="QedPathException">It leads to no file system.</exception>
    public static string ToHost(PSCmdlet command, string path)
    {
        if (ExistingLiteral(command, path) is { } literal)
        {
            return literal;
        }

        try
        {
            string host = command.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            RequireFileSystem(path, provider);
            return host;
        }
        catch (Exception e) when (IsPathError(e))
        {
            throw QedPathException.ForUnknown(path, e);
        }
    }

    /// <summary>The full path of a file that is to be there.</summary>
    /// <exception cref="QedPathException">It leads to no file system.</exception>
    /// <exception cref="QedFileNotFoundException">It is not there, and looks like a pattern.</exception>
    public static string ToExistingHost(PSCmdlet command, string path)
    {
        string host = ToHost(command, path);
        return WildcardPattern.ContainsWildcardCharacters(path) && !File.Exists(host)
            ? throw QedFileNotFoundException.ForPattern(host)
            : host;
    }

    /// <summary>A file as Get-Item shows it.</summary>
    /// <exception cref="QedPathException">It is gone.</exception>
    public static IEnumerable<PSObject> ItemOf(PSCmdlet command, string file)
    {
        try
        {
            return command.InvokeProvider.Item.Get([file], force: true, literalPath: true);
        }
        catch (Exception e) when (IsPathError(e))
        {
            throw QedPathException.ForUnknown(file, e);
        }
    }

    /// <summary>
    /// A backing file's name as it is to be stored: as typed, unless it begins with a drive of this session that the host
    /// does not know.
    /// </summary>
    /// <exception cref="QedPathException">The drive belongs to no file system.</exception>
    public static string ToStoredName(PSCmdlet command, string name)
    {
        name = WithoutProvider(name);
        int colon = name.IndexOf(':');
        bool namesDrive = colon > 0
            && !(colon == 1 && IsWindows)
            && command.SessionState.Drive.GetAllForProvider(FileSystemProvider) is { } drives
            && Contains(drives, name.Substring(0, colon));
        return namesDrive ? ToHost(command, name) : name;

        static bool Contains(Collection<PSDriveInfo> drives, string name)
        {
            foreach (PSDriveInfo drive in drives)
            {
                if (string.Equals(drive.Name, name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }
    }

    // PowerShell finds nothing in a folder that is not there or may not be read, and says nothing: a check would seem passed.
    private static void RequireReadableFolder(PSCmdlet command, string pattern)
    {
        string parent = command.SessionState.Path.ParseParent(pattern, string.Empty);
        if (WildcardPattern.ContainsWildcardCharacters(parent))
        {
            return;
        }

        string folder = parent.Length == 0
            ? command.SessionState.Path.CurrentFileSystemLocation.ProviderPath
            : ToHost(command, WildcardPattern.Unescape(parent));
        try
        {
            using IEnumerator<string> entries = Directory.EnumerateFileSystemEntries(folder).GetEnumerator();
            entries.MoveNext();
        }
        catch (DirectoryNotFoundException e)
        {
            throw new QedFileNotFoundException(folder, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new QedAccessDeniedException(folder, "list", e);
        }
        catch (IOException)
        {
            // Such as a file where a folder should be; nothing in it matches.
        }
    }

    // PowerShell takes a backslash for a separator everywhere; on Linux and macOS a file's name may contain one.
    private static string? ExistingLiteral(PSCmdlet command, string path)
    {
        string name = WithoutProvider(path);
        if (name.Length == 0 || name[0] == '~')
        {
            return null;
        }

        try
        {
            string folder = command.SessionState.Path.CurrentFileSystemLocation.ProviderPath;
            string candidate = Path.GetFullPath(Path.Combine(folder, name));
            return File.Exists(candidate) ? candidate : null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException)
        {
            return null;
        }
    }

    private static string WithoutProvider(string path) =>
        path.StartsWith(FileSystemPrefix, StringComparison.OrdinalIgnoreCase) ? path.Substring(FileSystemPrefix.Length) : path;

    private static void RequireFileSystem(string path, ProviderInfo provider)
    {
        if (!string.Equals(provider.Name, FileSystemProvider, StringComparison.OrdinalIgnoreCase))
        {
            throw QedPathException.ForProvider(path, provider.Name);
        }
    }

    private static bool IsPathError(Exception e) => e
        is SessionStateException or ProviderInvocationException or PSNotSupportedException or PSInvalidOperationException or PSArgumentException;
}
