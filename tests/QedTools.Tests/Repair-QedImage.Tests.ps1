# Repair-QedImage: repairs everything that Test-QedImage finds, and can undo the repair.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # Reads: the contents of the disk after the repair, if all of them are known. Kind: the first repair other than leaks and the
    # need-check bit. Leaked: the number of leaked clusters. The images are based on base-4k.qed, base-8k.qed or header-2.qed.
    $base4 = '0+4K 0xc0, 4K+4K 0xc1, 8K+4K 0xc2, 36K+4K 0xc9, 4M+4K 0xd0, 4100K+4K 0xd1, 4116K+4K 0xd5, 8204K+4K 0xe3'
    $base8 = '0+8K 0xc0, 8K+8K 0xc1, 16K+8K 0xc2, 72K+8K 0xc9, 16M+8K 0xd0, 16392K+8K 0xd1, 16424K+8K 0xd5, 32792K+8K 0xe3'
    $lost4 = '4M+4K 0x00, 4100K+4K 0x00, 4116K+4K 0x00'
    $corrupt = @(
        @{ Name = 'dirty-corrupt'; Reads = "$base4, 4K+4K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-misaligned'; Size = 50331648; Reads = "$base8, 8K+8K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-low-bits'; Reads = "$base4, 4K+4K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-value-2'; Reads = "$base4, 4K+4K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-past-end'; Reads = "$base4, 4K+4K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-huge'; Reads = "$base4, 4K+4K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-wraps'; Reads = "$base4, 4K+4K 0x00"; Kind = 'EntriesCleared' }
        @{ Name = 'l2-partial-cluster'; Reads = "$base4, 4K+2K 0xf7, 6K+2K 0x00"; Kind = 'CutShortPadded' }
        @{ Name = 'l2-in-header'; Size = 8388608; Reads = '0+4K 0x81, 4M+4K 0x83'; Kind = 'EntriesCleared' }
        @{ Name = 'l1-misaligned'; Size = 50331648; Reads = "$base8, 16M+8K 0x00, 16392K+8K 0x00, 16424K+8K 0x00"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-low-bits'; Reads = "$base4, $lost4"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-value-1'; Reads = "$base4, $lost4"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-value-2'; Reads = "$base4, $lost4"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-past-end'; Reads = "$base4, $lost4"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-huge'; Reads = "$base4, $lost4"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-wraps'; Reads = "$base4, $lost4"; Kind = 'TableEntryCleared' }
        @{ Name = 'l1-overhangs'; Reads = "$base4, $lost4"; Kind = 'CutShortPadded' }
        @{ Name = 'l1-in-header'; Size = 8388608; Reads = '0+4K 0x81, 4K+4K 0x82'; Kind = 'TableEntryCleared' }
        @{ Name = 'truncated'; Reads = $base4; Kind = 'CutShortPadded' }
        @{ Name = 'double-one-table'; Reads = "$base4, 36K+4K 0xc1"; Kind = 'DataCopied' }
        @{ Name = 'double-two-tables'; Reads = "$base4, 4100K+4K 0xc1"; Kind = 'DataCopied' }
        @{ Name = 'data-at-earlier-l2'; Kind = 'DataCopied' }
        @{ Name = 'data-at-later-l2'; Kind = 'DataCopied' }
        @{ Name = 'data-at-own-l2'; Kind = 'DataCopied' }
        @{ Name = 'data-at-l1'; Kind = 'DataCopied' }
        @{ Name = 'table-at-data' }
        @{ Name = 'table-at-l1'; Kind = 'TableCopied' }
        @{ Name = 'table-shared'; Reads = "$base4, 8204K+4K 0x00, 8M+4K 0xd0, 8196K+4K 0xd1, 8212K+4K 0xd5"; Kind = 'TableCopied' }
        @{ Name = 'table-overlap' }
        @{ Name = 'past-size-l2'; Size = 8400896; Reads = '0+4K 0xc0, 4K+4K 0xc1, 8K+4K 0xc2, 36K+4K 0xc9, 4M+4K 0xd0, 4100K+4K 0xd1, 4116K+4K 0xd5'; Kind = 'EntriesBeyondEndCleared' }
        @{ Name = 'past-size-l1'; Size = 8388608; Reads = '0+4K 0xc0, 4K+4K 0xc1, 8K+4K 0xc2, 36K+4K 0xc9, 4M+4K 0xd0, 4100K+4K 0xd1, 4116K+4K 0xd5'; Kind = 'EntriesBeyondEndCleared' }
        @{ Name = 'several' }
    ) | ForEach-Object { if (-not $_.ContainsKey('Size')) { $_.Size = 12582912 }; $_ }
    $leaking = @(
        @{ Name = 'dirty-leaks'; Size = 1048576; Leaked = 2 }
        @{ Name = 'leak-at-end'; Reads = $base4; Leaked = 3 }
        @{ Name = 'leak-in-middle'; Reads = "$base4, 4K+4K 0x00"; Leaked = 1 }
        @{ Name = 'leak-table'; Reads = "$base4, $lost4"; Leaked = 5 }
        @{ Name = 'tail-leak'; Reads = $base4; Leaked = 1 }
    ) | ForEach-Object { if (-not $_.ContainsKey('Size')) { $_.Size = 12582912 }; $_ }
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # The readable clusters of a disk, each with its offset and hash. None of them may change.
    function Get-Readable {
        param([string] $Path)

        $stream = Open-QedImage $Path -ErrorAction Stop
        $algorithm = [System.Security.Cryptography.SHA256]::Create()
        try {
            $size = (Get-RawHeader $Path).cluster_size
            $buffer = [byte[]]::new($size)
            # The areas around the data in the fixtures; the rest is unallocated.
            foreach ($start in 0, 4194304, 8388608, 16777216, 33554432) {
                for ($at = $start; $at -lt [System.Math]::Min($start + 20 * $size, $stream.Length); $at += $size) {
                    $null = $stream.Seek($at, 'Begin')
                    try { $null = $stream.Read($buffer, 0, $size) } catch { continue }
                    "$at $([System.BitConverter]::ToString($algorithm.ComputeHash($buffer)))"
                }
            }
        }
        finally {
            $stream.Dispose()
            $algorithm.Dispose()
        }
    }
}

