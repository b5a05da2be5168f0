# The module itself: its manifest and exports, the build that is loaded, and the metadata of its commands.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $commands = @((Get-Module QedTools).ExportedCmdlets.Keys)
    # All others are about files.
    $serverCommands = 'Get-QedNbdServer', 'Stop-QedNbdServer'
    $fileCommands = @($commands | Where-Object { $_ -notin $serverCommands })
    $outputs = @(
        @{ Command = 'New-QedImage'; Types = , 'QedTools.QedImageInfo' }
        @{ Command = 'Get-QedInfo'; Types = , 'QedTools.QedImageInfo' }
        @{ Command = 'Test-QedImage'; Types = 'QedTools.QedCheckResult', 'System.Boolean' }
        @{ Command = 'Set-QedBackingFile'; Types = , 'QedTools.QedImageInfo' }
        @{ Command = 'Get-QedAllocationMap'; Types = , 'QedTools.QedExtent' }
        @{ Command = 'Get-QedOverlay'; Types = , 'QedTools.QedOverlayInfo' }
        @{ Command = 'Show-QedOverlay'; Types = 'System.String', 'System.IO.FileInfo' }
        @{ Command = 'Show-QedAllocationMap'; Types = 'System.String', 'System.IO.FileInfo' }
    )
    $writers = @($commands | Where-Object { $_ -match '^(New|Set|Repair|Resize|Convert|Merge|Optimize|Show)-' })
    $readers = @($commands | Where-Object { $_ -match '^(Get-QedInfo|Get-QedOverlay|Test|Get-QedAllocationMap)' })
    $firstOperands = @(
        @{ Command = 'New-QedImage'; Second = 'SizeBytes' }
        @{ Command = 'Set-QedBackingFile'; Second = 'BackingFile' }
    )
    $parameters = @(
        @{ Command = 'New-QedImage'; Names = 'Path', 'LiteralPath', 'SizeBytes', 'ClusterSizeBytes', 'TableSize', 'BackingFile', 'BackingFormat', 'Force', 'WhatIf', 'Confirm' }
        @{ Command = 'Get-QedInfo'; Names = 'Path', 'LiteralPath', 'BackingChain' }
        @{ Command = 'Test-QedImage'; Names = 'Path', 'LiteralPath', 'Quiet', 'ForceShare' }
        @{ Command = 'Set-QedBackingFile'; Names = 'Path', 'LiteralPath', 'BackingFile', 'BackingFormat', 'Remove', 'Force', 'PassThru', 'WhatIf', 'Confirm' }
        @{ Command = 'Get-QedAllocationMap'; Names = 'Path', 'LiteralPath', 'BackingChain', 'Offset', 'Length', 'State', 'ForceShare' }
        @{ Command = 'Get-QedOverlay'; Names = 'Path', 'LiteralPath', 'Folder', 'Recurse', 'BackingFolder', 'AllowUnc' }
        @{ Command = 'Show-QedOverlay'; Names = 'Path', 'LiteralPath', 'Folder', 'Recurse', 'OutFile', 'Force', 'Width', 'WhatIf', 'Confirm' }
        @{ Command = 'Show-QedAllocationMap'; Names = 'Path', 'LiteralPath', 'BackingChain', 'Offset', 'Length', 'OutFile', 'Force', 'ForceShare', 'WhatIf', 'Confirm' }
    )
    $sizes = @(foreach ($command in $commands) {
            foreach ($name in (Get-Command $command).Parameters.Keys -match 'Bytes$|^Offset$|^Length$') { @{ Command = $command; Name = $name } }
        })
    $aliases = @(
        @{ Command = 'New-QedImage'; Parameter = 'SizeBytes'; Alias = 'Size' }
        @{ Command = 'New-QedImage'; Parameter = 'ClusterSizeBytes'; Alias = 'ClusterSize' }
        @{ Command = 'New-QedImage'; Parameter = 'BackingFile'; Alias = 'ParentPath' }
        @{ Command = 'Set-QedBackingFile'; Parameter = 'BackingFile'; Alias = 'ParentPath' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    # The manifest as data; Import-PowerShellDataFile is not available everywhere.
    $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'QedTools.psd1'))

    # Runs a script in a new session with nothing imported, and fails if the session reports an error.
    function Invoke-NewSession {
        param([Parameter(Mandatory)][string] $Script)

        $shell = [powershell]::Create([System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault2())
        try {
            $shell.AddScript($Script).Invoke()
            "$($shell.Streams.Error)" | Should -BeNullOrEmpty
        }
        finally { $shell.Dispose() }
    }

    # Copies the module's files to a folder in TestDrive.
    function Copy-Module {
        param([Parameter(Mandatory)][string] $Name)

        $copy = New-Folder $Name
        $files = @(
            [System.IO.Directory]::GetFiles($root, 'QedTools.ps?1')
            [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'lib'), '*', 'AllDirectories')
        )
        foreach ($file in $files) {
            $target = [System.IO.Path]::Combine($copy, $file.Substring($root.Length).TrimStart([char[]]'/\'))
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($target))
            [System.IO.File]::Copy($file, $target)
        }

        $copy
    }

    $manifest = [scriptblock]::Create($text).Invoke()[0]
    $module = Get-Module QedTools

    # How a parameter is bound in each of its parameter sets.
    function Get-Binding {
        param([string] $Command, [string] $Parameter)
        (Get-Command $Command).ParameterSets | ForEach-Object { $_.Parameters } | Where-Object { $_.Name -eq $Parameter }
    }
}

