using System;
using System.IO;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace QedTools.Shell;

/// <summary>The session every command runs in: PowerShell's own, with QedTools imported.</summary>
public static class ModuleSession
{
    private const string ManifestName = "QedTools.psd1";

    /// <summary>The folder of modules that a published program has; null in the tree.</summary>
    public static string? ModulesFolder
    {
        get
        {
            string folder = Path.Combine(AppContext.BaseDirectory, "Modules");
            return File.Exists(Path.Combine(folder, "QedTools", ManifestName)) ? folder : null;
        }
    }

    /// <summary>The QedTools manifest's full path: in that folder, or in the nearest folder above this program.</summary>
    /// <exception cref="FileNotFoundException">No folder from the program's own upwards holds the manifest.</exception>
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
                $"{ManifestName} is neither in '{AppContext.BaseDirectory}' nor in a folder above it.", ManifestName);
        }
    }

    /// <summary>Describes a new session; whoever opens a runspace with it gets the module imported.</summary>
    public static InitialSessionState Create()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            // An embedded engine starts with Restricted there, which refuses the module's own script.
            state.ExecutionPolicy = ExecutionPolicy.RemoteSigned;
        }

        state.ImportPSModule([ManifestPath]);
        return state;
    }
}
