$lib = [System.IO.Path]::Combine($PSScriptRoot, 'lib')
if (-not [System.IO.File]::Exists([System.IO.Path]::Combine($lib, $PSEdition, 'QedTools.dll'))) {
    throw "QedTools has not been built for this PowerShell yet. Run 'dotnet build src/QedTools' in '$PSScriptRoot', then import the module again."
}

# Core is the net8.0 build, which PowerShell 7.4 and later load; Desktop the netstandard2.0 build, for those before and
# for Windows PowerShell. Qualified names and no comparison of versions: both would double the time of an import.
try {
    Microsoft.PowerShell.Core\Import-Module -Name "$lib/$PSEdition/QedTools.dll" -ErrorAction Stop
} catch {
    foreach ($loaded in [System.AppDomain]::CurrentDomain.GetAssemblies()) {
        if ($loaded.GetName().Name -eq 'QedTools' -and -not $loaded.Location.StartsWith($lib)) {
            throw "Another build of QedTools is loaded in this session, '$($loaded.Location)', and .NET loads no second one. Start a new PowerShell session to import this one, or use that one."
        }
    }

    Microsoft.PowerShell.Core\Import-Module -Name "$lib/Desktop/QedTools.dll" -ErrorAction Stop
}

Microsoft.PowerShell.Core\Import-Module -Name "$lib/QedTools.Views.psd1"

# Where another copy of the module was imported, its types have all that already, and PowerShell would list each as an error.
$result = [System.Runtime.Serialization.FormatterServices]::GetUninitializedObject([QedTools.QedMergeResult])
if (-not $result.psobject.Properties['ParentPath']) {
    Microsoft.PowerShell.Core\Import-Module -Name "$lib/QedTools.Types.psd1"
}
