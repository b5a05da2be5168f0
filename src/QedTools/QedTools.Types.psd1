# What QedTools adds to its types, as a module for itself that QedTools.psm1 imports where it is needed: the manifest of QedTools
# would do so always, and Update-TypeData is not in every session.
@{
    ModuleVersion     = '1.0'
    GUID              = '4b6c0c1e-7f0f-4c7e-9a3d-0d6f4c6f2b9e'
    TypesToProcess    = @('QedTools.Types.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
