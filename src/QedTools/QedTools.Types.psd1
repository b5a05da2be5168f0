# The members that QedTools adds to its types, as a separate module that QedTools.psm1 imports where needed: the manifest of QedTools
# would always load them, and Update-TypeData is not available in every session.
@{
    ModuleVersion     = '1.0'
    GUID              = '4b6c0c1e-7f0f-4c7e-9a3d-0d6f4c6f2b9e'
    TypesToProcess    = @('QedTools.Types.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
