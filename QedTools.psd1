@{
    RootModule             = 'QedTools.psm1'
    ModuleVersion          = '0.2.0'
    GUID                   = 'b7d1f0a4-6c3e-4d59-9a0e-2f6f8a1c73d5'
    Author                 = 'The QedTools contributors'
    CompanyName            = 'The QedTools contributors'
    Copyright              = '(c) The QedTools contributors. MIT licence.'
    Description            = 'Create, inspect, check, repair, map, re-parent, resize, convert, merge, compact, compare, hash and serve QED (QEMU Enhanced Disk) virtual disk images. QEMU is not required.'
    CompatiblePSEditions   = @('Desktop', 'Core')
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    FunctionsToExport      = @()
    CmdletsToExport        = @(
        'Compare-QedImage'
        'Convert-QedImage'
        'Get-QedAllocationMap'
        'Get-QedImageHash'
        'Get-QedInfo'
        'Get-QedNbdServer'
        'Get-QedOverlay'
        'Get-QedPartition'
        'Measure-QedImage'
        'Merge-QedImage'
        'New-QedImage'
        'Open-QedImage'
        'Optimize-QedImage'
        'Repair-QedImage'
        'Resize-QedImage'
        'Set-QedBackingFile'
        'Show-QedAllocationMap'
        'Show-QedOverlay'
        'Start-QedNbdServer'
        'Stop-QedNbdServer'
        'Test-QedImage'
    )
    VariablesToExport      = @()
    AliasesToExport        = @()
    PrivateData            = @{
        PSData = @{
            Tags         = @(
                'QED', 'QEMU', 'VirtualDisk', 'DiskImage', 'Virtualization', 'HyperV', 'KVM'
                'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS'
            )
            License      = 'MIT'
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
