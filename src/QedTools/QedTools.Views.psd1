# The views of QedTools, as a separate module that QedTools.psm1 imports: a manifest that names a missing file fails before its module
# can say that the tree has to be built first.
@{
    ModuleVersion     = '1.0'
    GUID              = '0c9a4f3e-52f7-4d0b-8f0e-6f8d1f6f5b7a'
    FormatsToProcess  = @('QedTools.Format.ps1xml')
    FunctionsToExport = @()
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