Describe 'The module' {
    It 'is loaded once, with the version and the GUID of the manifest' {
        $module | Should -HaveCount 1
        "$($module.Version)" | Should -Be $manifest.ModuleVersion
        "$($module.Guid)" | Should -Be $manifest.GUID
    }

    It 'exports exactly the cmdlets that its manifest lists, and nothing else' {
        $exported = @($module.ExportedCmdlets.Keys)
        [System.Array]::Sort($exported)
        $listed = @($manifest.CmdletsToExport)
        [System.Array]::Sort($listed)
        $exported | Should -Be $listed
        $module.ExportedFunctions.Count | Should -Be 0
        $module.ExportedAliases.Count | Should -Be 0
        $module.ExportedVariables.Count | Should -Be 0
    }

    It 'exports <_>' -ForEach 'New-QedImage', 'Get-QedInfo', 'Test-QedImage', 'Set-QedBackingFile', 'Get-QedAllocationMap', 'Show-QedAllocationMap' {
        $module.ExportedCmdlets.Keys | Should -Contain $_
        (Get-Command $_).ModuleName | Should -Be 'QedTools'
    }

    It 'declares support for Windows PowerShell 5.1 and PowerShell 7' {
        $manifest.PowerShellVersion | Should -Be '5.1'
        $manifest.DotNetFrameworkVersion | Should -Be '4.7.2'
        $manifest.CompatiblePSEditions | Should -Be 'Desktop', 'Core'
    }

    It 'has the metadata that the PowerShell Gallery requires' {
        $manifest.Description | Should -Not -BeNullOrEmpty
        $manifest.Author | Should -Not -BeNullOrEmpty
        $manifest.Copyright | Should -Match 'MIT'
        $manifest.PrivateData.PSData.Tags | Should -Contain 'QED'
        $manifest.PrivateData.PSData.Tags -match '\s' | Should -BeNullOrEmpty
        $manifest.PrivateData.PSData.ReleaseNotes | Should -Not -BeNullOrEmpty
        "$($manifest.PrivateData.PSData.License)$($manifest.PrivateData.PSData.LicenseUri)" | Should -Not -BeNullOrEmpty
    }

    It 'has the files that it imports' {
        foreach ($file in $manifest.RootModule, 'lib/QedTools.Views.psd1', 'lib/QedTools.Format.ps1xml', 'lib/QedTools.Types.psd1', 'lib/QedTools.Types.ps1xml') {
            [System.IO.File]::Exists([System.IO.Path]::Combine($root, $file)) | Should -BeTrue -Because $file
        }
    }

    It 'loads the right build for this PowerShell' {
        $expected = if ($PSVersionTable.PSVersion -ge [version]'7.4') { 'Core' } else { 'Desktop' }
        $assembly = (Get-Command New-QedImage).ImplementingType.Assembly
        $assembly.Location | Should -Be ([System.IO.Path]::Combine($root, 'lib', $expected, 'QedTools.dll'))
        $engine = [QedTools.QedImageInfo].Assembly
        $engine.Location | Should -Be ([System.IO.Path]::Combine($root, 'lib', $expected, 'QedTools.Engine.dll'))
    }

    It 'includes both builds' {
        foreach ($edition in 'Core', 'Desktop') {
            foreach ($file in 'QedTools.dll', 'QedTools.Engine.dll') {
                [System.IO.File]::Exists([System.IO.Path]::Combine($root, 'lib', $edition, $file)) | Should -BeTrue -Because "./build.ps1 makes $edition/$file"
            }
        }
    }

    It 'does not include PowerShell assemblies' {
        [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'lib'), 'System.Management.Automation*', 'AllDirectories') | Should -BeNullOrEmpty
    }

    It 'can be imported in a new session from a folder with a space and brackets in its name' {
        Skip-TestWithout PowerShell7.4
        $copy = Copy-Module 'a [b] copy'
        $path = [System.Management.Automation.WildcardPattern]::Escape([System.IO.Path]::Combine($copy, 'QedTools.psd1'))
        $found = @(Invoke-NewSession "Import-Module '$path' -PassThru")
        $found[0].ExportedCmdlets.Count | Should -Be $manifest.CmdletsToExport.Count
    }

    It 'can also be imported from another folder, without errors' {
        Skip-TestWithout PowerShell7.4
        $copy = Copy-Module 'second copy'
        $found = @(Invoke-NewSession "Import-Module '$root/QedTools.psd1'; (Import-Module '$copy/QedTools.psd1' -PassThru).Path; `$Error.Count")
        $found[0] | Should -Be ([System.IO.Path]::Combine($copy, 'QedTools.psm1'))
        $found[1] | Should -Be 0
    }

    It 'reports in one error that it must be built first' {
        $copy = Copy-Module 'not built'
        [System.IO.Directory]::Delete([System.IO.Path]::Combine($copy, 'lib'), $true)
        $found = @(Invoke-NewSession "try { Import-Module '$copy/QedTools.psd1' } catch { `"`$_`" }")
        $found | Should -HaveCount 1
        $found[0] | Should -BeLike "*not been built*dotnet build*'$copy'*"
    }

    It 'reports in one error that a process cannot load a second build' {
        Skip-TestWithout PowerShell7.4, BothBuilds
        $copy = Copy-Module 'second build'
        $loaded = (Get-Command New-QedImage).ImplementingType.Assembly
        foreach ($edition in 'Core', 'Desktop') {
            # .NET treats a file with another module version id as another build.
            $file = [System.IO.Path]::Combine($copy, 'lib', $edition, 'QedTools.dll')
            [System.IO.File]::Copy($loaded.Location, $file, $true)
            $bytes = [System.IO.File]::ReadAllBytes($file)
            $latin = [System.Text.Encoding]::GetEncoding(28591)
            $id = $latin.GetString($loaded.ManifestModule.ModuleVersionId.ToByteArray())
            $at = $latin.GetString($bytes).IndexOf($id, [System.StringComparison]::Ordinal)
            $at | Should -BeGreaterThan 0
            $bytes[$at] = $bytes[$at] -bxor 1
            [System.IO.File]::WriteAllBytes($file, $bytes)
        }

        $found = @(Invoke-NewSession "try { Import-Module '$copy/QedTools.psd1' } catch { `"`$_`" }")
        $found | Should -HaveCount 1
        $found[0] | Should -BeLike "*'$($loaded.Location)'*Start a new PowerShell session*"
    }

    It 'passes Test-ModuleManifest' {
        $tested = Test-ModuleManifest ([System.IO.Path]::Combine($root, 'QedTools.psd1')) -ErrorAction Stop -WarningAction Stop
        $tested.ExportedCmdlets.Count | Should -Be $manifest.CmdletsToExport.Count
    }

    It 'can be removed and imported again' {
        $script = "Import-Module '$root/QedTools.psd1'; Remove-Module QedTools; Import-Module '$root/QedTools.psd1'; (Get-Command -Module QedTools).Count"
        $result = Invoke-PowerShell -NoProfile -Command $script
        $result.Output[-1] | Should -Be "$($manifest.CmdletsToExport.Count)"
    }
}

