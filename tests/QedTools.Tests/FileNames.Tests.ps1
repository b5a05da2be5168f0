# How the cmdlets handle file names, and files that are not valid images. This is the same for all cmdlets; the file named
# after a cmdlet tests what it does with a file.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $readers = @(
        @{ Command = 'Get-QedInfo' }
        @{ Command = 'Test-QedImage' }
        @{ Command = 'Get-QedAllocationMap' }
    )
    # Cmdlets that change an image in place. Beside: the other files that the image needs.
    $changers = @(
        @{ Command = 'Resize-QedImage'; Fixture = 'headers/backing-without-bit.qed'; Beside = @(); More = @{ SizeBytes = 2MB; PassThru = $true } }
        @{ Command = 'Repair-QedImage'; Fixture = 'damaged/leak-at-end.qed'; Beside = @(); More = @{ NoBackup = $true } }
        @{ Command = 'Optimize-QedImage'; Fixture = 'damaged/leak-at-end.qed'; Beside = @(); More = @{} }
        @{ Command = 'Merge-QedImage'; Fixture = 'chains/over-raw.qed'; Beside = @('chains/base.raw'); More = @{} }
    )
    $names = @(Get-OddName)
    $posixNames = @($names | Where-Object { $_ -match '[\\:*]' })
    $creatable = @($names | Where-Object { $_ -notmatch '[\\:]' })
    $badFiles = @(
        @{ Fixture = 'headers/cut-0.qed'; Id = 'QedNotAnImage'; Category = 'InvalidData'; Message = '*it is empty*' }
        @{ Fixture = 'headers/magic-swapped.qed'; Id = 'QedNotAnImage'; Category = 'InvalidData'; Message = '*no known format*' }
        @{ Fixture = 'foreign/pattern.raw'; Id = 'QedNotAnImage'; Category = 'InvalidData'; Message = '*not a QED image*' }
        @{ Fixture = 'foreign/disk.qcow2'; Id = 'QedNotAnImage'; Category = 'InvalidData'; Message = '*not a QED image*' }
        @{ Fixture = 'headers/cut-4.qed'; Id = 'QedTruncated'; Category = 'InvalidData'; Message = '*64 bytes*4*' }
        @{ Fixture = 'headers/cut-63.qed'; Id = 'QedTruncated'; Category = 'InvalidData'; Message = '*64 bytes*63*' }
        @{ Fixture = 'headers/feature-bit-3.qed'; Id = 'QedUnsupportedFeature'; Category = 'NotImplemented'; Message = '*0x8*' }
        @{ Fixture = 'headers/feature-bit-63.qed'; Id = 'QedUnsupportedFeature'; Category = 'NotImplemented'; Message = '*0x8000000000000000*' }
        @{ Fixture = 'headers/feature-mixed.qed'; Id = 'QedUnsupportedFeature'; Category = 'NotImplemented'; Message = '*0x8)*' }
        @{ Fixture = 'headers/cluster-size-4097.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*cluster_size is 4097*' }
        @{ Fixture = 'headers/table-size-3.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*table_size is 3*' }
        @{ Fixture = 'headers/l1-past-end.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*l1_table_offset is 1099511627776*' }
        @{ Fixture = 'headers/image-size-over-limit.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*image_size is 4294967808*4294967296*' }
        @{ Fixture = 'headers/backing-past-header.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*backing_filename*' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # The distinct files that the objects refer to; a map has many objects for one file.
    function Get-File {
        param([object[]] $Object)

        $seen = [System.Collections.Generic.List[string]]::new()
        foreach ($item in $Object) { if (-not $seen.Contains($item.Path)) { $seen.Add($item.Path) } }
        $seen
    }
}

Describe '<Command> with a name that is too long for a file' -ForEach $readers {
    It 'reports that the file does not exist' {
        $path = Join-TestDrive ('x' * 300)
        Assert-OneError { & $Command -LiteralPath $path } 'QedFileNotFound' 'ObjectNotFound' $path
    }
}

Describe 'New-QedImage with a name that is too long for a file' {
    It 'reports the error before it creates anything, with -WhatIf too' {
        $path = Join-TestDrive ('x' * 300)
        foreach ($whatIf in $true, $false) {
            Assert-OneError { New-QedImage $path 1MB -WhatIf:$whatIf } 'QedStorageFailed' 'DeviceError' $path '*Use a shorter name*'
        }
    }
}

Describe '<Command> finds files' -ForEach $readers {
    BeforeAll { $folder = New-Folder 'names' }

    Context 'named <_>' -ForEach $names {
        BeforeAll {
            $name = $_
            $path = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As $name
        }

        AfterAll { [System.IO.File]::Delete($path) }

        It 'by -Path' { Get-File (& $Command -Path $path) | Should -BeExactly $path }

        It 'by position' { Get-File (& $Command $path) | Should -BeExactly $path }

        It 'by -LiteralPath' { Get-File (& $Command -LiteralPath $path) | Should -BeExactly $path }

        It 'by the aliases -PSPath and -LP' {
            Get-File (& $Command -PSPath $path) | Should -BeExactly $path
            Get-File (& $Command -LP $path) | Should -BeExactly $path
        }

        It 'relative to the current location' {
            Invoke-InFolder $folder {
                Get-File (& $Command -Path $name) | Should -BeExactly $path
                Get-File (& $Command -LiteralPath $name) | Should -BeExactly $path
                Get-File (& $Command "./$name") | Should -BeExactly $path
            }
        }

        It 'from a string in the pipeline' { Get-File ($path | & $Command) | Should -BeExactly $path }

        It 'from an object with a <_> property' -ForEach 'Path', 'LiteralPath', 'PSPath', 'LP' {
            Get-File ([pscustomobject]@{ $_ = $path } | & $Command) | Should -BeExactly $path
        }

        It 'from a FileInfo object' { Get-File ([System.IO.FileInfo]::new($path) | & $Command) | Should -BeExactly $path }

        It 'from the result of <_>' -ForEach 'Get-QedInfo', 'Test-QedImage', 'Get-QedAllocationMap' {
            Get-File (& $_ -LiteralPath $path | & $Command) | Should -BeExactly $path
        }

        It 'by a path with the FileSystem provider' {
            Get-File (& $Command -LiteralPath "Microsoft.PowerShell.Core\FileSystem::$path") | Should -BeExactly $path
        }
    }

    Context 'by wildcards' {
        BeforeAll {
            $wild = New-Folder 'wild'
            $a1, $a2, $b1 = foreach ($name in 'a1.qed', 'a2.qed', 'b1.qed') {
                Copy-Fixture 'headers/backing-without-bit.qed' -Folder $wild -As $name
            }
            $null = New-Folder 'wild/a9.qed'
        }

        It 'finds every match in order, but not folders' {
            Get-File (& $Command -Path ([System.IO.Path]::Combine($wild, 'a*.qed'))) | Should -Be $a1, $a2
        }

        It 'supports ? and character sets' {
            Get-File (& $Command -Path ([System.IO.Path]::Combine($wild, '?1.qed'))) | Should -Be $a1, $b1
            Get-File (& $Command -Path ([System.IO.Path]::Combine($wild, '[ac]2.qed'))) | Should -Be $a2
        }

        It 'accepts several patterns, also from the pipeline' {
            $patterns = [System.IO.Path]::Combine($wild, 'b*'), [System.IO.Path]::Combine($wild, 'a1*')
            Get-File (& $Command $patterns) | Should -Be $b1, $a1
            Get-File ($patterns | & $Command) | Should -Be $b1, $a1
        }

        It 'writes nothing if nothing matches, like Get-Item' {
            $recorded = Invoke-Recorded { & $Command ([System.IO.Path]::Combine($wild, 'nothing*.qed')) }
            $recorded.Output | Should -BeNullOrEmpty
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'reports with -Verbose how many files a pattern matches' {
            $recorded = Invoke-Recorded { & $Command ([System.IO.Path]::Combine($wild, 'a*.qed')) -Verbose }
            "$($recorded.Verbose)" | Should -BeLike '*a`*.qed* 2 files*'
        }

        It 'does not expand them in -LiteralPath' {
            $pattern = [System.IO.Path]::Combine($wild, 'a*.qed')
            Assert-OneError { & $Command -LiteralPath $pattern } 'QedFileNotFound' 'ObjectNotFound' $pattern
        }

        It 'prefers a file with exactly that name' {
            $exact = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $wild -As '[ab]1.qed'
            Get-File (& $Command $exact) | Should -BeExactly $exact
            [System.IO.File]::Delete($exact)
        }

        It 'treats escaped brackets as literal characters' {
            $exact = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $wild -As 'e[1].qed'
            Get-File (& $Command ([System.Management.Automation.WildcardPattern]::Escape($exact))) | Should -BeExactly $exact
            [System.IO.File]::Delete($exact)
        }

        It 'continues after a match that is not an image' {
            [System.IO.File]::WriteAllText([System.IO.Path]::Combine($wild, 'a15.qed'), 'text')
            $recorded = Invoke-Recorded { & $Command ([System.IO.Path]::Combine($wild, 'a*.qed')) }
            Get-File $recorded.Output | Should -Be $a1, $a2
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].TargetObject | Should -Be ([System.IO.Path]::Combine($wild, 'a15.qed'))
            [System.IO.File]::Delete([System.IO.Path]::Combine($wild, 'a15.qed'))
        }
    }

    It 'on a PowerShell drive' {
        $path = Copy-Fixture 'headers/backing-without-bit.qed' -As 'drive.qed'
        Get-File (& $Command 'TestDrive:/drive.qed') | Should -Be $path
        Get-File (& $Command -LiteralPath 'TestDrive:/drive.qed') | Should -Be $path
        Get-File (& $Command 'TestDrive:/dri*.qed') | Should -Be $path
    }

    It 'in a folder whose name has brackets' {
        $inside = New-Folder 'folder [x]'
        $path = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $inside -As 'in.qed'
        Get-File (& $Command $path) | Should -BeExactly $path
        Invoke-InFolder $inside { Get-File (& $Command 'in.qed') | Should -BeExactly $path }
        Invoke-InFolder $inside { Get-File (& $Command 'i*.qed') | Should -BeExactly $path }
    }

    It 'several at once, in the given order' {
        $first = Copy-Fixture 'headers/backing-without-bit.qed' -As 'z.qed'
        $second = Copy-Fixture 'headers/backing-without-bit.qed' -As 'a.qed'
        Get-File (& $Command $first, $second) | Should -Be $first, $second
        Get-File (& $Command -LiteralPath $first, $second) | Should -Be $first, $second
        Get-File ($first, $second | & $Command) | Should -Be $first, $second
    }

    It 'from Get-ChildItem and Get-Item' {
        $some = New-Folder 'items'
        $paths = foreach ($name in 'brackets [1].qed', 'plain.qed', 'with space.qed') {
            Copy-Fixture 'headers/backing-without-bit.qed' -Folder $some -As $name
        }
        Get-File (Get-ChildItem -LiteralPath $some | & $Command) | Should -Be $paths
        Get-File (Get-Item -LiteralPath $paths[0] | & $Command) | Should -Be $paths[0]
        Get-File (Get-ChildItem -LiteralPath $some -Name | ForEach-Object { [System.IO.Path]::Combine($some, $_) } | & $Command) |
            Should -Be $paths
    }
}

Describe '<Command> with input that it cannot read' -ForEach $readers {
    BeforeAll {
        $folder = New-Folder 'bad'
        $good = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As 'good.qed'
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
    }

    # Only the check is for QED images alone.
    It 'writes one error <Id> about <Fixture>' -ForEach @($badFiles | Where-Object { $Command -eq 'Test-QedImage' -or $_.Fixture -notlike 'foreign/*' }) {
        $path = Copy-Fixture $Fixture
        Assert-OneError { & $Command $path } $Id $Category $path $Message
        Assert-OneError { & $Command -LiteralPath $path } $Id $Category $path $Message
        Assert-OneError { $path | & $Command } $Id $Category $path $Message
    }

    It 'writes one error about a missing file' {
        Assert-OneError { & $Command $missing } 'QedFileNotFound' 'ObjectNotFound' $missing "*$missing*"
    }

    It 'writes one error about a file in a missing folder' {
        $path = [System.IO.Path]::Combine($folder, 'no', 'such', 'file.qed')
        Assert-OneError { & $Command $path } 'QedFileNotFound' 'ObjectNotFound' $path
    }

    It 'writes one error about a folder' {
        Assert-OneError { & $Command $folder } 'QedNotAFile' 'InvalidArgument' $folder '*a folder*'
    }

    It 'writes one error about a device' {
        Skip-TestWithout Unix
        Assert-OneError { & $Command '/dev/null' } 'QedNotAFile' 'InvalidArgument' '/dev/null' '*a device*'
    }

    It 'writes one error about a pipe, and does not wait for it' {
        Skip-TestWithout Unix
        $pipe = [System.IO.Path]::Combine($folder, 'pipe.qed')
        (Invoke-Native mkfifo $pipe).ExitCode | Should -Be 0
        Assert-OneError { & $Command $pipe } 'QedNotAFile' 'InvalidArgument' $pipe '*a pipe*'
        [System.IO.File]::Delete($pipe)
    }

    It 'writes one error about a file that this user cannot read' {
        Skip-TestWithout Permissions
        $path = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As 'secret.qed'
        (Invoke-Native chmod 000 $path).ExitCode | Should -Be 0
        Assert-OneError { & $Command $path } 'QedAccessDenied' 'PermissionDenied' $path '*permission*'
        [System.IO.File]::Delete($path)
    }

    It 'reads a file that this user cannot write' {
        Skip-TestWithout Unix
        $path = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As 'readonly.qed'
        (Invoke-Native chmod 444 $path).ExitCode | Should -Be 0
        $recorded = Invoke-Recorded { & $Command $path }
        $recorded.Errors | Should -BeNullOrEmpty
        Get-File $recorded.Output | Should -Be $path
        [System.IO.File]::Delete($path)
    }

    It 'writes one error about <_>, which is not a file' -ForEach 'Env:PATH', 'Variable:HOME', 'Function:x.qed' {
        $provider = @{ E = 'Environment'; V = 'Variable'; F = 'Function' }[$_.Substring(0, 1)]
        Assert-OneError { & $Command $_ } 'QedPath' 'InvalidArgument' $_ "*$provider*file*"
        Assert-OneError { & $Command -LiteralPath $_ } 'QedPath' 'InvalidArgument' $_ "*$provider*file*"
    }

    It 'writes one error about a pattern on another provider' {
        Assert-OneError { & $Command 'Env:*' } 'QedPath' 'InvalidArgument' 'Env:*' '*Environment*'
    }

    It 'writes one error about a drive that does not exist' {
        Assert-OneError { & $Command 'NoSuchDrive:/x.qed' } 'QedPath' 'InvalidArgument' 'NoSuchDrive:/x.qed' '*NoSuchDrive*'
    }

    It 'continues with the next file' {
        $recorded = Invoke-Recorded { & $Command $missing, $good }
        Get-File $recorded.Output | Should -Be $good
        $recorded.Errors | Should -HaveCount 1

        $recorded = Invoke-Recorded { & $Command -LiteralPath $missing, 'Env:PATH', $good, $folder }
        Get-File $recorded.Output | Should -Be $good
        $recorded.Errors | Should -HaveCount 3

        $recorded = Invoke-Recorded { $good, $missing, $good | & $Command | ForEach-Object { $_.Path } }
        $recorded.Output | Should -Contain $good
        $recorded.Output[0] | Should -Be $recorded.Output[-1]
        $recorded.Errors | Should -HaveCount 1
    }

    It 'throws with -ErrorAction Stop' {
        { & $Command $missing, $good -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileNotFound,QedTools.Commands.*'
        { & $Command -LiteralPath $folder -ErrorAction Stop } | Should -Throw -ErrorId 'QedNotAFile,QedTools.Commands.*'
    }

    It 'writes no errors with -ErrorAction Ignore' {
        $recorded = Invoke-Recorded { & $Command $missing, $good -ErrorAction Ignore }
        $recorded.Errors | Should -BeNullOrEmpty
        Get-File $recorded.Output | Should -Be $good
    }

    It 'stores its errors in -ErrorVariable, each with an exception that names the file' {
        $null = & $Command $missing, $folder -ErrorAction SilentlyContinue -ErrorVariable kept
        $kept | Should -HaveCount 2
        $kept[0].Exception.GetType().FullName | Should -Be 'QedTools.QedFileNotFoundException'
        $kept[0].Exception.Path | Should -Be $missing
        $kept[1].Exception.GetType().FullName | Should -Be 'QedTools.QedNotAFileException'
    }

    It 'has the full path of the file as the target of the error, however the file was named' {
        Invoke-InFolder $folder {
            Assert-OneError { & $Command 'missing.qed' } 'QedFileNotFound' 'ObjectNotFound' $missing
            Assert-OneError { & $Command -LiteralPath 'missing.qed' } 'QedFileNotFound' 'ObjectNotFound' $missing
            Assert-OneError { 'missing.qed' | & $Command } 'QedFileNotFound' 'ObjectNotFound' $missing
        }
        Assert-OneError { & $Command -LiteralPath "Microsoft.PowerShell.Core\FileSystem::$missing" } 'QedFileNotFound' 'ObjectNotFound' $missing
    }

    It 'refuses an empty name' {
        { & $Command -Path '' } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
        { & $Command -LiteralPath '' } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
    }

    It 'accepts -Path or -LiteralPath, not both' {
        { & $Command -Path $good -LiteralPath $good } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
    }
}

Describe 'The cmdlets that read' {
    It 'change neither the contents nor the date of any file, whatever is wrong with it, and leave no files behind (<_>)' -ForEach 'images', 'chains', 'damaged', 'headers', 'foreign' {
        $folder = New-Folder 'all'
        $source = [System.IO.Path]::Combine($PSScriptRoot, '..', 'fixtures', $_)
        foreach ($file in [System.IO.Directory]::GetFiles($source)) {
            $copy = [System.IO.Path]::Combine($folder, [System.IO.Path]::GetFileName($file))
            [System.IO.File]::Copy($file, $copy)
            [System.IO.File]::SetLastWriteTimeUtc($copy, [datetime]::new(2020, 1, 2))
        }

        $files = [System.IO.Directory]::GetFiles($folder)
        $before = Get-FolderState $folder
        $before.Count | Should -BeGreaterThan 5
        $recorded = Invoke-Recorded {
            Get-QedInfo -LiteralPath $files
            Get-QedInfo -LiteralPath $files -BackingChain
            Test-QedImage -LiteralPath $files
            Test-QedImage -LiteralPath $files -Quiet -ForceShare
            Get-QedAllocationMap -LiteralPath $files
            Get-QedAllocationMap -LiteralPath $files -BackingChain -ForceShare
        }
        Get-FolderState $folder | Should -Be $before
        # There is no unexpected error (QedFailed).
        $recorded.Errors | Where-Object { $_.FullyQualifiedErrorId -notmatch '^Qed(?!Failed)\w+,' } | Should -BeNullOrEmpty
    }
}

Describe 'File names in New-QedImage' {
    BeforeAll { $folder = New-Folder 'new' }

    It 'creates <_> by -Path, by position and from the pipeline' -ForEach $creatable {
        $path = [System.IO.Path]::Combine($folder, $_)
        (New-QedImage -Path $path -SizeBytes 1MB).Path | Should -BeExactly $path
        [System.IO.File]::Exists($path) | Should -BeTrue
        [System.IO.File]::Delete($path)
        (New-QedImage $path 1MB).Path | Should -BeExactly $path
        [System.IO.File]::Delete($path)
        ($path | New-QedImage -SizeBytes 1MB).Path | Should -BeExactly $path
        [System.IO.Directory]::GetFiles($folder) | Should -BeExactly $path
        [System.IO.File]::Delete($path)
    }

    It 'creates <_> by -LiteralPath' -ForEach $names {
        $path = [System.IO.Path]::Combine($folder, $_)
        (New-QedImage -LiteralPath $path -SizeBytes 1MB).Path | Should -BeExactly $path
        [System.IO.Directory]::GetFiles($folder) | Should -BeExactly $path
        [System.IO.File]::Delete($path)
    }

    It 'creates <_> relative to the current location' -ForEach @($names | Where-Object { $_ -notmatch ':' }) {
        $path = [System.IO.Path]::Combine($folder, $_)
        Invoke-InFolder $folder { (New-QedImage -LiteralPath $_ -SizeBytes 1MB).Path } | Should -BeExactly $path
        [System.IO.Directory]::GetFiles($folder) | Should -BeExactly $path
        [System.IO.File]::Delete($path)
    }

    It 'replaces <_> with -Force' -ForEach $names {
        $path = [System.IO.Path]::Combine($folder, $_)
        [System.IO.File]::WriteAllText($path, 'old')
        (New-QedImage -Path $path -SizeBytes 1MB -Force).Path | Should -BeExactly $path
        [System.IO.Directory]::GetFiles($folder) | Should -BeExactly $path
        [System.IO.File]::Delete($path)
    }

    It 'creates a file on a PowerShell drive' {
        (New-QedImage 'TestDrive:/on-drive.qed' 1MB).Path | Should -Be (Join-TestDrive 'on-drive.qed')
    }

    It 'never expands wildcards' {
        $existing = [System.IO.Path]::Combine($folder, 'w1.qed')
        [System.IO.File]::WriteAllText($existing, 'old')
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'w[1].qed')) 1MB -Force
        [System.IO.File]::ReadAllText($existing) | Should -Be 'old'
        [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'w[1].qed')) | Should -BeTrue
    }

    It 'writes one error about <_>, which cannot hold files' -ForEach 'Env:x.qed', 'Variable:x.qed', 'NoSuchDrive:/x.qed' {
        Assert-OneError { New-QedImage $_ 1MB } 'QedPath' 'InvalidArgument' $_
        Assert-OneError { New-QedImage -LiteralPath $_ 1MB } 'QedPath' 'InvalidArgument' $_
    }
}

