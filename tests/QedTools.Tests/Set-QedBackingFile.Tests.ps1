# Set-QedBackingFile: changes of the header only. FileNames.Tests.ps1 tests how it handles file names.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $badBacking = @(
        @{ Name = 'missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*is missing*folder*' }
        @{ Name = 'folder'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*a folder*' }
        @{ Name = 'nbd:localhost:10809'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
        @{ Name = 'file:base.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
        @{ Name = 'disk.luks'; Id = 'QedUnsupportedFormat'; Category = 'NotImplemented'; Message = '*LUKS*' }
        @{ Name = 'table-size-3.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*table_size is 3*' }
        @{ Name = 'over-qed.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
        @{ Name = 'base.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
        @{ Name = './base.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # A hash of everything after the header and the backing file names, which must not change.
    function Get-RestHash {
        param([string] $Path)

        $bytes = [System.IO.File]::ReadAllBytes($Path)
        for ($i = 0; $i -lt 4096; $i++) { $bytes[$i] = 0 }
        $algorithm = [System.Security.Cryptography.SHA256]::Create()
        try { [System.BitConverter]::ToString($algorithm.ComputeHash($bytes)) }
        finally { $algorithm.Dispose() }
    }
}

Describe 'Set-QedBackingFile' {
    BeforeEach {
        $folder = New-Folder 'set'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/base.qed', 'chains/disguised.raw' -Folder $folder
        $path = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $plain = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        $raw = Copy-Fixture 'chains/over-raw.qed' -Folder $folder
    }

    Context 'sets a backing file' {
        It 'on an image that had none' {
            $rest = Get-RestHash $plain
            Set-QedBackingFile -Path $plain -BackingFile base.qed | Should -BeNullOrEmpty
            $header = Get-RawHeader $plain
            $header.features | Should -Be 1
            $header.backing_filename | Should -BeExactly 'base.qed'
            $header.image_size | Should -Be 12582912
            $info = Get-QedInfo $plain
            $info.BackingFile | Should -Be 'base.qed'
            $info.BackingFilePath | Should -Be ([System.IO.Path]::Combine($folder, 'base.qed'))
            Get-RestHash $plain | Should -Be $rest
        }

        It 'on an image that had another, by position' {
            $rest = Get-RestHash $path
            Set-QedBackingFile $path base.raw
            $header = Get-RawHeader $path
            $header.features | Should -Be 5
            $header.backing_filename | Should -BeExactly 'base.raw'
            Get-RestHash $path | Should -Be $rest
        }

        It 'with the alias -ParentPath' {
            Set-QedBackingFile $path -ParentPath short.raw
            (Get-QedInfo $path).BackingFile | Should -Be 'short.raw'
        }

        It 'on several images at once' {
            $path, $plain | Set-QedBackingFile -BackingFile base.raw -PassThru | ForEach-Object { $_.BackingFile } | Should -Be 'base.raw', 'base.raw'
            Set-QedBackingFile $path, $plain short.raw -PassThru | ForEach-Object { $_.Path } | Should -Be $path, $plain
        }

        It 'and records <Backing> as <Format> if -BackingFormat is <Asked>' -ForEach @(
            @{ Backing = 'base.raw'; Asked = 'nothing'; Format = 'Raw' }
            @{ Backing = 'base.raw'; Asked = 'Probe'; Format = 'Probe' }
            @{ Backing = 'base.raw'; Asked = 'Raw'; Format = 'Raw' }
            @{ Backing = 'base.qed'; Asked = 'nothing'; Format = 'Probe' }
            @{ Backing = 'base.qed'; Asked = 'Probe'; Format = 'Probe' }
            @{ Backing = 'base.qed'; Asked = 'Raw'; Format = 'Raw' }
            @{ Backing = 'disguised.raw'; Asked = 'Raw'; Format = 'Raw' }
        ) {
            $more = @{}
            if ($Asked -ne 'nothing') { $more.BackingFormat = $Asked }
            $info = Set-QedBackingFile $plain $Backing @more -PassThru
            "$($info.BackingFormat)" | Should -Be $Format
            (Get-RawHeader $plain).features | Should -Be $(if ($Format -eq 'Raw') { 5 } else { 1 })
        }

        It 'and clears the raw bit if the new backing file is an image' {
            Set-QedBackingFile $raw base.qed
            (Get-RawHeader $raw).features | Should -Be 1
        }

        It 'stored as typed and resolved from the folder of the image' {
            $elsewhere = New-Folder 'elsewhere'
            $null = Copy-Fixture 'chains/short.raw' -Folder $elsewhere -As 'only-here.raw'
            Invoke-InFolder $elsewhere {
                $info = Set-QedBackingFile $path './../set/base.raw' -PassThru
                $info.BackingFile | Should -BeExactly './../set/base.raw'
                $info.BackingFilePath | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.raw'))
                Assert-OneError { Set-QedBackingFile $path only-here.raw } 'QedBackingFileNotFound' 'ObjectNotFound' $path '*relative to*'
            }
        }

        It 'on a PowerShell drive, and stores the file system path' {
            (Set-QedBackingFile $path 'TestDrive:/set/base.raw' -PassThru).BackingFile | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.raw'))
        }

        It 'with a Unicode name' {
            $name = "Basis mit Gr$([char]0xF6)$([char]0xDF)e $([char]0x57FA).raw"
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder -As $name
            Set-QedBackingFile $path $name
            (Get-RawHeader $path).backing_filename | Should -BeExactly $name
        }

        It 'repeatedly in one small header cluster, and never overwrites the previous name' {
            $last = Get-RawHeader $path
            $letter = 97
            foreach ($length in 1023, 1, 500, 1023, 1023, 7, 1023) {
                # A different name of that length each time: as many ./ as fit, then a letter repeated to the full length.
                $letter++
                $tail = [string][char]$letter * ($length -band 7)
                if (-not $tail) { $tail = [string][char]$letter * 8 }
                if ($length -eq 1) { $name = [string][char]$letter }
                else { $name = './' * [System.Math]::Floor(($length - $tail.Length) / 2) + $tail }
                $name = $name.PadRight($length, [char]$letter)
                $name.Length | Should -Be $length
                Set-QedBackingFile $path $name -Force
                $now = Get-RawHeader $path
                $now.backing_filename | Should -BeExactly $name
                $overlap = $now.backing_filename_offset -lt $last.backing_filename_offset + $last.backing_filename_size -and
                    $last.backing_filename_offset -lt $now.backing_filename_offset + $now.backing_filename_size
                $overlap | Should -BeFalse -Because 'a torn write must leave the old name whole'
                $now.backing_filename_offset + $now.backing_filename_size | Should -BeLessOrEqual 4096
                $last = $now
            }
        }

        It 'and writes nothing if the image already has exactly that backing file' {
            [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            Set-QedBackingFile $path base.qed
            Set-QedBackingFile $plain -Remove
            Get-FolderState $folder | Should -Be $before
        }

        It 'and keeps the data and the map of the image itself' {
            $before = @(Get-QedAllocationMap $path | ForEach-Object { "$_ $($_.FileOffset)" })
            Set-QedBackingFile $path base.raw
            @(Get-QedAllocationMap $path | ForEach-Object { "$_ $($_.FileOffset)" }) | Should -Be $before
            "$((Test-QedImage $path).Status)" | Should -Be 'Clean'
        }
    }

    Context 'with -Remove' {
        It 'removes the backing file and its recorded format' {
            $rest = Get-RestHash $raw
            Set-QedBackingFile $raw -Remove | Should -BeNullOrEmpty
            $header = Get-RawHeader $raw
            $header.features | Should -Be 0
            $header.backing_filename_offset | Should -Be 0
            $header.backing_filename_size | Should -Be 0
            Get-RestHash $raw | Should -Be $rest
            $info = Get-QedInfo $raw
            $info.BackingFile | Should -BeNullOrEmpty
            $info.BackingFormat | Should -BeNullOrEmpty
        }

        It 'accepts an image without a backing file' {
            $recorded = Invoke-Recorded { Set-QedBackingFile $plain -Remove -PassThru }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output[0].BackingFile | Should -BeNullOrEmpty
        }

        It 'does not need the backing file to exist' {
            $lost = Copy-Fixture 'chains/name-missing.qed' -Folder $folder
            Set-QedBackingFile $lost -Remove
            (Get-QedInfo $lost).BackingFile | Should -BeNullOrEmpty
        }

        It 'breaks a circular chain' {
            $circle = Copy-Fixture 'chains/cycle-self.qed' -Folder $folder
            Set-QedBackingFile $circle -Remove
            $recorded = Invoke-Recorded { Get-QedInfo $circle -BackingChain }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output | Should -HaveCount 1
        }

        It 'refuses a backing file at the same time' {
            { Set-QedBackingFile $path -BackingFile base.raw -Remove } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
            { Set-QedBackingFile $path -Remove -BackingFormat Raw } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
        }

        It 'or a backing file is mandatory' {
            foreach ($set in (Get-Command Set-QedBackingFile).ParameterSets) {
                $required = @($set.Parameters | Where-Object { $_.IsMandatory } | ForEach-Object { $_.Name })
                $required -match '^(Remove|BackingFile)$' | Should -HaveCount 1 -Because $set.Name
            }
        }
    }

    Context 'with -PassThru' {
        It 'describes the image after the change' {
            $info = Set-QedBackingFile $path base.raw -PassThru
            $info | Should -HaveCount 1
            $info.PSObject.TypeNames[0] | Should -Be 'QedTools.QedImageInfo'
            $info.Path | Should -BeExactly $path
            $info.BackingFile | Should -Be 'base.raw'
            "$($info.BackingFormat)" | Should -Be 'Raw'
            $info.InUse | Should -BeFalse
            $info.NeedsCheck | Should -BeFalse
            $info.VirtualSize | Should -Be 1MB
        }

        It 'writes a result that can be piped to other cmdlets' {
            "$((Get-QedInfo $path | Set-QedBackingFile -Remove -PassThru | Test-QedImage).Status)" | Should -Be 'Clean'
        }
    }

    Context 'with an unsuitable backing file' {
        It 'refuses <Name>: <Id>, and changes nothing' -ForEach $badBacking {
            $null = Copy-Fixture 'foreign/disk.luks', 'headers/table-size-3.qed' -Folder $folder
            $null = New-Folder 'set/folder'
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $base $Name } $Id $Category $base $Message
            Assert-OneError { Set-QedBackingFile $base $Name -WhatIf } $Id $Category $base
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a name over 1,023 bytes, even with -Force, and changes nothing' {
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $path ('./' * 508 + 'base.raw') } 'QedLimit' 'InvalidArgument' $path '*1024*1023*'
            Assert-OneError { Set-QedBackingFile $path ('./' * 600 + 'missing') -Force } 'QedLimit' 'InvalidArgument' $path '*1207*1023*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a name over 1,023 bytes because of its length, whether or not such a file could exist' {
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $path ('n' * 1024) -Force } 'QedLimit' 'InvalidArgument' $path '*1024*1023*'
            Assert-OneError { Set-QedBackingFile $path ('n' * 5000) } 'QedLimit' 'InvalidArgument' $path '*5000*1023*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a name that does not fit in the header beside the old one, until that one is removed' {
            $full = Copy-Fixture 'headers/backing-size-4032.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $full base.raw } 'QedLimit' 'InvalidArgument' $full '*header*8 bytes*-Remove*'
            Get-FolderState $folder | Should -Be $before
            Set-QedBackingFile $full -Remove
            Set-QedBackingFile $full base.raw
            (Get-QedInfo $full).BackingFile | Should -Be 'base.raw'
        }

        It 'reports the same errors with -WhatIf' {
            $full, $compat = Copy-Fixture 'headers/backing-size-4032.qed', 'headers/compat-unknown.qed' -Folder $folder
            Assert-OneError { Set-QedBackingFile $path ('./' * 508 + 'base.raw') -WhatIf } 'QedLimit' 'InvalidArgument' $path
            Assert-OneError { Set-QedBackingFile $full base.raw -WhatIf } 'QedLimit' 'InvalidArgument' $full
            Assert-OneError { Set-QedBackingFile $compat base.raw -WhatIf } 'QedUnsupportedFeature' 'NotImplemented' $compat
        }

        It 'accepts a file of another format as raw on request' {
            $null = Copy-Fixture 'foreign/disk.qcow2' -Folder $folder
            "$((Set-QedBackingFile $path disk.qcow2 -BackingFormat Raw -PassThru).BackingFormat)" | Should -Be 'Raw'
        }

        It 'detects a circular chain through a symbolic link' {
            Skip-TestWithout Unix
            $null = Invoke-Native ln -s over-qed.qed ([System.IO.Path]::Combine($folder, 'link.qed'))
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            Assert-OneError { Set-QedBackingFile $base link.qed } 'QedBackingChain' 'InvalidData' $base
        }
    }

    Context 'with -Force' {
        It 'accepts a missing file' {
            $info = Set-QedBackingFile $path 'not yet.qed' -Force -PassThru
            $info.BackingFile | Should -Be 'not yet.qed'
            "$($info.BackingFormat)" | Should -Be 'Probe'
        }

        It 'accepts a missing file, and records the given format' {
            "$((Set-QedBackingFile $path 'not yet.raw' -BackingFormat Raw -Force -PassThru).BackingFormat)" | Should -Be 'Raw'
        }

        It 'still refuses <_>' -ForEach 'nbd:localhost:10809', 'base.qed', 'over-qed.qed' {
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            $before = Get-Sha256 $base
            $recorded = Invoke-Recorded { Set-QedBackingFile $base $_ -Force }
            $recorded.Errors | Should -HaveCount 1
            Get-Sha256 $base | Should -Be $before
        }
    }

    Context 'on a dirty or unusual image' {
        It 'changes only the header of <_>.qed, which still needs a check' -ForEach 'dirty-clean', 'dirty-leaks', 'dirty-corrupt', 'several' {
            $dirty = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $info = Set-QedBackingFile $dirty base.raw -PassThru
            $info.NeedsCheck | Should -BeTrue
            (Get-RawHeader $dirty).features | Should -Be 7
        }

        It 'refuses <_>.qed with -PreserveContent because it is damaged, and advises Repair-QedImage' -ForEach 'dirty-corrupt', 'several', 'truncated' {
            $damaged = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $damaged base.raw -PreserveContent } 'QedCorrupt' 'InvalidData' $damaged '*Repair-QedImage*'
            Assert-OneError { Set-QedBackingFile $damaged -Remove -PreserveContent } 'QedCorrupt' 'InvalidData' $damaged '*Repair-QedImage*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'leaves a dirty image unchanged with -WhatIf' {
            $dirty = Copy-Fixture 'damaged/dirty-clean.qed' -Folder $folder
            $before = Get-FolderState $folder
            Set-QedBackingFile $dirty base.raw -WhatIf
            Get-FolderState $folder | Should -Be $before
        }

        It 'clears unknown autoclear features' {
            $auto = Copy-Fixture 'headers/autoclear-unknown.qed' -Folder $folder
            Set-QedBackingFile $auto base.raw
            (Get-RawHeader $auto).autoclear_features | Should -Be 0
        }

        It 'refuses to store a name if unknown compatible features may use the space, and changes nothing' {
            $compat = Copy-Fixture 'headers/compat-unknown.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $compat base.raw } 'QedUnsupportedFeature' 'NotImplemented' $compat '*0x1*'
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'on an image in use' {
        It 'refuses if another program is writing to it' {
            Skip-TestWithout WriterLock
            $before = Get-FolderState $folder
            $writer = Open-AsWriter $path
            try { Assert-OneError { Set-QedBackingFile $path base.raw } 'QedImageInUse' 'ResourceBusy' $path }
            finally { $writer.Dispose() }
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses if a cmdlet is reading it' {
            $before = Get-FolderState $folder
            $errors = @(Get-QedAllocationMap $path | ForEach-Object { (Invoke-Recorded { Set-QedBackingFile $path -Remove }).Errors })
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'QedImageInUse,*'
            "$($errors[0].CategoryInfo.Category)" | Should -Be 'ResourceBusy'
            $errors[0].ToString() | Should -BeLike '*in use*Close*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses if qemu-io <How> it' -ForEach @(@{ How = 'writes'; ReadOnly = $false }, @{ How = 'reads'; ReadOnly = $true }) {
            Skip-TestWithout QemuLocks
            $before = Get-FolderState $folder
            $qemu = Open-InQemu $path -ReadOnly:$ReadOnly
            try { Assert-OneError { Set-QedBackingFile $path base.raw } 'QedImageInUse' 'ResourceBusy' $path }
            finally { Close-Qemu $qemu }
            Get-FolderState $folder | Should -Be $before
            Set-QedBackingFile $path base.raw
            (Get-QedInfo $path).BackingFile | Should -Be 'base.raw'
        }

        It 'releases the image afterwards' {
            Set-QedBackingFile $path base.raw
            (Get-QedInfo $path).InUse | Should -BeFalse
            Set-QedBackingFile $path base.qed
            [System.IO.File]::Delete($path)
        }
    }

    Context 'with -WhatIf and -Confirm' {
        It 'changes nothing and writes nothing with -WhatIf' {
            [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded {
                Set-QedBackingFile $path base.raw -WhatIf -PassThru
                Set-QedBackingFile $path -Remove -WhatIf -PassThru
                Set-QedBackingFile $path gone.raw -Force -WhatIf
            }
            $recorded.Output | Should -BeNullOrEmpty
            $recorded.Errors | Should -BeNullOrEmpty
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            Set-QedBackingFile $path base.raw -Confirm:$false
            (Get-QedInfo $path).BackingFile | Should -Be 'base.raw'
        }

        It 'reports with -Verbose what it changes and what it recorded' {
            $recorded = Invoke-Recorded { Set-QedBackingFile $path base.raw -Verbose }
            @($recorded.Verbose -match "'base\.qed'.*'base\.raw'") | Should -HaveCount 1
            @($recorded.Verbose -match "'base\.raw'.*Raw") | Should -HaveCount 1
            $recorded = Invoke-Recorded { Set-QedBackingFile $path -Remove -Verbose }
            @($recorded.Verbose -match "Remove.*'base\.raw'.*zero") | Should -HaveCount 1
        }
    }

    It 'continues with the next image after an error' {
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        $recorded = Invoke-Recorded { $missing, $path | Set-QedBackingFile -BackingFile base.raw -PassThru }
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].TargetObject | Should -Be $missing
        $recorded.Output | ForEach-Object { $_.Path } | Should -Be $path
    }

    It 'throws with -ErrorAction Stop' {
        { Set-QedBackingFile $path missing.raw -ErrorAction Stop } | Should -Throw -ErrorId 'QedBackingFileNotFound,QedTools.Commands.SetQedBackingFileCommand'
    }

    Context 'compared with qemu-img' {
        It 'writes an image that qemu-img info and check understand' {
            Skip-TestWithout QemuImg
            Set-QedBackingFile $path base.raw
            $text = (Invoke-Native qemu-img info $path).Output -join "`n"
            $text | Should -Match 'backing file: base\.raw'
            $text | Should -Match 'backing file format: raw'
            (Invoke-Native qemu-img check $path).ExitCode | Should -Be 0
            Set-QedBackingFile $path -Remove
            (Invoke-Native qemu-img info $path).Output -join "`n" | Should -Not -Match 'backing file'
        }

        It 'gives the same result as qemu-img rebase -u' {
            Skip-TestWithout QemuImg
            $theirs = [System.IO.Path]::Combine($folder, 'theirs.qed')
            [System.IO.File]::Copy($path, $theirs)
            (Invoke-Native qemu-img rebase -u -f qed -b short.raw -F raw $theirs).ExitCode | Should -Be 0
            Set-QedBackingFile $path short.raw
            (Invoke-Native qemu-img compare -f qed -F qed $path $theirs).ExitCode | Should -Be 0
            (Get-QedInfo $theirs).BackingFile | Should -Be (Get-QedInfo $path).BackingFile
            (Get-QedInfo $theirs).Features | Should -Be (Get-QedInfo $path).Features
        }
    }
}