Describe '<_>' -ForEach $serverCommands {
    It 'accepts -Uri as the first argument' {
        $parameter = @(Get-Binding $_ 'Uri')
        $parameter | Should -HaveCount 1
        $parameter[0].ParameterType | Should -Be ([string[]])
        $parameter[0].Position | Should -Be 0
    }

    It 'declares its output types' { (Get-Command $_).OutputType.Name | Should -Be 'QedTools.QedNbdServer' }
}

Describe '<_>' -ForEach $fileCommands {
    BeforeAll { $command = Get-Command $_ }

    It 'accepts -Path as the first argument and from the pipeline, by value and by property name' {
        foreach ($parameter in Get-Binding $command.Name 'Path') {
            $parameter.ParameterType | Should -Be ([string[]])
            $parameter.Position | Should -Be 0
            $parameter.IsMandatory | Should -BeTrue
            $parameter.ValueFromPipeline | Should -BeTrue
            $parameter.ValueFromPipelineByPropertyName | Should -BeTrue
        }
    }

    It 'accepts -LiteralPath from the pipeline by property name, with the aliases PSPath and LP' {
        $found = @(Get-Binding $command.Name 'LiteralPath')
        $found | Should -Not -BeNullOrEmpty
        foreach ($parameter in $found) {
            $parameter.ParameterType | Should -Be ([string[]])
            $parameter.IsMandatory | Should -BeTrue
            $parameter.ValueFromPipelineByPropertyName | Should -BeTrue
            $parameter.Aliases | Should -Contain 'PSPath'
            $parameter.Aliases | Should -Contain 'LP'
        }
    }

    It 'has -Path or -LiteralPath in every parameter set, never both' {
        foreach ($set in $command.ParameterSets) {
            @($set.Parameters | Where-Object { $_.Name -in 'Path', 'LiteralPath' }) | Should -HaveCount 1 -Because $set.Name
        }
    }

    It 'declares its output types' { $command.OutputType | Should -Not -BeNullOrEmpty }

    It 'has help' {
        $help = Get-Help $command.Name
        $help | Should -Not -BeNullOrEmpty
        "$($help.Name)" | Should -Be $command.Name
    }

    It 'uses an approved verb' {
        # Get-Verb is not available everywhere; the verbs are constants of PowerShell itself.
        $verbs = [System.Management.Automation.VerbsCommon], [System.Management.Automation.VerbsData], [System.Management.Automation.VerbsDiagnostic], [System.Management.Automation.VerbsLifecycle] |
            ForEach-Object { $_.GetFields() | ForEach-Object { $_.Name } }
        $verbs | Should -Contain $command.Verb
    }
}

