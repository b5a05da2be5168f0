# The messages of the cmdlets: -WhatIf, decisions with -Verbose, offsets with -Debug, and errors.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
}

Describe '-WhatIf' {
    BeforeEach {
        $folder = New-Folder 'whatif'
        $top, $base, $raw = Copy-Fixture 'chains/over-qed.qed', 'chains/base.qed', 'chains/base.raw' -Folder $folder
        $new = [System.IO.Path]::Combine($folder, 'new.qed')
    }

    It 'states the size and the backing file of a new image' {
        Assert-WhatIf { New-QedImage $new 5000 -WhatIf } $folder "Create the QED image '$new' with a virtual size of 5 KiB."
        Assert-WhatIf { New-QedImage $new -BackingFile base.raw -WhatIf } $folder "Create the QED image '$new' with a virtual size of 32 KiB as an overlay of 'base.raw'."
    }

    It 'states the old and the new backing file, and the effect' {
        Assert-WhatIf { Set-QedBackingFile $base base.raw -WhatIf } $folder "Set the backing file of '$base' to 'base.raw'; what the image does not hold itself will read as in that file, and no longer as zeroes."
        Assert-WhatIf { Set-QedBackingFile $top base.raw -WhatIf } $folder "Change the backing file of '$top' from 'base.qed' to 'base.raw'; what the image does not hold itself will read as in the new one."
        Assert-WhatIf { Set-QedBackingFile $top -Remove -WhatIf } $folder "Remove the backing file 'base.qed' from '$top'; data that only it holds will read as zeroes."
        Assert-WhatIf { Set-QedBackingFile $base -Remove -WhatIf } $folder "Leave '$base' without a backing file."
        Assert-WhatIf { Set-QedBackingFile $base base.raw -PreserveContent -WhatIf } $folder "Set the backing file of '$base' to 'base.raw', and copy the data that differs into the image."
    }

    It 'says that a disk may read differently only if the old backing file is there and is another file' {
        $plain = "Change the backing file of '$top' from 'base.qed' to '{0}'."
        foreach ($same in './base.qed', $base) { Assert-WhatIf { Set-QedBackingFile $top $same -WhatIf } $folder ($plain -f $same) }
        $differs = "Change the backing file of '$top' from 'base.qed' to '{0}'; what the image does not hold itself will read as in the new one."
        Assert-WhatIf { Set-QedBackingFile $top gone.qed -Force -WhatIf } $folder ($differs -f 'gone.qed')
        Assert-WhatIf { Set-QedBackingFile $top base.qed -BackingFormat Raw -WhatIf } $folder ($differs -f 'base.qed')
        [System.IO.File]::Move($base, [System.IO.Path]::Combine($folder, 'moved.qed'))
        Assert-WhatIf { Set-QedBackingFile $top moved.qed -WhatIf } $folder ($plain -f 'moved.qed')
    }

    It 'says nothing of contents where an image holds its whole disk itself' {
        $full = [System.IO.Path]::Combine($folder, 'full.qed')
        $null = New-QedImage $full 64KB -BackingFile base.raw
        Set-DiskBytes $full 0 (New-Bytes 64KB -Value 0x5A)
        Assert-WhatIf { Set-QedBackingFile $full base.qed -WhatIf } $folder "Change the backing file of '$full' from 'base.raw' to 'base.qed'."
    }

    It 'uses the same text as -Confirm' {
        $questions = (Invoke-OnScreen { New-QedImage $new 5000 -Confirm } -AnswerNo).Questions
        $questions | Should -HaveCount 1
        $questions[0] -split "`r?`n" | Should -Be 'Do you want to do this?', "Create the QED image '$new' with a virtual size of 5 KiB."
    }

    It 'uses the same text as -Verbose' {
        (Invoke-Recorded { New-QedImage $new 5000 -Verbose }).Verbose | Should -Contain "Create the QED image '$new' with a virtual size of 5 KiB."
    }

    It 'writes one line even if a name contains a line break' {
        Skip-TestWithout Unix
        $odd = [System.IO.Path]::Combine($folder, "two`nlines.qed")
        $messages = (Invoke-OnScreen { New-QedImage $odd 5000 -WhatIf }).Screen
        $messages | Should -BeExactly "Create the QED image '$($odd -replace "`n", [char]0x240A)' with a virtual size of 5 KiB."
    }
}

Describe '-Verbose' {
    BeforeEach { $folder = New-Folder 'verbose' }

    It 'reports how each backing file of a chain is read, and why' {
        $top, $middle, $base = Copy-Fixture 'chains/three-top.qed', 'chains/three-middle.qed', 'chains/base.qed' -Folder $folder
        (Invoke-Recorded { Get-QedInfo $top -BackingChain -Verbose }).Verbose | Should -Be @(
            "${top}: its backing file is '$middle', read as QED, by its contents."
            "${middle}: its backing file is '$base', read as QED, by its contents."
        )
        $over, $raw = Copy-Fixture 'chains/over-raw.qed', 'chains/base.raw' -Folder $folder
        (Invoke-Recorded { Get-QedInfo $over -BackingChain -Verbose }).Verbose | Should -Be "${over}: its backing file is '$raw', read as Raw, as the image says."
    }

    It 'reports how the format of a disk was determined' {
        $raw, $qed = Copy-Fixture 'chains/base.raw', 'chains/base.qed' -Folder $folder
        $renamed = Copy-Fixture 'chains/base.qed' -Folder $folder -As 'renamed.bin'
        $messages = (Invoke-Recorded { Compare-QedImage $renamed $raw -Verbose }).Verbose
        $messages[0] | Should -BeExactly "${renamed}: read as QED, by its contents."
        $messages[1] | Should -BeExactly "${raw}: read as Raw, by its extension."
        $messages[2] | Should -BeExactly "${renamed}: differs from '$raw' in 49152 bytes, the first at offset 0."
        (Invoke-Recorded { Compare-QedImage $qed $renamed -Verbose }).Verbose | Should -Contain "${qed}: reads the same as '$renamed'."
    }

    It 'reports that disks differ only in size' {
        $short, $long = ([System.IO.Path]::Combine($folder, 'short.qed')), ([System.IO.Path]::Combine($folder, 'long.qed'))
        $null = New-QedImage $short 1MB
        $null = New-QedImage $long 2MB
        (Invoke-Recorded { Compare-QedImage $short $long -Strict -Verbose }).Verbose | Should -Contain "${short}: differs from '$long' only in size: 1048576 and 2097152 bytes."
    }

    It 'reports the result of a check' {
        $several = Copy-Fixture 'damaged/several.qed' -Folder $folder
        (Invoke-Recorded { Test-QedImage $several -Verbose }).Verbose | Should -Be "${several}: Corrupt, 6 wrong table entries, 10 leaked clusters."
    }

    It 'reports that a backing file was recorded as raw because its format is unknown' {
        $null = Copy-Fixture 'chains/base.raw', 'chains/base.qed' -Folder $folder
        $path = [System.IO.Path]::Combine($folder, 'new.qed')
        (Invoke-Recorded { New-QedImage $path -BackingFile base.raw -Verbose }).Verbose | Should -Contain "${path}: the backing file is 'base.raw', recorded as Raw because its format is not recognized."
        (Invoke-Recorded { New-QedImage $path -BackingFile base.raw -BackingFormat Raw -Force -Verbose }).Verbose | Should -Contain "${path}: the backing file is 'base.raw', recorded as Raw."
        (Invoke-Recorded { New-QedImage $path -BackingFile base.qed -Force -Verbose }).Verbose | Should -Contain "${path}: the backing file is 'base.qed', recorded as Probe."
    }

    It 'reports why an image that was not closed cleanly can be written to' {
        $dirty = Copy-Fixture 'damaged/dirty-leaks.qed' -Folder $folder
        $messages = (Invoke-Recorded { Resize-QedImage $dirty 2MB -Verbose }).Verbose
        $messages | Should -Contain "${dirty}: it was not closed cleanly, but its tables are sound (clusters leaked: 2), so it can be written to."
        $messages | Should -Contain "${dirty}: the virtual size is now 2 MiB (2097152 bytes)."
    }

    It 'reports that a smaller backing file grows in a merge' {
        $null = Copy-Fixture 'chains/base.raw' -Folder $folder
        $path = [System.IO.Path]::Combine($folder, 'new.qed')
        $null = New-QedImage $path 64KB -BackingFile base.raw
        $raw = [System.IO.Path]::Combine($folder, 'base.raw')
        (Invoke-Recorded { Merge-QedImage $path -Verbose }).Verbose | Should -Contain "${raw}: it grows from 32768 to 65536 bytes, the size of the overlay."
    }

    It 'reports where the backup of a repair is before anything changes, and how to undo the repair' {
        $several = Copy-Fixture 'damaged/several.qed' -Folder $folder
        $recorded = Invoke-Recorded { Repair-QedImage $several -Verbose }
        $backup = $recorded.Output[0].BackupPath
        $recorded.Verbose | Should -Contain "${several}: old contents are saved in '$backup' before they are changed."
        $recorded.Verbose | Should -Contain "${several}: to undo the repair, use Repair-QedImage -RestoreFrom '$backup'."
        (Invoke-Recorded { Repair-QedImage $several -RestoreFrom $backup -Verbose }).Verbose | Should -Contain "${several}: repair undone with the backup '$backup'."
    }

    It 'writes nothing unless requested' {
        $several = Copy-Fixture 'damaged/several.qed' -Folder $folder
        $recorded = Invoke-Recorded { Test-QedImage $several; Test-QedImage $several -Verbose:$false -Debug:$false }
        $recorded.Verbose | Should -BeNullOrEmpty
        $recorded.Debug | Should -BeNullOrEmpty
    }

    It 'writes its lines before the error that they explain' {
        $top = Copy-Fixture 'chains/three-top.qed' -Folder $folder
        $null = Copy-Fixture 'chains/three-middle.qed' -Folder $folder
        $ErrorActionPreference = 'Continue'
        $messages = @(Get-QedInfo $top -BackingChain -Verbose 2>&1 4>&1 | Where-Object { $_ -isnot [QedTools.QedImageInfo] })
        $messages | Should -HaveCount 2
        $messages[0] | Should -BeOfType ([System.Management.Automation.VerboseRecord])
        $messages[1] | Should -BeOfType ([System.Management.Automation.ErrorRecord])
    }
}

Describe '-Verbose and -Debug for a map' {
    It 'write the same lines for the list and for the picture' {
        $top, $base = Copy-Fixture 'chains/over-qed.qed', 'chains/base.qed' -Folder (New-Folder 'told')
        $listed = Invoke-Recorded { Get-QedAllocationMap $top -BackingChain -Verbose -Debug }
        $drawn = Invoke-Recorded { Show-QedAllocationMap $top -BackingChain -Verbose -Debug }
        $listed.Verbose | Should -Not -BeNullOrEmpty
        $listed.Debug | Should -Not -BeNullOrEmpty
        foreach ($line in $listed.Verbose) { $drawn.Verbose | Should -Contain $line }
        foreach ($line in $listed.Debug) { $drawn.Debug | Should -Contain $line }
    }
}

Describe '-Debug' {
    BeforeAll {
        # Only the debug lines. Sets the preference, because in Windows PowerShell -Debug prompts at every line.
        function Get-DebugLine {
            param([Parameter(Mandatory)][scriptblock] $Script)

            $DebugPreference = 'Continue'
            (Invoke-Recorded $Script).Debug
        }
    }

    BeforeEach { $folder = New-Folder 'debug' }

    # In Windows PowerShell -Debug prompts at every line, whatever the cmdlet does.
    It 'does not prompt when $VerbosePreference is <_>' -ForEach 'SilentlyContinue', 'Continue' {
        Skip-TestWithout PowerShell7
        $path = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        $VerbosePreference = $_
        $recorded = Invoke-OnScreen { Test-QedImage ([System.IO.Path]::Combine($folder, '*.qed')) -Debug; Optimize-QedImage $path -Debug }
        $recorded.Questions | Should -BeNullOrEmpty
        $recorded.Errors | Should -BeNullOrEmpty
        $recorded.Output | Should -HaveCount 2
        $recorded.Verbose | Should -BeNullOrEmpty
    }

    It 'writes debug and verbose lines when combined with -Verbose' {
        $path = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        $recorded = Invoke-Recorded { $DebugPreference = 'Continue'; Test-QedImage $path -Verbose }
        $recorded.Verbose | Should -Not -BeNullOrEmpty
        $recorded.Debug | Should -Not -BeNullOrEmpty
    }

    It 'reports the header of a new image and the position of its L1 table' {
        $path = [System.IO.Path]::Combine($folder, 'new.qed')
        Get-DebugLine { New-QedImage $path 1GB } | Should -Be @(
            "${path}: a QED file of 327680 bytes, a disk of 1073741824 bytes."
            'new.qed: header: cluster_size 65536, table_size 4, header_size 1, features 0x0, compat_features 0x0, autoclear_features 0x0, l1_table_offset 0x10000, image_size 1073741824, backing_filename_offset 0, backing_filename_size 0.'
            'new.qed: L1 table at 0x10000-0x4ffff, 1 of 32768 entries in use, an L2 table of 262144 bytes for each 2147483648 bytes of the disk; the file has 327680 bytes, 5 whole clusters.'
        )
    }

    It 'reports the positions of the tables in a check' {
        $path = Copy-Fixture 'damaged/leak-in-middle.qed' -Folder $folder
        @(Get-DebugLine { Test-QedImage $path })[-3..-1] | Should -Be @(
            'leak-in-middle.qed: entry 0 of the L1 table points to the L2 table at 0x4000-0x5fff.'
            'leak-in-middle.qed: entry 1 of the L1 table points to the L2 table at 0xa000-0xbfff.'
            'leak-in-middle.qed: entry 2 of the L1 table points to the L2 table at 0xf000-0x10fff.'
        )
    }

    It 'reports where a conversion puts new clusters, in the order of the writes' {
        $path = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 1MB '0+128K 0x11, 512K+64K 0x22'
        $result = [System.IO.Path]::Combine($folder, 'result.qed')
        $messages = @(Get-DebugLine { Convert-QedImage $path $result })
        $messages[0] | Should -BeExactly "${path}: a Raw file of 1048576 bytes, a disk of 1048576 bytes."
        $messages[3..$messages.Count] | Should -Be @(
            'result.qed: header written at 0x0: features 0x0 to 0x2.'
            'result.qed: new L2 table at 0x50000-0x8ffff, for entry 0 of the L1 table.'
            'result.qed: virtual 0-131071 now in new clusters at 0x90000-0xaffff.'
            'result.qed: virtual 524288-589823 now in new clusters at 0xb0000-0xbffff.'
            'result.qed: 72 bytes of L2 tables written.'
            'result.qed: 8 bytes of the L1 table written.'
            'result.qed: header written at 0x0: features 0x2 to 0x0.'
        )
    }

    It 'reports header fields before and after a change' {
        $path = Copy-Fixture 'chains/over-raw.qed' -Folder $folder
        $null = Copy-Fixture 'chains/base.qed' -Folder $folder
        @(Get-DebugLine { Set-QedBackingFile $path base.qed })[-2..-1] | Should -Be @(
            'over-raw.qed: backing file name written at 0x48-0x4f.'
            'over-raw.qed: header written at 0x0: features 0x5 to 0x1, backing_filename_offset 0x40 to 0x48.'
        )
    }

    It 'reports which entries a repair changes' {
        $path = Copy-Fixture 'damaged/double-one-table.qed' -Folder $folder
        $messages = @(Get-DebugLine { Repair-QedImage $path -NoBackup })
        @($messages -like 'double-one-table.qed: entry * of the L2 table at 0x* now points to 0x*.') | Should -Not -BeNullOrEmpty
        $messages[-1] | Should -BeExactly 'double-one-table.qed: header written at 0x0: features 0x2 to 0x0.'
    }

    It 'reports what moves where when a file is compacted' {
        $path = Copy-Fixture 'damaged/leak-in-middle.qed' -Folder $folder
        $messages = @(Get-DebugLine { Optimize-QedImage $path })
        $messages | Should -Contain 'leak-in-middle.qed: data clusters moved from 0xe000 and above into free ones up to 0x6000: 1.'
        $messages | Should -Contain 'leak-in-middle.qed: file length set to 65536 bytes (0x10000).'
    }

    It 'writes nothing with -Verbose alone' {
        $path = Copy-Fixture 'damaged/leak-in-middle.qed' -Folder $folder
        $recorded = Invoke-Recorded { Test-QedImage $path -Verbose }
        $recorded.Verbose | Should -Not -BeNullOrEmpty
        $recorded.Debug | Should -BeNullOrEmpty
    }

    It 'ends with the cmdlet, even if its stream is written to later' {
        $path = Copy-Fixture 'images/table-1.qed' -Folder $folder
        $DebugPreference = 'Continue'
        $stream = Open-QedImage $path -ReadWrite 5>$null
        try {
            $stream.Write([byte[]]::new(70000), 0, 70000)
            $stream.Flush()
        }
        finally { $stream.Dispose() }
        "$((Test-QedImage $path 5>$null).Status)" | Should -Be 'Clean'
    }
}

Describe 'An error' {
    It 'has a unique id for each kind, which about_QedTools lists' {
        $module = (Get-Command New-QedImage).ImplementingType.Assembly
        $table = $module.GetType('QedTools.Sessions.ErrorTable').GetField('Entries', 'NonPublic, Static').GetValue($null)
        $base = [QedTools.QedException]
        $kinds = $base.Assembly.GetTypes() + $module.GetTypes() | Where-Object { $base.IsAssignableFrom($_) -and -not $_.IsAbstract }
        foreach ($kind in $kinds) { $table.ContainsKey($kind) | Should -BeTrue -Because "$kind needs an id" }

        $ids = @($table.Values | ForEach-Object { $_.Item1 })
        @([System.Collections.Generic.HashSet[string]]::new([string[]]$ids)).Count | Should -Be $kinds.Count
        $about = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'docs', 'en-US', 'about_QedTools.md'))
        foreach ($id in $ids) { $about | Should -Match "(?m)^- ${id}: " }
    }

    It 'that is unexpected or concerns a library is reported with its cause: <Id>' -ForEach @(
        @{ Id = 'QedFailed'; Cause = [System.InvalidTimeZoneException]::new('odd.'); Message = "Processing 'a.qed' failed *InvalidTimeZoneException: odd. *" }
        @{ Id = 'QedFailed'; Cause = [System.IO.IOException]::new('odd.'); Message = '*IOException: odd. *' }
        @{
            Id = 'QedAssemblyConflict'
            Cause = [System.IO.FileLoadException]::new('odd.', 'System.Management.Automation, Version=99.0.0.0, Culture=neutral')
            Message = "'a.qed'*System.Management.Automation 99.0.0.0*System.Management.Automation $([psobject].Assembly.GetName().Version)*new PowerShell session*"
        }
        @{
            Id = 'QedAssemblyConflict'
            Cause = [System.IO.FileNotFoundException]::new('odd.', 'QedTools.Nowhere, Version=1.0.0.0, Culture=neutral')
            Message = "'a.qed'*QedTools.Nowhere 1.0.0.0*odd. Reinstall QedTools."
        }
    ) {
        $record = (Get-Command New-QedImage).ImplementingType.Assembly.GetType('QedTools.Sessions.ErrorTable').GetMethod('ToRecord').Invoke($null, @($Cause, 'a.qed', $null))
        $record.FullyQualifiedErrorId | Should -Be $Id
        $record.TargetObject | Should -Be 'a.qed'
        $record.ToString() | Should -BeLike $Message
        $record.Exception.InnerException | Should -Be $Cause
    }

    It 'stops the pipeline if requested; an exception in a later command is not an error of the item' {
        $path = Copy-Fixture 'images/base-4k.qed' -Folder (New-Folder 'stops')
        $seen = [System.Collections.Generic.List[object]]::new()
        { 'nowhere.qed', $path | Get-QedInfo -ErrorAction Stop | ForEach-Object { $seen.Add($_) } } | Should -Throw '*nowhere.qed*'
        $seen | Should -BeNullOrEmpty

        $recorded = Invoke-Recorded {
            try { $path, $path | Get-QedInfo | ForEach-Object { $seen.Add($_); throw 'mine' } } catch { "caught $_" }
            try { $path, $path | Get-QedInfo | ForEach-Object { $seen.Add($_); throw [System.IO.IOException]::new('mine') } } catch { "caught $_" }
            foreach ($once in 1) { $path, $path | Get-QedInfo | ForEach-Object { $seen.Add($_); break } }
        }
        $recorded.Errors | Should -BeNullOrEmpty
        $recorded.Output | Should -Be 'caught mine', 'caught mine'
        $seen | Should -HaveCount 3
    }

    It 'for a file of another format names the format and how to convert it' {
        $folder = New-Folder 'formats'
        $path = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        foreach ($extension in 'vhdx', 'vhd', 'qcow2', 'vdi', 'vmdk') {
            $other = [System.IO.Path]::Combine($folder, "other.$extension")
            $format = (Convert-QedImage $path $other).Format
            foreach ($command in { Test-QedImage $other }, { Repair-QedImage $other }, { Resize-QedImage $other 1GB }, { Optimize-QedImage $other }) {
                Assert-OneError $command 'QedNotAnImage' 'InvalidData' $other "'$other' is a $format file, not a QED image. Only QED images are checked*Convert-QedImage*"
            }
        }
    }

    It 'reports a pattern in a missing folder, and wildcards that are not expanded' {
        $folder = New-Folder 'patterns'
        $null = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        $nowhere = [System.IO.Path]::Combine($folder, 'nowhere')
        Assert-OneError { Test-QedImage ([System.IO.Path]::Combine($nowhere, '*.qed')) } 'QedFileNotFound' 'ObjectNotFound' -Message "*$nowhere*"
        Invoke-Recorded { Test-QedImage ([System.IO.Path]::Combine($folder, '*.vhd')) } | ForEach-Object { $_.Errors } | Should -BeNullOrEmpty
        $pattern = [System.IO.Path]::Combine($folder, '*.qed')
        foreach ($command in { Resize-QedImage $pattern 1GB }, { Set-QedBackingFile $pattern -Remove }, { Compare-QedImage $pattern $pattern }) {
            Assert-OneError $command 'QedFileNotFound' 'ObjectNotFound' -Message '*wildcards are not expanded*Get-ChildItem*'
        }
    }

    It 'reports a folder that cannot be read or written, with -WhatIf too' {
        Skip-TestWithout Permissions
        $folder = New-Folder 'forbidden'
        $path = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        $elsewhere = Join-TestDrive 'own.qed'
        [System.IO.File]::Copy($path, $elsewhere, $true)
        $null = Invoke-Native chmod 555 $folder
        try {
            $new = [System.IO.Path]::Combine($folder, 'new.qed')
            Assert-OneError { New-QedImage $new 1MB -WhatIf } 'QedAccessDenied' 'PermissionDenied' $new
            Assert-OneError { Convert-QedImage $elsewhere $new -WhatIf } 'QedAccessDenied' 'PermissionDenied'
            $null = Invoke-Native chmod 000 $folder
            Assert-OneError { Test-QedImage ([System.IO.Path]::Combine($folder, '*.qed')) } 'QedAccessDenied' 'PermissionDenied' -Message "*$folder*"
        }
        finally { $null = Invoke-Native chmod 755 $folder }
    }

    # One script for each remedy that the engine defines, and the advice that the cmdlet gives.
    Context 'with a remedy' {
        BeforeDiscovery {
            $remedies = @(
                @{ Remedy = 'ReplaceFile'; Advice = '*another name*-Force*'; Script = { New-QedImage base.qed 1MB } }
                @{ Remedy = 'ShareFile'; Advice = '*Close*-ForceShare*'; Script = {
                        $writer = Open-QedImage base.qed -ReadWrite
                        try { Test-QedImage base.qed } finally { $writer.Dispose() }
                    }
                }
                @{ Remedy = 'ExpandPattern'; Advice = '*Get-ChildItem*'; Script = { Resize-QedImage *.qed 1GB } }
                @{ Remedy = 'RepairImage'; Advice = 'Test-QedImage*Repair-QedImage*'; Script = { Optimize-QedImage l1-huge.qed } }
                @{ Remedy = 'RestoreBackup'; Advice = '*Repair-QedImage -RestoreFrom*'; Script = { Get-QedInfo cut-off-restore.qed } }
                @{ Remedy = 'LeaveOutBackup'; Advice = '*shorter name*-NoBackup*'; Script = { Repair-QedImage ('l' * 250 + '.qed') -WhatIf } }
                @{ Remedy = 'ConvertDisk'; Advice = '*Convert-QedImage*'; Script = { Open-QedImage other.vhdx -ReadWrite } }
                @{ Remedy = 'NameFormat'; Advice = '*-SourceFormat Vhdx.'; Script = { Convert-QedImage vhdx.vmdk new.qed } }
                @{ Remedy = 'AllowOtherContents'; Advice = '*-Force*'; Script = { Open-QedImage qed.raw -ReadWrite } }
                @{ Remedy = 'GiveSize'; Advice = '*-SizeBytes*-BackingFile*'; Script = { New-QedImage new.qed } }
                @{ Remedy = 'EnlargeDisk'; Advice = '*-SizeBytes*'; Script = { $null = Convert-QedImage base.qed large.vhdx -SizeBytes 2MB; Convert-QedImage base.qed new.vhdx -BackingFile large.vhdx } }
                @{ Remedy = 'GiveFormat'; Advice = '*-Format*'; Script = { Convert-QedImage base.qed new.unknown } }
                @{ Remedy = 'AllowShrinking'; Advice = '*-Shrink*'; Script = { Resize-QedImage base.qed 1KB } }
                @{ Remedy = 'ShrinkPartitions'; Advice = 'Shrink the file systems*-Force*'; Script = {
                        # One partition up to the end of the disk.
                        $writer = Open-QedImage base.qed -ReadWrite
                        try {
                            $writer.Position = 446
                            $writer.Write([byte[]](@(0, 0, 0, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0xFF, 7, 0, 0) + @(0) * 48 + @(0x55, 0xAA)), 0, 66)
                        }
                        finally { $writer.Dispose() }

                        Resize-QedImage base.qed 512KB -Shrink
                    }
                }
                @{ Remedy = 'NameBackingFile'; Advice = '*Set-QedBackingFile*'; Script = { Get-QedInfo name-nbd.qed -BackingChain } }
                @{ Remedy = 'RemoveBackingFile'; Advice = '*Set-QedBackingFile -Remove*'; Script = { Set-QedBackingFile long-name.qed ('y' * 1000) -Force } }
                @{ Remedy = 'AllowFolder'; Advice = '*-BackingFolder*'; Script = { $null = New-QedImage over-base.qed -BackingFile base.qed; $null = New-Item -ItemType Directory empty; Get-QedInfo over-base.qed -BackingChain -BackingFolder empty | Out-Null } }
                @{ Remedy = 'OverwriteExisting'; Advice = '*-Force*'; Script = { Convert-QedImage base.qed base.raw -IntoExisting } }
                @{ Remedy = 'WriteIntoExisting'; Advice = '*-TargetIsZero*-IntoExisting*'; Script = { Convert-QedImage base.qed new.raw -TargetIsZero } }
                @{ Remedy = 'CompressDisk'; Advice = '*-Compress*'; Script = { Convert-QedImage base.qed new.qcow2 -CompressionType Zstd } }
                @{ Remedy = 'IgnoreFreeSpace'; Advice = '*-Force*'; Script = { Convert-QedImage large.vmdk large.qed } }
                @{ Remedy = 'AllowNetworkShares'; Advice = '*-AllowUnc*'; Script = { Get-QedInfo share.qed -BackingChain } }
                @{ Remedy = 'ReleaseOverlays'; Advice = '*Set-QedBackingFile -PreserveContent*-Force*'; Script = { Open-QedImage base.qed -ReadWrite } }
            )
        }

        It 'names the cmdlet or the parameter that helps: <Remedy>' -ForEach $remedies {
            if ($Remedy -eq 'AllowNetworkShares') { Skip-TestWithout Windows }
            $folder = New-Folder 'remedies'
            $null = Copy-Fixture 'chains/base.qed', 'chains/base.raw', 'chains/name-nbd.qed', 'damaged/l1-huge.qed' -Folder $folder
            $failed = Invoke-InFolder $folder {
                $null = Convert-QedImage base.qed other.vhdx
                [System.IO.File]::Copy("$folder/other.vhdx", "$folder/vhdx.vmdk")
                [System.IO.File]::Copy("$folder/base.qed", "$folder/qed.raw")
                [System.IO.File]::Copy("$folder/base.qed", "$folder/cut-off-restore.qed")
                Set-Byte "$folder/cut-off-restore.qed" (16 + 7) 0x40 # the features' bit 62

                # A name that another program made so long that the header has no space for another one.
                [System.IO.File]::Copy("$folder/l1-huge.qed", "$folder/$('l' * 250).qed")
                $null = New-QedImage long-name.qed 1MB -ClusterSizeBytes 4KB -BackingFile base.raw
                Set-Byte "$folder/long-name.qed" (60 + 1) 0x0E
                Set-Byte "$folder/long-name.qed" (64 + 8) (@([byte][char]'x') * 0xE00)
                if ($IsOnWindows) { $null = Set-QedBackingFile (New-QedImage share.qed 1MB).Path '\\server.example\share\base.qed' -Force }
                if ($Remedy -eq 'IgnoreFreeSpace') {
                    # A disk of 8 TiB whose data is the same 128 MiB again and again.
                    [System.IO.File]::WriteAllBytes("$folder/data.bin", [byte[]]::new(128MB))
                    $lines = @('# Disk DescriptorFile', 'version=1', 'CID=fffffffe', 'parentCID=ffffffff', 'createType="twoGbMaxExtentFlat"') + @('RW 262144 FLAT "data.bin" 0') * 65536
                    [System.IO.File]::WriteAllLines("$folder/large.vmdk", $lines)
                }
                if ($Remedy -eq 'ReleaseOverlays') { $null = New-QedImage over.qed -BackingFile base.qed }
                Invoke-Recorded $Script
            }
            $failed.Errors | Should -HaveCount 1
            "$($failed.Errors[0].Exception.Remedy)" | Should -Be $Remedy
            $message = $failed.Errors[0].Exception.Message
            $failed.Errors[0].ErrorDetails.Message.StartsWith("$message ") | Should -BeTrue
            $failed.Errors[0].ErrorDetails.Message.Substring($message.Length + 1) | Should -BeLike $Advice
        }

        It 'names -SourceBackingFile only where it can be added and would help' {
            $folder = New-Folder 'missing-parent'
            $top = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
            $above = (New-QedImage ([System.IO.Path]::Combine($folder, 'above.qed')) 1MB -BackingFile $top -Force).Path
            (Invoke-Recorded { Convert-QedImage $top "$folder/new.raw" }).Errors[0].ErrorDetails.Message | Should -BeLike '* or set its new location for this command with -SourceBackingFile, or for good with Set-QedBackingFile.'
            (Invoke-Recorded { Convert-QedImage $above "$folder/new.raw" }).Errors[0].ErrorDetails.Message | Should -BeLike '* or set its new location with Set-QedBackingFile.'
            (Invoke-Recorded { Convert-QedImage $top "$folder/new.raw" -SourceBackingFile "$folder/gone.qed" }).Errors[0].ToString() | Should -Not -BeLike '*-SourceBackingFile,*'
        }

        It 'names -Salvage for damage only where it can be added' {
            $folder = New-Folder 'damage'
            $path = Copy-Fixture 'damaged/l1-huge.qed' -Folder $folder
            (Invoke-Recorded { Convert-QedImage $path "$folder/new.raw" }).Errors[0].ErrorDetails.Message | Should -BeLike '*-Salvage converts*Repair-QedImage*'
            (Invoke-Recorded { Compare-QedImage $path $path }).Errors[0].ErrorDetails.Message | Should -Not -BeLike '*-Salvage*'
            (Convert-QedImage $path "$folder/new.raw" -Salvage -WarningAction Ignore).LostBytes | Should -BeGreaterThan 0
        }

        It 'is tested for every remedy' -ForEach @{ Tried = @($remedies.Remedy) } {
            $Tried + 'None' | Sort-Object | Should -Be ([enum]::GetNames([QedTools.QedRemedy]) | Sort-Object)
        }
    }

    It 'states what happened to which file and what to do, in whole sentences on one line: <Name>' -ForEach @(
        @{ Name = 'a missing size'; Script = { New-QedImage new.qed } }
        @{ Name = 'an existing file'; Script = { New-QedImage base.qed 1MB } }
        @{ Name = 'a missing folder'; Script = { New-QedImage nowhere/new.qed 1MB } }
        @{ Name = 'an invalid cluster size'; Script = { New-QedImage new.qed 1MB -ClusterSizeBytes 5000 } }
        @{ Name = 'an invalid table size'; Script = { New-QedImage new.qed 1MB -TableSize 3 } }
        @{ Name = 'a size beyond the limit'; Script = { New-QedImage new.qed 100PB } }
        @{ Name = 'a missing backing file'; Script = { New-QedImage new.qed -BackingFile nothing.raw } }
        @{ Name = 'a folder as the backing file'; Script = { New-QedImage new.qed -BackingFile . } }
        @{ Name = 'a name that is too long'; Script = { New-QedImage new.qed 1MB -BackingFile ('x' * 2000) } }
        @{ Name = 'a missing file'; Script = { Get-QedInfo nothing.qed } }
        @{ Name = 'a folder'; Script = { Get-QedInfo -LiteralPath . } }
        @{ Name = 'a raw file'; Script = { Test-QedImage base.raw } }
        @{ Name = 'an empty file'; Script = { Get-QedInfo empty.qed } }
        @{ Name = 'another provider'; Script = { Get-QedInfo Env:/PATH } }
        @{ Name = 'an unknown drive'; Script = { Get-QedInfo nodrive:/x.qed } }
        @{ Name = 'a protocol as the backing file'; Script = { Get-QedInfo name-nbd.qed -BackingChain } }
        @{ Name = 'a circular chain'; Script = { Get-QedInfo cycle-self.qed -BackingChain } }
        @{ Name = 'a range past the end'; Script = { Get-QedAllocationMap base.qed -Offset 10GB } }
        @{ Name = 'damage'; Script = { Get-QedAllocationMap l1-huge.qed } }
        @{ Name = 'damage found before a change'; Script = { Optimize-QedImage l1-huge.qed } }
        @{ Name = 'an image without a backing file'; Script = { Merge-QedImage base.qed } }
        @{ Name = 'a smaller size'; Script = { Resize-QedImage base.qed 1KB } }
        @{ Name = 'a larger size beyond the limit'; Script = { Resize-QedImage base.qed 1PB } }
        @{ Name = 'an unknown extension'; Script = { Convert-QedImage base.qed new.unknown } }
        @{ Name = 'the source as the destination'; Script = { Convert-QedImage base.qed base.qed -Force } }
        @{ Name = 'an option that the format does not have'; Script = { Convert-QedImage base.qed new.raw -ClusterSizeBytes 64KB } }
        @{ Name = 'a file that is not a backup'; Script = { Repair-QedImage base.qed -RestoreFrom base.raw } }
        @{ Name = 'an invalid header'; Script = { Get-QedInfo l1-zero.qed } }
        @{ Name = 'an unknown feature'; Script = { Get-QedInfo feature-bit-3.qed } }
        @{ Name = 'a truncated file'; Script = { Get-QedInfo cut-40.qed } }
    ) {
        $folder = New-Folder 'errors'
        $null = Copy-Fixture 'chains/base.qed', 'chains/base.raw', 'chains/name-nbd.qed', 'chains/cycle-self.qed', 'damaged/l1-huge.qed', 'headers/l1-zero.qed', 'headers/feature-bit-3.qed', 'headers/cut-40.qed' -Folder $folder
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'empty.qed'), '')
        $failed = Invoke-InFolder $folder { Invoke-Recorded $Script }
        $failed.Errors | Should -HaveCount 1
        $text = $failed.Errors[0].ToString()
        $text | Should -Match "^[A-Z'].*\.$" -Because 'it consists of sentences'
        $text | Should -Match "'[^']+'" -Because 'it names a file'
        $text.Contains("`n") | Should -BeFalse
        # A second sentence, or the part after a colon or semicolon, says what to do.
        $text | Should -Match '(\. [A-Z]|[:;] )' -Because 'it says what to do'
    }
}
