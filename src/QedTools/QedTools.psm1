# Core is the net8.0 build, which PowerShell 7.4 and later load; Desktop the netstandard2.0 build, for those before and
# for Windows PowerShell. A qualified name and no comparison of versions: both would double the time of an import.
try {
    Microsoft.PowerShell.Core\Import-Module -Name "$PSScriptRoot/$PSEdition/QedTools.dll" -ErrorAction Stop
} catch {
    Microsoft.PowerShell.Core\Import-Module -Name "$PSScriptRoot/Desktop/QedTools.dll" -ErrorAction Stop
}