Describe 'The parameters' {
    It '<Command> writes <Types>' -ForEach $outputs {
        @((Get-Command $Command).OutputType | ForEach-Object { $_.Name }) | Should -Be $Types
    }

    It '<Command> has all required parameters' -ForEach $parameters {
        foreach ($name in $Names) { (Get-Command $Command).Parameters.Keys | Should -Contain $name }
    }

    It '<Command> accepts -<Second> as the second argument' -ForEach $firstOperands {
        (Get-Binding $Command $Second)[0].Position | Should -Be 1
    }

    It '<Command> accepts -<Alias> for -<Parameter>' -ForEach $aliases {
        (Get-Command $Command).Parameters[$Parameter].Aliases | Should -Contain $Alias
    }

    It '<Command> -<Name> refuses a size with another unit than those of PowerShell, and says how to write it' -ForEach $sizes {
        foreach ($text in '4K', '4KiB', '4 KB', '4 k', ' 4Kib ') {
            $given = @{ $Name = $text }
            { & $Command @given } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage "*'$text' is not a number of bytes. Write 4KB:*"
        }

        # A decimal comma, which PowerShell has nowhere.
        $given = @{ $Name = '20,5GB' }
        { & $Command @given } | Should -Throw -ExpectedMessage '*Write 20.5GB:*'
        $given = @{ $Name = '20bytes' }
        { & $Command @given } | Should -Throw -ExpectedMessage '*Write 20:*'
        $given = @{ $Name = 'large' }
        { & $Command @given } | Should -Throw -ErrorId 'CannotConvertArgument*'
    }

    It '<_> has -WhatIf and -Confirm because it writes' -ForEach $writers {
        (Get-Command $_).Parameters.Keys | Should -Contain 'WhatIf'
        (Get-Command $_).Parameters.Keys | Should -Contain 'Confirm'
    }

    It '<_> has no -WhatIf because it only reads' -ForEach $readers {
        (Get-Command $_).Parameters.Keys | Should -Not -Contain 'WhatIf'
    }

    It '<_> declares that -Path supports wildcards' -ForEach $readers {
        @((Get-Command $_).Parameters['Path'].Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }) | Should -HaveCount 1
    }

    It 'for sizes and offsets are 64-bit integers' {
        (Get-Command New-QedImage).Parameters['SizeBytes'].ParameterType | Should -BeIn @([long], [System.Nullable[long]])
        (Get-Command Get-QedAllocationMap).Parameters['Offset'].ParameterType | Should -BeIn @([long], [System.Nullable[long]])
        (Get-Command Get-QedAllocationMap).Parameters['Length'].ParameterType | Should -BeIn @([long], [System.Nullable[long]])
    }

    It '<Line> completes to <Expected>' -ForEach @(
        @{ Line = 'New-QedImage x 1MB -BackingFormat '; Expected = 'Probe', 'Raw' }
        @{ Line = 'Get-QedAllocationMap x -State '; Expected = 'Damaged', 'Data', 'Unallocated', 'Zero' }
        @{ Line = 'Get-QedAllocationMap x -State D'; Expected = 'Damaged', 'Data' }
        @{ Line = 'Get-QedAllocationMap x -Offset 3'; Expected = '3GB', '3KB', '3MB', '3TB' }
        @{ Line = 'Get-QedAllocationMap x -Length 6'; Expected = '64KB', '6GB', '6KB', '6MB', '6TB' }
        @{ Line = 'Show-QedAllocationMap x -Offset Q'; Expected = @() }
        @{ Line = 'Show-QedAllocationMap x -Width '; Expected = '100', '120', '160', '80' }
        @{ Line = 'Show-QedAllocationMap x -OutFile x.svg -Width '; Expected = '1200', '1600', '2400', '800' }
        @{ Line = 'Show-QedAllocationMap x -Height 1'; Expected = , '16' }
        @{ Line = 'Show-QedAllocationMap x -Height Q'; Expected = @() }
        @{ Line = 'Show-QedAllocationMap x -Color '; Expected = 'Always', 'Auto', 'Never' }
    ) {
        $found = @([System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches | ForEach-Object { $_.CompletionText })
        [System.Array]::Sort($found)
        $found | Should -Be $Expected
    }
}

Describe 'Readable sizes' {
    It '<Bytes> is shown as <Text>' -ForEach @(
        @{ Bytes = 0; Text = '0 B' }
        @{ Bytes = 512; Text = '512 B' }
        @{ Bytes = 1023; Text = '1023 B' }
        @{ Bytes = 1024; Text = '1 KiB' }
        @{ Bytes = 20GB; Text = '20 GiB' }
        @{ Bytes = 64TB; Text = '64 TiB' }
        @{ Bytes = 1PB; Text = '1 PiB' }
        @{ Bytes = 9223372036854775296; Text = '8 EiB' }
    ) {
        [QedTools.ByteSize]::Format($Bytes) | Should -Be $Text
    }

    It 'a fraction has at most two decimals' { [QedTools.ByteSize]::Format(1536) | Should -Match '^1.5 KiB$' }

    It 'null is shown as an empty string' { [QedTools.ByteSize]::Format($null) | Should -BeExactly '' }

    It 'a size just below a unit is not shown as 1024 of the smaller one' {
        [QedTools.ByteSize]::Format(1048575) | Should -Be '1 MiB'
    }
}
