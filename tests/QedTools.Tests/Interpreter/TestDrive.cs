using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter;

/// <summary>The temporary folder of one Pester file: $TestDrive and the drive TestDrive: to its tests.</summary>
internal sealed class TestDrive : IDisposable
{
    private const string DriveName = "TestDrive";

    private readonly SessionState _session;
    private readonly string _root = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"qedtools-{Guid.NewGuid():N}")).FullName;

    /// <summary>Makes the folder and publishes it in a session.</summary>
    public TestDrive(SessionState session)
    {
        _session = session;
        ProviderInfo fileSystem = session.Provider.GetOne("FileSystem");
        session.Drive.New(new PSDriveInfo(DriveName, fileSystem, _root, "Pester test drive", null), "global");
        session.PSVariable.Set($"global:{DriveName}", _root);
    }

    /// <summary>Everything in the folder now.</summary>
    public IReadOnlySet<string> Contents =>
        new HashSet<string>(Directory.EnumerateFileSystemEntries(_root, "*", SearchOption.AllDirectories));

    /// <summary>Removes what has been made since: Pester does so at the end of each block.</summary>
    public void RemoveAllBut(IReadOnlySet<string> contents) => RemoveAllBut(contents, new DirectoryInfo(_root));

    /// <summary>Removes the drive and the folder.</summary>
    public void Dispose()
    {
        _session.Drive.Remove(DriveName, force: true, "global");
        _session.PSVariable.Remove($"global:{DriveName}");
        Remove(new DirectoryInfo(_root));
    }

    private static void RemoveAllBut(IReadOnlySet<string> contents, DirectoryInfo folder)
    {
        foreach (FileSystemInfo entry in folder.GetFileSystemInfos())
        {
            if (!contents.Contains(entry.FullName))
            {
                Remove(entry);
            }
            else if (entry is DirectoryInfo { LinkTarget: null } kept)
            {
                RemoveAllBut(contents, kept);
            }
        }
    }

    private static void Remove(FileSystemInfo entry)
    {
        // A link goes, what it points at stays.
        if (entry.LinkTarget is null)
        {
            if (entry is DirectoryInfo folder)
            {
                foreach (FileSystemInfo inner in folder.GetFileSystemInfos())
                {
                    Remove(inner);
                }
            }
            else
            {
                // Windows deletes no read-only file.
                entry.Attributes = FileAttributes.Normal;
            }
        }

        entry.Delete();
    }
}