Describe 'Repair-QedImage' {
    BeforeEach {
        $folder = New-Folder 'repair'
        $clean = Copy-Fixture 'images/base-4k.qed' -Folder $folder
        $path = Copy-Fixture 'damaged/several.qed' -Folder $folder
        $leaky = Copy-Fixture 'damaged/leak-in-middle.qed' -Folder $folder
        $double = Copy-Fixture 'damaged/double-one-table.qed' -Folder $folder
    }

    Context 'accepts its parameters' {
        It 'as documented' {
            Get-OwnParameter Repair-QedImage Path | Should -Be 'NoBackup', 'Path!@0 value property', 'RestoreFrom property'
            Get-OwnParameter Repair-QedImage LiteralPath | Should -Be 'LiteralPath! property', 'NoBackup', 'RestoreFrom property'
        }

        It 'from the pipeline as strings and result objects' {
            $path, $leaky | Repair-QedImage | ForEach-Object { "$($_.After.Status)" } | Should -Be 'Clean', 'Clean'
            "$((Get-QedInfo $double | Repair-QedImage).After.Status)" | Should -Be 'Clean'
        }

        It 'from the results of Test-QedImage' {
            $repaired = Test-QedImage ([System.IO.Path]::Combine($folder, '*.qed')) | Where-Object { "$($_.Status)" -ne 'Clean' } | Repair-QedImage
            $repaired | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } | Should -Be 'double-one-table.qed', 'leak-in-middle.qed', 'several.qed'
            Test-QedImage ([System.IO.Path]::Combine($folder, '*.qed')) -Quiet | Should -Be $true, $true, $true, $true
        }

        It 'as files from Get-ChildItem' {
            Get-ChildItem -LiteralPath $folder -Filter 'several*' | Repair-QedImage | ForEach-Object { "$($_.After.Status)" } | Should -Be 'Clean'
        }
    }

    Context 'repairs <Name>.qed' -ForEach $corrupt {
        BeforeEach {
            $bad = Copy-Fixture "damaged/$Name.qed" -Folder $folder
            $hash = Get-Sha256 $bad
            $checked = Test-QedImage $bad
        }

        It 'so that a check finds nothing' {
            $result = Repair-QedImage $bad
            $result | Should -HaveCount 1
            "$($result.Before.Status)" | Should -Be 'Corrupt'
            $result.Before.CorruptionCount | Should -Be $checked.CorruptionCount
            $result.Before.LeakedClusters | Should -Be $checked.LeakedClusters
            $result.Before.NeedsCheck | Should -Be $checked.NeedsCheck
            "$($result.After.Status)" | Should -Be 'Clean'
            $result.After.CorruptionCount | Should -Be 0
            $result.After.LeakedClusters | Should -Be 0
            $result.After.NeedsCheck | Should -BeFalse
            $result.RepairCount | Should -Be @($result.Repairs).Count
            if ($Kind) { @($result.Repairs | Where-Object { "$($_.Kind)" -notmatch 'LeaksRemoved|NeedCheckCleared' } | ForEach-Object { "$($_.Kind)" })[0] | Should -Be $Kind }
            Assert-Clean $bad -Qemu
        }

        It 'without losing readable data' {
            $before = Get-Readable $bad
            $null = Repair-QedImage $bad
            $after = [System.Collections.Generic.HashSet[string]]::new([string[]](Get-Readable $bad))
            $before | Where-Object { -not $after.Contains($_) } | Should -BeNullOrEmpty
            if ($Reads) { Assert-Disk $bad $Size $Reads }
        }

        It 'and can undo it to the last byte' {
            $result = Repair-QedImage $bad
            [System.IO.File]::Exists($result.BackupPath) | Should -BeTrue
            Get-Sha256 $bad | Should -Not -Be $hash
            $info = Repair-QedImage $bad -RestoreFrom $result.BackupPath
            $info.Path | Should -BeExactly $bad
            Get-Sha256 $bad | Should -Be $hash
        }

        It 'as described by -WhatIf, repair by repair, which changes nothing' {
            $before = Get-FolderState $folder
            $messages = (Invoke-OnScreen { Repair-QedImage $bad -WhatIf }).Screen
            Get-FolderState $folder | Should -Be $before
            $result = Repair-QedImage $bad -NoBackup
            $count = if ($result.RepairCount -eq 1) { '1 repair' } else { "$($result.RepairCount) repairs" }
            $except = if ($result.Before.Status -eq 'Leaks') { ', except for what is in the freed clusters' }
            $messages[0] | Should -Be "Make $count in '$bad', and save a backup so that the repair can be undone$except."
            $messages[1..($messages.Count - 2)] | Should -Be @($result.Repairs | ForEach-Object { "${bad}: $($_.Description)" })
            $messages[-1] | Should -BeLike "${bad}: The repair needs up to * of disk space."
        }
    }

    Context 'frees the leaks of <Name>.qed' -ForEach $leaking {
        BeforeEach {
            $bad = Copy-Fixture "damaged/$Name.qed" -Folder $folder
            $disk = Get-DiskBytes $bad
        }

        It 'and keeps the contents of the disk' {
            $length = [System.IO.FileInfo]::new($bad).Length
            $result = Repair-QedImage $bad
            "$($result.Before.Status)" | Should -Be 'Leaks'
            $result.Before.LeakedClusters | Should -Be $Leaked
            ($result.Repairs | Where-Object { "$($_.Kind)" -eq 'LeaksRemoved' }).Length | Should -Be ($Leaked * 4096)
            [System.IO.FileInfo]::new($bad).Length | Should -BeLessOrEqual ($length - $Leaked * 4096)
            Test-SameBytes (Get-DiskBytes $bad) $disk | Should -BeTrue
            if ($Reads) { Assert-Disk $bad $Size $Reads }
            Assert-Clean $bad -Qemu
        }

        It 'and can undo it, with the same contents and check results as before' {
            $before = Test-QedImage $bad
            $result = Repair-QedImage $bad
            $null = Repair-QedImage $bad -RestoreFrom $result.BackupPath
            $after = Test-QedImage $bad
            "$($after.Status) $($after.LeakedClusters) $($after.AllocatedClusters) $($after.NeedsCheck)" | Should -Be "$($before.Status) $($before.LeakedClusters) $($before.AllocatedClusters) $($before.NeedsCheck)"
            Test-SameBytes (Get-DiskBytes $bad) $disk | Should -BeTrue
        }

        It 'as described by -WhatIf' {
            $says = @("Make * in '$bad', and save*"; "${bad}: Free $($Leaked * 4096) bytes*"; if ($Name -match 'dirty') { "${bad}: Clear the need-check bit*" }; "${bad}: The repair needs up to *")
            Assert-WhatIf { Repair-QedImage $bad -WhatIf } $folder $says
        }
    }

    Context 'clears the need-check bit of an image that was not closed cleanly' {
        It 'and does nothing else if the image is sound' {
            $dirty = Copy-Fixture 'damaged/dirty-clean.qed' -Folder $folder
            $bytes = [System.IO.File]::ReadAllBytes($dirty)
            $result = Repair-QedImage $dirty
            "$($result.Before.Status)" | Should -Be 'Clean'
            $result.Before.NeedsCheck | Should -BeTrue
            $result.After.NeedsCheck | Should -BeFalse
            $result.Repairs | ForEach-Object { "$($_.Kind)" } | Should -Be 'NeedCheckCleared'
            $result.BackupPath | Should -BeNullOrEmpty
            $bytes[16] = 0
            Test-SameBytes ([System.IO.File]::ReadAllBytes($dirty)) $bytes | Should -BeTrue
        }

        It 'and reports it with -WhatIf' {
            $dirty = Copy-Fixture 'damaged/dirty-clean.qed' -Folder $folder
            Assert-WhatIf { Repair-QedImage $dirty -WhatIf } $folder "Make 1 repair in '$dirty'.", "${dirty}: Clear the need-check bit*"
        }
    }

    Context 'finds nothing to repair' {
        It 'in <_>.qed, leaves it unchanged, and reports it' -ForEach 'images/base-4k', 'images/header-2', 'images/table-1', 'damaged/tail' {
            $fine = Copy-Fixture "$_.qed" -Folder $folder
            [System.IO.File]::SetLastWriteTimeUtc($fine, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded { Repair-QedImage $fine -Verbose }
            $recorded.Output | Should -HaveCount 1
            $recorded.Output[0].RepairCount | Should -Be 0
            $recorded.Output[0].Repairs | Should -BeNullOrEmpty
            $recorded.Output[0].BackupPath | Should -BeNullOrEmpty
            "$($recorded.Output[0].After.Status)" | Should -Be 'Clean'
            @($recorded.Verbose -like '*nothing to repair*') | Should -HaveCount 1
            Get-FolderState $folder | Should -Be $before
        }

        It 'in a second run' {
            $null = Repair-QedImage $path -NoBackup
            $before = Get-FolderState $folder
            (Repair-QedImage $path).RepairCount | Should -Be 0
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'writes a result' {
        It 'with the checks before and after, and all repairs' {
            $result = Repair-QedImage $path
            $result.PSObject.TypeNames[0] | Should -Be 'QedTools.QedRepairResult'
            $result.Path | Should -BeExactly $path
            $result.Before.PSObject.TypeNames[0] | Should -Be 'QedTools.QedCheckResult'
            $result.Before.CorruptionCount | Should -Be 6
            $result.Before.NeedsCheck | Should -BeTrue
            "$($result.After.Status)" | Should -Be 'Clean'
            $kinds = @($result.Repairs | ForEach-Object { "$($_.Kind)" })
            @($kinds -eq 'TableEntryCleared') | Should -HaveCount 1
            @($kinds -eq 'DataCopied') | Should -HaveCount 2
            @($kinds -eq 'EntriesCleared').Count | Should -BeGreaterOrEqual 2
            $kinds[-2, -1] | Should -Be 'LeaksRemoved', 'NeedCheckCleared'
        }

        It 'with the virtual range of each entry that was cleared or copied' {
            $result = Repair-QedImage $double
            $copied = $result.Repairs | Where-Object { "$($_.Kind)" -eq 'DataCopied' }
            $copied.VirtualOffset | Should -Be 36864
            $copied.Length | Should -Be 4096
            $copied.Offset | Should -Be (4 * 4096 + 9 * 8)
            $copied.Description | Should -BeLike '*4096 bytes from offset 36864*unchanged*'

            $lost = Copy-Fixture 'damaged/l1-past-end.qed' -Folder $folder
            $cleared = (Repair-QedImage $lost).Repairs | Where-Object { "$($_.Kind)" -eq 'TableEntryCleared' }
            $cleared.VirtualOffset | Should -Be 4MB
            $cleared.Length | Should -Be 4MB
            $cleared.Offset | Should -Be (4096 + 8)
        }

        It 'with a warning of what it cannot bring back, in the plan too' {
            $lost = Copy-Fixture 'damaged/l1-past-end.qed' -Folder $folder
            $null = Repair-QedImage $lost -WhatIf -WarningVariable planned -WarningAction SilentlyContinue
            $result = Repair-QedImage $lost -WarningVariable warned -WarningAction SilentlyContinue
            $result.ClearedBytes | Should -Be 4MB
            "$warned" | Should -BeLike '*4 MiB (4194304 bytes)*read from the backing file*-Salvage*'
            "$planned" | Should -BeExactly "$warned"
            $null = Repair-QedImage (Copy-Fixture 'damaged/leak-in-middle.qed' -Folder $folder) -WarningVariable none
            $none | Should -BeNullOrEmpty
        }

        It 'with one line for all table pointers past the end of the disk' {
            # An L1 table of the largest size: 512 entries of 4 KiB clusters and tables, of which the disk uses two.
            $wild = Copy-Fixture 'damaged/l1-past-end.qed' -Folder $folder
            $bytes = [System.IO.File]::ReadAllBytes($wild)
            for ($entry = 10; $entry -lt 300; $entry++) {
                [System.BitConverter]::GetBytes([long]0x7fff0000).CopyTo($bytes, 4096 + 8 * $entry)
            }

            [System.IO.File]::WriteAllBytes($wild, $bytes)
            $result = Repair-QedImage $wild -WarningAction Ignore
            @($result.Repairs | Where-Object { "$($_.Kind)" -eq 'EntriesBeyondEndCleared' }) | Should -HaveCount 1
            $result.ClearedBytes | Should -Be 4MB
            "$($result.After.Status)" | Should -Be 'Clean'
        }

        It 'that can be converted to JSON' {
            $again = Repair-QedImage $path | ConvertTo-Json -Depth 5 | ConvertFrom-Json
            $again.Before.CorruptionCount | Should -Be 6
            @($again.Repairs).Count | Should -Be $again.RepairCount
        }

        It 'that can be piped to other cmdlets' {
            "$((Repair-QedImage $path | Test-QedImage).Status)" | Should -Be 'Clean'
        }
    }

    Context 'makes a backup' {
        It 'beside the image, with the name of the image in its name, and no other file' {
            $before = [System.IO.Directory]::GetFileSystemEntries($folder)
            $result = Repair-QedImage $path
            $new = [System.IO.Directory]::GetFileSystemEntries($folder) | Where-Object { $_ -notin $before }
            $new | Should -BeExactly $result.BackupPath
            $new | Should -BeLike "$path.*.qedundo"
        }

        It 'of limited size, which holds the overwritten data, not the whole image' {
            $big = Copy-Fixture 'damaged/l2-low-bits.qed' -Folder $folder
            $result = Repair-QedImage $big
            [System.IO.FileInfo]::new($result.BackupPath).Length | Should -BeLessThan ([System.IO.FileInfo]::new($big).Length * 2)
        }

        It 'and reports with -Verbose what it did and how to undo it' {
            $recorded = Invoke-Recorded { Repair-QedImage $double -Verbose }
            @($recorded.Verbose -like '*4096 bytes from offset 36864*') | Should -HaveCount 1
            @($recorded.Verbose -like "*Repair-QedImage -RestoreFrom '$($recorded.Output[0].BackupPath)'*") | Should -HaveCount 1
        }

        It 'unless -NoBackup is given' {
            $before = [System.IO.Directory]::GetFileSystemEntries($folder)
            $result = Repair-QedImage $path -NoBackup
            $result.BackupPath | Should -BeNullOrEmpty
            "$($result.After.Status)" | Should -Be 'Clean'
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -Be $before
            Assert-Clean $path
        }

        It 'again if the image is repaired again immediately' {
            $hash = Get-Sha256 $path
            $first = Repair-QedImage $path
            $null = Repair-QedImage $path -RestoreFrom $first.BackupPath
            $recorded = Invoke-Recorded { Repair-QedImage $path }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output[0].BackupPath | Should -Not -Be $first.BackupPath
            $null = Repair-QedImage $path -RestoreFrom $recorded.Output[0].BackupPath
            Get-Sha256 $path | Should -Be $hash
        }
    }

    Context 'after an undo that was interrupted' {
        BeforeAll {
            $marked = Copy-Fixture 'damaged/several.qed' (New-Folder 'interrupted')
            # The mark described in docs/format.md: bit 62 of features, the 8 bytes at offset 16.
            $markedBytes = [System.IO.File]::ReadAllBytes($marked)
            $markedBytes[23] = $markedBytes[23] -bor 0x40
            [System.IO.File]::WriteAllBytes($marked, $markedBytes)
        }

        It 'refuses the image in every cmdlet, and says what to do' {
            foreach ($command in { Get-QedInfo $marked }, { Test-QedImage $marked }, { Repair-QedImage $marked }, { Open-QedImage $marked -ReadWrite }, { Convert-QedImage $marked "$marked.raw" }) {
                Assert-OneError $command 'QedInterruptedRestore' 'InvalidData' $marked '*was interrupted*same backup*'
                $recorded = Invoke-Recorded $command
                $recorded.Errors[0].ErrorDetails.Message | Should -BeLike '*Repair-QedImage -RestoreFrom*'
            }

            Get-Sha256 $marked | Should -Be ([System.BitConverter]::ToString([System.Security.Cryptography.SHA256]::Create().ComputeHash($markedBytes)) -replace '-')
        }

        It 'leaves an image that qemu-img refuses' {
            Skip-TestWithout QemuImg
            (Invoke-Native qemu-img info -f qed (Get-Fixture 'damaged/several.qed')).ExitCode | Should -Be 0 -Because 'it can read that image without the mark'
            (Invoke-Native qemu-img info -f qed $marked).ExitCode | Should -Not -Be 0
        }
    }

    Context 'with -RestoreFrom' {
        BeforeEach {
            $hash = Get-Sha256 $path
            $backup = (Repair-QedImage $path).BackupPath
        }

        It 'describes the restored image, and keeps the backup' {
            $info = Repair-QedImage $path -RestoreFrom $backup
            $info.PSObject.TypeNames[0] | Should -Be 'QedTools.QedImageInfo'
            $info.NeedsCheck | Should -BeTrue
            [System.IO.File]::Exists($backup) | Should -BeTrue
        }

        It 'accepts a backup only once, and never for another image with the same name' {
            $null = Repair-QedImage $path -RestoreFrom $backup
            Get-Sha256 $path | Should -Be $hash
            $null = New-Folder 'other'
            $other = Copy-Fixture 'images/base-4k.qed' -Folder (Join-TestDrive 'other') -As ([System.IO.Path]::GetFileName($path))
            $sound = Get-Sha256 $other
            foreach ($image in $path, $other) { Assert-OneError { Repair-QedImage $image -RestoreFrom $backup } 'QedBackupMismatch' 'InvalidArgument' $image '*was already undone*' }
            Get-Sha256 $path | Should -Be $hash
            Get-Sha256 $other | Should -Be $sound
        }

        It 'refuses a backup with a wrong byte, and reports that it is damaged' {
            foreach ($at in 8, 1536, 2050, ([System.IO.FileInfo]::new($backup).Length - 1)) {
                $bytes = [System.IO.File]::ReadAllBytes($backup)
                $bytes[$at] = $bytes[$at] -bxor 0x40
                $spoilt = [System.IO.Path]::Combine($folder, 'spoilt.qedundo')
                [System.IO.File]::WriteAllBytes($spoilt, $bytes)
                $before = Get-FolderState $folder
                Assert-OneError { Repair-QedImage $path -RestoreFrom $spoilt } 'QedBackupDamaged' 'InvalidData' $path '*is damaged*'
                Assert-OneError { Repair-QedImage $path -RestoreFrom $spoilt -WhatIf } 'QedBackupDamaged' 'InvalidData' $path
                Get-FolderState $folder | Should -Be $before
            }
        }

        It 'refuses a backup if that of a later repair has not been restored' {
            $folder = New-Folder 'twice'
            $twice = Copy-Fixture 'damaged/double-one-table.qed' -Folder $folder
            $first = (Repair-QedImage $twice).BackupPath
            $later = "$twice.29991231T235959Z.qedundo"
            [System.IO.File]::Copy($first, $later)
            Assert-OneError { Repair-QedImage $twice -RestoreFrom $first } 'QedBackupMismatch' 'InvalidArgument' $twice "*$later*later repair*"
            $null = Repair-QedImage $twice -RestoreFrom $later
            [System.IO.File]::Exists($first) | Should -BeTrue
        }

        It 'refuses an image in which a byte was changed in data that the repair of <_> had moved' -ForEach 'double-one-table', 'leak-in-middle' {
            $folder = New-Folder 'moved'
            $moved = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $before = @{}
            Get-QedAllocationMap $moved -State Data -ErrorAction SilentlyContinue | ForEach-Object {
                for ($at = 0; $at -lt $_.Length; $at += 4KB) { $before["$($_.Start + $at)"] = $_.FileOffset + $at }
            }
            $result = Repair-QedImage $moved
            $places = @(Get-QedAllocationMap $moved -State Data | ForEach-Object {
                    for ($at = 0; $at -lt $_.Length; $at += 4KB) { if ($before["$($_.Start + $at)"] -ne $_.FileOffset + $at) { $_.Start + $at } }
                })
            $places | Should -Not -BeNullOrEmpty
            Set-DiskBytes $moved ($places[0] + 100) (New-Bytes 1 -Value 0xE7)
            $changed = Get-Sha256 $moved
            Assert-OneError { Repair-QedImage $moved -RestoreFrom $result.BackupPath } 'QedBackupMismatch' 'InvalidArgument' $moved '*was changed since*'
            Get-Sha256 $moved | Should -Be $changed
        }

        It 'protects the backup from users who cannot read the image' {
            Skip-TestWithout Unix
            $private = Copy-Fixture 'damaged/double-one-table.qed' -Folder (New-Folder 'private')
            $null = Invoke-Native chmod 600 $private
            $saved = (Repair-QedImage $private).BackupPath
            (Invoke-Native ls -l $saved).Output | Should -Match '^-rw-------'
        }

        It 'accepts a backup relative to the current location' {
            Invoke-InFolder $folder { $null = Repair-QedImage 'several.qed' -RestoreFrom ([System.IO.Path]::GetFileName($backup)) }
            Get-Sha256 $path | Should -Be $hash
        }

        It 'reports with -WhatIf what it would do, and does nothing' {
            Assert-WhatIf { Repair-QedImage $path -RestoreFrom $backup -WhatIf } $folder "Undo the repair of '$path' with the backup '$backup'."
        }

        It 'prompts with -Confirm' {
            Assert-Confirm { Repair-QedImage $path -RestoreFrom $backup -Confirm } $folder "*Undo the repair of '$path' with the backup '$backup'."
            Get-Sha256 $path | Should -Be $hash
        }

        It 'refuses a file that is not a backup, and changes nothing' {
            $before = Get-FolderState $folder
            Assert-OneError { Repair-QedImage $path -RestoreFrom $clean } 'QedBackupMismatch' 'InvalidArgument' $path '*not a backup that a repair made*BackupPath*'
            Assert-OneError { Repair-QedImage $path -RestoreFrom ([System.IO.Path]::Combine($folder, 'missing')) } 'QedFileNotFound' 'ObjectNotFound' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a file that is not a backup with -WhatIf too' {
            $before = Get-FolderState $folder
            Assert-OneError { Repair-QedImage $path -RestoreFrom $clean -WhatIf } 'QedBackupMismatch' 'InvalidArgument' $path
            Assert-OneError { Repair-QedImage $path -RestoreFrom ([System.IO.Path]::Combine($folder, 'missing')) -WhatIf } 'QedFileNotFound' 'ObjectNotFound' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses an image in use' {
            $stream = Open-QedImage $path
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Repair-QedImage $path -RestoreFrom $backup } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
            }
            finally { $stream.Dispose() }
        }

        It 'refuses the backup of another image' {
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded { Repair-QedImage $clean -RestoreFrom $backup }
            $recorded.Errors | Should -HaveCount 1
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses an image that was changed since its repair' {
            Set-DiskBytes $path 9MB (New-Bytes 10000 -Value 0xE1)
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded { Repair-QedImage $path -RestoreFrom $backup }
            $recorded.Errors | Should -HaveCount 1
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'with -Confirm' {
        It 'prompts once per image, regardless of the number of repairs' {
            Assert-Confirm { Repair-QedImage $path -Confirm } $folder "*repairs*$path*"
            Assert-Clean $path
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            "$((Repair-QedImage $path -Confirm:$false).After.Status)" | Should -Be 'Clean'
        }

        It 'does not prompt if there is nothing to repair' {
            (Invoke-OnScreen { Repair-QedImage $clean -Confirm }).Questions | Should -BeNullOrEmpty
        }

        It 'respects $WhatIfPreference too' {
            $before = Get-FolderState $folder
            $WhatIfPreference = $true
            $messages = (Invoke-OnScreen { Repair-QedImage $double }).Screen
            $messages | Should -HaveCount 4
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'on errors' {
        It 'refuses an image in use, and changes nothing' {
            $stream = Open-QedImage $path
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Repair-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path
                Assert-OneError { Repair-QedImage $path -WhatIf } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
            }
            finally { $stream.Dispose() }
        }

        It 'refuses a repair that would fill any disk, and reports the space it needs' {
            # 640 KiB: all L1 entries point to one table, and all its entries to one cluster. A separate copy for each entry needs 64 TiB.
            $crafted = [System.IO.Path]::Combine($folder, 'crafted.qed')
            $null = New-QedImage $crafted 64TB
            $bytes = [byte[]]::new(655360)
            [System.IO.File]::ReadAllBytes($crafted).CopyTo($bytes, 0)
            $table = [System.BitConverter]::GetBytes([long]5 * 65536)
            $data = [System.BitConverter]::GetBytes([long]9 * 65536)
            $tables = [byte[]]::new(262144)
            $entries = [byte[]]::new(262144)
            for ($i = 0; $i -lt 262144; $i += 8) { $table.CopyTo($tables, $i); $data.CopyTo($entries, $i) }
            $tables.CopyTo($bytes, 65536)
            $entries.CopyTo($bytes, 327680)
            [System.IO.File]::WriteAllBytes($crafted, $bytes)
            $before = Get-FolderState $folder
            foreach ($options in @{}, @{ NoBackup = $true }, @{ WhatIf = $true }) {
                Assert-OneError { Repair-QedImage $crafted @options } 'QedDiskFull' 'ResourceUnavailable' $crafted '*64*TiB*needed*free*'
                Get-FolderState $folder | Should -Be $before
            }
        }

        It 'refuses an image that qemu-io has open' {
            Skip-TestWithout QemuLocks
            $process = Open-InQemu $leaky -ReadOnly
            try { Assert-OneError { Repair-QedImage $leaky } 'QedImageInUse' 'ResourceBusy' $leaky }
            finally { Close-Qemu $process }
        }

        It 'writes one error about <Name> and does not change it: <Id>' -ForEach @(
            @{ Name = 'headers/table-size-3.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData' }
            @{ Name = 'headers/feature-bit-3.qed'; Id = 'QedUnsupportedFeature'; Category = 'NotImplemented' }
            @{ Name = 'foreign/disk.qcow2'; Id = 'QedNotAnImage'; Category = 'InvalidData' }
        ) {
            $bad = Copy-Fixture $Name -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Repair-QedImage $bad } $Id $Category $bad
            Get-FolderState $folder | Should -Be $before
        }

        It 'continues with the next image after an error, and throws with -ErrorAction Stop' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            $recorded = Invoke-Recorded { $missing, $path | Repair-QedImage }
            $recorded.Errors | ForEach-Object { $_.TargetObject } | Should -Be $missing
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be $path
            { Repair-QedImage $missing -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileNotFound,QedTools.Commands.RepairQedImageCommand'
        }

        It 'does not need the backing file' {
            Set-QedBackingFile $leaky 'missing.qed' -Force
            "$((Repair-QedImage $leaky).After.Status)" | Should -Be 'Clean'
            (Get-QedInfo $leaky).BackingFile | Should -Be 'missing.qed'
        }

        It 'exposes the backing file where entries were cleared' {
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder
            $bad = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            Set-QedBackingFile $bad base.raw
            $null = Repair-QedImage $bad
            Test-AllBytes (Get-DiskBytes $bad 4096 4096) 0x71 | Should -BeTrue
            Test-AllBytes (Get-DiskBytes $bad 0 4096) 0xc0 | Should -BeTrue
        }
    }
}
