# What is published. Packages/PackageTests.cs tests the packages themselves.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    $manifest = [scriptblock]::Create([System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'QedTools.psd1'))).Invoke()[0]
}

Describe 'The manifest' {
    It 'lists exactly the cmdlets in the assembly' {
        $attribute = [System.Management.Automation.CmdletAttribute]
        $found = @((Get-Command New-QedImage).ImplementingType.Assembly.GetTypes() | ForEach-Object {
                $_.GetCustomAttributes($attribute, $false) | ForEach-Object { "$($_.VerbName)-$($_.NounName)" }
            })
        [System.Array]::Sort($found, [System.StringComparer]::Ordinal)
        $found | Should -Be $manifest.CmdletsToExport
    }

    It 'has the version that the changelog begins with' {
        $changes = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'CHANGELOG.md'))
        [regex]::Match($changes, '(?m)^## ([0-9.]+)').Groups[1].Value | Should -Be $manifest.ModuleVersion
    }

    It 'has the same version as <_>' -ForEach 'QedTools.dll', 'QedTools.Engine.dll' {
        $folder = [System.IO.Path]::GetDirectoryName((Get-Command New-QedImage).ImplementingType.Assembly.Location)
        $version = [System.Diagnostics.FileVersionInfo]::GetVersionInfo([System.IO.Path]::Combine($folder, $_)).FileVersion
        $version | Should -Be "$($manifest.ModuleVersion).0"
    }
}

Describe 'A folder of PSModulePath' {
    BeforeAll {
        $folder = Join-TestDrive 'modules'
        $module = [System.IO.Path]::Combine($folder, 'QedTools', $manifest.ModuleVersion)
        $null = New-Item -ItemType Directory $module
        Copy-Item ([System.IO.Path]::Combine($root, 'QedTools.ps?1')), ([System.IO.Path]::Combine($root, 'lib')) $module -Recurse
    }

    It 'makes the module and its commands available by name' {
        $list = [System.IO.Path]::PathSeparator
        $script = "`$env:PSModulePath = '$folder$list' + `$env:PSModulePath; (New-QedImage '$(Join-TestDrive 'a.qed')' 1MB).VirtualSize; (Get-Module QedTools).ModuleBase"
        $result = Invoke-PowerShell -NoProfile -Command $script
        $result.Output | Should -Be '1048576', $module
    }

    It 'contains a valid manifest' {
        $tested = Test-ModuleManifest ([System.IO.Path]::Combine($module, 'QedTools.psd1')) -ErrorAction Stop -WarningAction Stop
        "$($tested.Version)" | Should -Be $manifest.ModuleVersion
    }
}