Describe 'File names in Set-QedBackingFile' {
    BeforeAll { $folder = New-Folder 'set' }

    It 'finds <_> however it is named' -ForEach $names {
        $path = Copy-Fixture 'chains/name-missing.qed' -Folder $folder -As $_
        (Set-QedBackingFile -Path $path -BackingFile 'a' -Force -PassThru).Path | Should -BeExactly $path
        (Get-RawHeader $path).backing_filename | Should -Be 'a'
        (Set-QedBackingFile $path 'b' -Force -PassThru).Path | Should -BeExactly $path
        (Get-RawHeader $path).backing_filename | Should -Be 'b'
        (Set-QedBackingFile -LiteralPath $path 'c' -Force -PassThru).Path | Should -BeExactly $path
        (Get-RawHeader $path).backing_filename | Should -Be 'c'
        $path | Set-QedBackingFile -BackingFile 'd' -Force
        (Get-RawHeader $path).backing_filename | Should -Be 'd'
        [pscustomobject]@{ PSPath = $path } | Set-QedBackingFile -BackingFile 'e' -Force
        (Get-RawHeader $path).backing_filename | Should -Be 'e'
        Get-QedInfo -LiteralPath $path | Set-QedBackingFile -Remove
        (Get-RawHeader $path).backing_filename | Should -BeNullOrEmpty
        [System.IO.File]::Delete($path)
    }

    It 'never expands wildcards' {
        $path = Copy-Fixture 'chains/name-missing.qed' -Folder $folder -As 'w1.qed'
        $before = Get-FolderState $folder
        $pattern = [System.IO.Path]::Combine($folder, 'w[1].qed')
        Assert-OneError { Set-QedBackingFile $pattern -Remove } 'QedFileNotFound' 'ObjectNotFound' $pattern
        $pattern = [System.IO.Path]::Combine($folder, 'w*.qed')
        Assert-OneError { Set-QedBackingFile $pattern -Remove } 'QedFileNotFound' 'ObjectNotFound' $pattern
        Get-FolderState $folder | Should -Be $before
    }

    It 'writes one error about <_>, which is not a file' -ForEach 'Env:PATH', 'Variable:HOME', 'NoSuchDrive:/x.qed' {
        Assert-OneError { Set-QedBackingFile $_ -Remove } 'QedPath' 'InvalidArgument' $_
        Assert-OneError { Set-QedBackingFile -LiteralPath $_ 'x' -Force } 'QedPath' 'InvalidArgument' $_
    }

    It 'writes one error <Id> about <Fixture> and does not change it' -ForEach $badFiles {
        $path = Copy-Fixture $Fixture -Folder $folder
        $before = Get-FolderState $folder
        Assert-OneError { Set-QedBackingFile $path -Remove } $Id $Category $path $Message
        Assert-OneError { Set-QedBackingFile $path 'x' -Force } $Id $Category $path $Message
        Get-FolderState $folder | Should -Be $before
        [System.IO.File]::Delete($path)
    }

    It 'writes one error about a missing file and about a folder' {
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        Assert-OneError { Set-QedBackingFile $missing -Remove } 'QedFileNotFound' 'ObjectNotFound' $missing
        Assert-OneError { Set-QedBackingFile $folder -Remove } 'QedNotAFile' 'InvalidArgument' $folder
        [System.IO.File]::Exists($missing) | Should -BeFalse
    }

    It 'writes one error about a file that this user cannot write, and does not change it' {
        Skip-TestWithout Permissions
        $path = Copy-Fixture 'chains/name-missing.qed' -Folder $folder -As 'readonly.qed'
        (Invoke-Native chmod 444 $path).ExitCode | Should -Be 0
        $before = Get-Sha256 $path
        Assert-OneError { Set-QedBackingFile $path -Remove } 'QedAccessDenied' 'PermissionDenied' $path '*permission*'
        Get-Sha256 $path | Should -Be $before
        [System.IO.File]::Delete($path)
    }
}

