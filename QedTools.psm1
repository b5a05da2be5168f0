# For speed, errors are diagnosed in script blocks, which PowerShell compiles only when they run, and [type] is the only type literal,
# because PowerShell resolves type literals when it parses the script. Either would cost as much time as importing the views.
$lib = "$PSScriptRoot/lib"

# Core is the net8.0 build, for PowerShell 7.4 and later; Desktop is the netstandard2.0 build, for earlier versions and for
# Windows PowerShell.
try {
    Microsoft.PowerShell.Core\Import-Module -Name "$lib/$PSEdition/QedTools.dll" -ErrorAction Stop
} catch {
    . {
        if ($_.FullyQualifiedErrorId -like 'Modules_ModuleNotFound*') {
            throw "QedTools has not been built for this PowerShell yet. Run 'dotnet build src/QedTools' in '$PSScriptRoot', then import the module again."
        }

        foreach ($loaded in ('System.AppDomain' -as [type])::CurrentDomain.GetAssemblies()) {
            if ($loaded.GetName().Name -eq 'QedTools' -and -not $loaded.Location.Replace('\', '/').StartsWith($lib.Replace('\', '/'))) {
                throw "Another build of QedTools is already loaded in this session, from '$($loaded.Location)', and .NET cannot load a second one. Start a new PowerShell session to import this one, or use the one that is loaded."
            }
        }

        Microsoft.PowerShell.Core\Import-Module -Name "$lib/Desktop/QedTools.dll" -ErrorAction Stop
    }
}

Microsoft.PowerShell.Core\Import-Module -Name "$lib/QedTools.Views.psd1"

# If another copy of the module was imported before, the types already have these members, and PowerShell reports each as an error.
try {
    Microsoft.PowerShell.Core\Import-Module -Name "$lib/QedTools.Types.psd1" -ErrorAction Stop
} catch {
    . {
        if (-not (Microsoft.PowerShell.Core\Get-Module -Name QedTools.Types -All)) {
            throw
        }

        if ($global:Error.Count -gt 0 -and $global:Error[0].FullyQualifiedErrorId -eq $_.FullyQualifiedErrorId) {
            $global:Error.RemoveAt(0)
        }
    }
}
