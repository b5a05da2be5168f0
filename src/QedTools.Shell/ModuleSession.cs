using System;
using System.IO;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace QedTools.Shell;

/// <summary>The session that every command runs in: a standard PowerShell session with QedTools imported.</summary>
public static class ModuleSession
{
    private const string ManifestName = "QedTools.psd1";

    /// <summary>The modules folder of a published program; null in the source tree.</summary>
    public static string? ModulesFolder
    {
        get
        {
            string folder = Path.Combine(AppContext.BaseDirectory, "Modules");
            return File.Exists(Path.Combine(folder, "QedTools", ManifestName)) ? folder : null;
        }
    }

    /// <summary>The full path of the QedTools manifest: in the modules folder, or in the nearest folder at or above this program.</summary>
    /// <exception cref="FileNotFoundException">Neither the program's folder nor any folder above it holds the manifest.</exception>
    public static string ManifestPath
    {
        get
        {
            if (ModulesFolder is { } modules)
            {
                return Path.Combine(modules, "QedTools", ManifestName);
            }

            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                string candidate = Path.Combine(folder.FullName, ManifestName);
                if (File.Exists(candidate))
                {
                    return candidate;
                }
            }

            throw new FileNotFoundException(
                $"{ManifestName} is neither in '{AppContext.BaseDirectory}' nor in any folder above it.", ManifestName);
        }
    }

    /// <summary>Creates the initial state of a session; a runspace opened with it imports the module.</summary>
    public static InitialSessionState Create()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            // On Windows an embedded engine starts with Restricted, which would refuse the module's own script.
            state.ExecutionPolicy = ExecutionPolicy.RemoteSigned;
        }

        state.ImportPSModule([ManifestPath]);
        return state;
    }
}