Describe 'File names in <Command>' -ForEach $changers {
    BeforeAll {
        $folder = New-Folder 'change'
        foreach ($file in $Beside) { $null = Copy-Fixture $file -Folder $folder }
    }

    It 'finds <_> however it is named, and changes it' -ForEach $names {
        $name = $_
        foreach ($way in @(
                { & $Command @More -Path $path }, { & $Command $path @More }, { & $Command @More -LiteralPath $path }, { $path | & $Command @More }
                { [pscustomobject]@{ PSPath = $path } | & $Command @More }, { [System.IO.FileInfo]::new($path) | & $Command @More }
                { Get-QedInfo -LiteralPath $path | & $Command @More }, { Test-QedImage -LiteralPath $path | & $Command @More }
                { Invoke-InFolder $folder { & $Command @More -LiteralPath $name } }
            )) {
            $path = Copy-Fixture $Fixture -Folder $folder -As $name
            $before = Get-Sha256 $path
            Get-File (& $way) | Should -BeExactly $path -Because "the image was named by $way"
            Get-Sha256 $path | Should -Not -Be $before -Because "the image was named by $way"
        }

        [System.IO.File]::Delete($path)
    }

    It 'never expands wildcards' {
        $path = Copy-Fixture $Fixture -Folder $folder -As 'w1.qed'
        $before = Get-FolderState $folder
        foreach ($pattern in [System.IO.Path]::Combine($folder, 'w[1].qed'), [System.IO.Path]::Combine($folder, 'w*.qed')) {
            Assert-OneError { & $Command $pattern @More } 'QedFileNotFound' 'ObjectNotFound' $pattern
        }

        Get-FolderState $folder | Should -Be $before
        [System.IO.File]::Delete($path)
    }

    It 'finds a file on a PowerShell drive, and one in a folder whose name has brackets' {
        $path = Copy-Fixture $Fixture -Folder $folder -As 'drive.qed'
        Get-File (& $Command 'TestDrive:/change/drive.qed' @More) | Should -Be $path
        $inside = New-Folder 'change/folder [x]'
        foreach ($file in $Beside) { $null = Copy-Fixture $file -Folder $inside }
        $path = Copy-Fixture $Fixture -Folder $inside -As 'in.qed'
        Get-File (& $Command $path @More) | Should -BeExactly $path
        [System.IO.Directory]::Delete($inside, $true)
    }

    It 'writes one error about <_>, which is not a file' -ForEach 'Env:PATH', 'Variable:HOME', 'NoSuchDrive:/x.qed' {
        Assert-OneError { & $Command $_ @More } 'QedPath' 'InvalidArgument' $_
        Assert-OneError { & $Command -LiteralPath $_ @More } 'QedPath' 'InvalidArgument' $_
    }

    It 'writes one error <Id> about <Bad> and does not change it' -ForEach @($badFiles | ForEach-Object { @{ Bad = $_.Fixture; Id = $_.Id; Category = $_.Category; Message = $_.Message } }) {
        $path = Copy-Fixture $Bad -Folder $folder
        $before = Get-FolderState $folder
        Assert-OneError { & $Command $path @More } $Id $Category $path $Message
        Assert-OneError { & $Command $path @More -WhatIf } $Id $Category $path $Message
        Get-FolderState $folder | Should -Be $before
        [System.IO.File]::Delete($path)
    }

    It 'writes one error about a missing file and about a folder' {
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        Assert-OneError { & $Command $missing @More } 'QedFileNotFound' 'ObjectNotFound' $missing
        Assert-OneError { & $Command $folder @More } 'QedNotAFile' 'InvalidArgument' $folder
        [System.IO.File]::Exists($missing) | Should -BeFalse
    }

    It 'writes one error about a file that this user cannot write, and does not change it' {
        Skip-TestWithout Permissions
        $path = Copy-Fixture $Fixture -Folder $folder -As 'readonly.qed'
        (Invoke-Native chmod 444 $path).ExitCode | Should -Be 0
        $before = Get-Sha256 $path
        Assert-OneError { & $Command $path @More } 'QedAccessDenied' 'PermissionDenied' $path '*permission*'
        Get-Sha256 $path | Should -Be $before
        [System.IO.File]::Delete($path)
    }
}

