// Resolves the paths that users type to paths of the host.
using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.Management.Automation;
using System.Runtime.InteropServices;

namespace QedTools.Sessions;

/// <summary>Resolves PowerShell paths to full host paths, through the session's providers and drives.</summary>
internal static class SessionPaths
{
    private const string FileSystemProvider = "FileSystem";
    private const string FileSystemPrefix = @"Microsoft.PowerShell.Core\FileSystem::";

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>Compares file names as the host does by default.</summary>
    public static readonly StringComparer Comparer = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>The files that a path with wildcards matches. A file with exactly this name takes precedence over the pattern.</summary>
    /// <exception cref="QedPathException">The path does not lead to the file system.</exception>
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

    /// <summary>The full path for a -LiteralPath. On Linux and macOS a backslash in it is part of the name.</summary>
    /// <exception cref="QedPathException">The path does not lead to the file system.</exception>
    public static string ToHostLiteral(PSCmdlet command, string path)
    {
        string name = WithoutProvider(path);
        return !IsWindows && name.AsSpan().IndexOf('\\') >= 0 && name.AsSpan().IndexOf(':') < 0
            ? Path.GetFullPath(Path.Combine(command.SessionState.Path.CurrentFileSystemLocation.ProviderPath, name))
            : ToHost(command, path);
    }

    /// <summary>The full path for a name, whether or not the file exists; wildcards are not expanded.</summary>
    /// <exception cref="QedPathException">The path does not lead to the file system.</exception>
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

    /// <summary>The full path of a file that should exist.</summary>
    /// <exception cref="QedPathException">The path does not lead to the file system.</exception>
    /// <exception cref="QedFileNotFoundException">The file does not exist, and its name looks like a pattern.</exception>
    public static string ToExistingHost(PSCmdlet command, string path)
    {
        string host = ToHost(command, path);
        return WildcardPattern.ContainsWildcardCharacters(path) && !File.Exists(host)
            ? throw QedFileNotFoundException.ForPattern(host)
            : host;
    }

    /// <summary>A file as Get-Item returns it.</summary>
    /// <exception cref="QedPathException">The file is gone.</exception>
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
    /// A backing file's name as an image stores it: as typed, unless it begins with a drive of this session that the host
    /// does not know.
    /// </summary>
    /// <exception cref="QedPathException">The drive does not belong to the file system.</exception>
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

    // In a folder that is missing or not readable, PowerShell silently finds nothing, so a check would seem to pass.
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
            // For instance a file in place of the folder; nothing in it can match.
        }
    }

    // PowerShell treats a backslash as a separator everywhere, but on Linux and macOS a file name may contain one.
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
