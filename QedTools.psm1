# What went wrong is asked only after something did, in script blocks, which PowerShell compiles where they run; and no type is named
# but [type], since PowerShell looks for named ones when it reads the script. Either takes as long as importing the views.
$lib = "$PSScriptRoot/lib"

# Core is the net8.0 build, which PowerShell 7.4 and later load; Desktop the netstandard2.0 build, for those before and
# for Windows PowerShell.
try {
    Microsoft.PowerShell.Core\Import-Module -Name "$lib/$PSEdition/QedTools.dll" -ErrorAction Stop
} catch {
    . {
        if ($_.FullyQualifiedErrorId -like 'Modules_ModuleNotFound*') {
            throw "QedTools has not been built for this PowerShell yet. Run 'dotnet build src/QedTools' in '$PSScriptRoot', then import the module again."
        }

        foreach ($loaded in ('System.AppDomain' -as [type])::CurrentDomain.GetAssemblies()) {
            if ($loaded.GetName().Name -eq 'QedTools' -and -not $loaded.Location.Replace('\', '/').StartsWith($lib.Replace('\', '/'))) {
                throw "Another build of QedTools is loaded in this session, '$($loaded.Location)', and .NET loads no second one. Start a new PowerShell session to import this one, or use that one."
            }
        }

        Microsoft.PowerShell.Core\Import-Module -Name "$lib/Desktop/QedTools.dll" -ErrorAction Stop
    }
}

Microsoft.PowerShell.Core\Import-Module -Name "$lib/QedTools.Views.psd1"

# Where another copy of the module was imported, the types have all that already, and PowerShell lists each as an error.
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