Describe 'Open-QedImage, Compare-QedImage and Convert-QedImage find files' {
    BeforeAll { $folder = New-Folder 'contents' }

    It 'named <_>, however they are named' -ForEach $names {
        $name = $_
        $path = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As $name
        $results = New-Folder 'contents/results'
        $raw = [System.IO.Path]::Combine($results, 'result.raw')
        foreach ($way in @(
                { param($command, $more) & $command -Path $path @more }, { param($command, $more) & $command -LiteralPath $path @more }
                { param($command, $more) $path | & $command @more }, { param($command, $more) [pscustomobject]@{ LP = $path } | & $command @more }
                { param($command, $more) [System.IO.FileInfo]::new($path) | & $command @more }, { param($command, $more) Get-QedInfo -LiteralPath $path | & $command @more }
                { param($command, $more) Invoke-InFolder $folder { & $command -LiteralPath $name @more } }
            )) {
            & $way 'Open-QedImage' @{} | ForEach-Object { $_.Length; $_.Dispose() } | Should -Be 1MB
            (& $way 'Compare-QedImage' @{ ReferencePath = $path }).Path | Should -BeExactly $path
            (& $way 'Convert-QedImage' @{ DestinationPath = $raw; Format = 'Raw'; Force = $true }).Path | Should -BeExactly $raw
        }

        (Compare-QedImage -LiteralPath $path -ReferencePath $path).ReferencePath | Should -BeExactly $path
        [System.IO.File]::Delete($path)
    }

    It 'and write files named <_>' -ForEach $creatable {
        $source = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As 'source.qed'
        $result = [System.IO.Path]::Combine((New-Folder 'contents/results'), $_)
        (Convert-QedImage $source $result).Path | Should -BeExactly $result
        [System.IO.File]::Exists($result) | Should -BeTrue
    }

    It 'by wildcards' {
        $wild = New-Folder 'contents/wild'
        $first, $second = foreach ($name in 'a1.qed', 'a2.qed') { Copy-Fixture 'headers/backing-without-bit.qed' -Folder $wild -As $name }
        $pattern = [System.IO.Path]::Combine($wild, 'a*.qed')
        Open-QedImage $pattern | ForEach-Object { $_.Dispose(); $_ } | Should -HaveCount 2
        Compare-QedImage $pattern $first | ForEach-Object { $_.Path } | Should -Be $first, $second
        Convert-QedImage $pattern $wild | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } | Should -Be 'a1.raw', 'a2.raw'
    }

    It 'and write one error about a missing file, a folder, and <_>, which is not a file' -ForEach 'Env:PATH', 'NoSuchDrive:/x.qed' {
        $other = Copy-Fixture 'headers/backing-without-bit.qed' -Folder $folder -As 'other.qed'
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        foreach ($call in @{ Command = 'Open-QedImage'; More = @{} }, @{ Command = 'Compare-QedImage'; More = @{ ReferencePath = $other } }, @{ Command = 'Convert-QedImage'; More = @{ DestinationPath = "$folder/x.raw" } }) {
            $command, $more = $call.Command, $call.More
            Assert-OneError { & $command $missing @more } 'QedFileNotFound' 'ObjectNotFound' $missing
            Assert-OneError { & $command $folder @more } 'QedNotAFile' 'InvalidArgument' $folder
            Assert-OneError { & $command $_ @more } 'QedPath' 'InvalidArgument' $_
        }

        [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'x.raw')) | Should -BeFalse
    }
}
