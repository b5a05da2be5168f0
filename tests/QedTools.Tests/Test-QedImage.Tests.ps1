# Test-QedImage: the full check. FileNames.Tests.ps1 tests how it handles file names. The numbers are those of
# fixtures/README.md, which were counted without QedTools.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $clean = @(
        @{ Name = 'empty-default'; Total = 16384; Allocated = 0; Zero = 0; Fragmented = 0; End = 327680 }
        @{ Name = 'size-zero'; Total = 0; Allocated = 0; Zero = 0; Fragmented = 0; End = 12288 }
        @{ Name = 'size-at-limit'; Total = 1048576; Allocated = 1; Zero = 0; Fragmented = 0; End = 24576 }
        @{ Name = 'data-zero-hole'; Total = 1536; Allocated = 4; Zero = 5; Fragmented = 1; End = 45056 }
        @{ Name = 'checkerboard'; Total = 256; Allocated = 6; Zero = 1; Fragmented = 0; End = 45056 }
        @{ Name = 'backwards'; Total = 256; Allocated = 6; Zero = 0; Fragmented = 5; End = 45056 }
        @{ Name = 'allocated-zeroes'; Total = 256; Allocated = 6; Zero = 0; Fragmented = 1; End = 45056 }
        @{ Name = 'table-16'; Total = 25600; Allocated = 3; Zero = 1; Fragmented = 1; End = 212992 }
        @{ Name = 'scattered-default'; Total = 49152; Allocated = 4; Zero = 0; Fragmented = 1; End = 1114112 }
        @{ Name = 'clusters-1m'; Total = 1048576; Allocated = 0; Zero = 0; Fragmented = 0; End = 3145728 }
        @{ Name = 'table-1'; Total = 768; Allocated = 4; Zero = 1; Fragmented = 1; End = 32768 }
        @{ Name = 'header-2'; Total = 2048; Allocated = 3; Zero = 0; Fragmented = 1; End = 45056 }
        @{ Name = 'l1-at-end'; Total = 256; Allocated = 1; Zero = 0; Fragmented = 0; End = 24576 }
        @{ Name = 'size-unaligned'; Total = 257; Allocated = 2; Zero = 0; Fragmented = 1; End = 28672 }
        @{ Name = 'across-l2'; Total = 2048; Allocated = 4; Zero = 0; Fragmented = 0; End = 45056 }
        @{ Name = 'across-l2-contiguous'; Total = 2048; Allocated = 4; Zero = 2; Fragmented = 0; End = 45056 }
        @{ Name = 'base-4k'; Total = 3072; Allocated = 8; Zero = 1; Fragmented = 2; End = 69632 }
        @{ Name = 'base-8k'; Total = 6144; Allocated = 8; Zero = 1; Fragmented = 2; End = 139264 }
    )
    # Dirty: the need-check bit. Entry: the only bad entry, as L1 index, L2 index or -, value.
    $damaged = @(
        @{ Name = 'dirty-clean'; Status = 'Clean'; Dirty = $true; Corruptions = 0; Leaks = 0; Counts = 3, 0, 1 }
        @{ Name = 'dirty-leaks'; Status = 'Leaks'; Dirty = $true; Corruptions = 0; Leaks = 2; Counts = 3, 0, 1 }
        @{ Name = 'dirty-corrupt'; Status = 'Corrupt'; Dirty = $true; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0x11000'; Kind = 'OutsideFile' }
        @{ Name = 'leak-at-end'; Status = 'Leaks'; Corruptions = 0; Leaks = 3; Counts = 8, 1, 2 }
        @{ Name = 'leak-in-middle'; Status = 'Leaks'; Corruptions = 0; Leaks = 1; Counts = 7, 1, 2 }
        @{ Name = 'leak-table'; Status = 'Leaks'; Corruptions = 0; Leaks = 5; Counts = 5, 0, 1 }
        @{ Name = 'tail'; Status = 'Clean'; Corruptions = 0; Leaks = 0; Counts = 8, 1, 2 }
        @{ Name = 'tail-leak'; Status = 'Leaks'; Corruptions = 0; Leaks = 1; Counts = 8, 1, 2 }
        @{ Name = 'l2-misaligned'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0xd000'; Kind = 'Misaligned' }
        @{ Name = 'l2-low-bits'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0x6002'; Kind = 'ReservedBits' }
        @{ Name = 'l2-value-2'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0x2'; Kind = 'ReservedBits' }
        @{ Name = 'l2-past-end'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0x11000'; Kind = 'OutsideFile' }
        @{ Name = 'l2-huge'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0x8000000000006000'; Kind = 'OutsideFile' }
        @{ Name = 'l2-wraps'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 7, 1, 2; Entry = '0 1 0xfffffffffffff000'; Kind = 'OutsideFile' }
        @{ Name = 'l2-partial-cluster'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 3; Entry = '0 1 0x11000'; Kind = 'CutShort' }
        @{ Name = 'l2-in-header'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 2, 0, 0; Entry = '0 1 0x1000'; Kind = 'InsideHeader' }
        @{ Name = 'l1-misaligned'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0x15000'; Kind = 'Misaligned' }
        @{ Name = 'l1-low-bits'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0xa002'; Kind = 'ReservedBits' }
        @{ Name = 'l1-value-1'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0x1'; Kind = 'ReservedBits' }
        @{ Name = 'l1-value-2'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0x2'; Kind = 'ReservedBits' }
        @{ Name = 'l1-past-end'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0x11000'; Kind = 'OutsideFile' }
        @{ Name = 'l1-huge'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0x800000000000a000'; Kind = 'OutsideFile' }
        @{ Name = 'l1-wraps'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0xfffffffffffff000'; Kind = 'OutsideFile' }
        @{ Name = 'l1-overhangs'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 5, 0, 1; Entry = '1 - 0x11000'; Kind = 'CutShort' }
        @{ Name = 'l1-in-header'; Status = 'Corrupt'; Corruptions = 1; Leaks = 3; Counts = 2, 0, 1; Entry = '1 - 0x1000'; Kind = 'InsideHeader' }
        @{ Name = 'truncated'; Status = 'Corrupt'; Corruptions = 1; Leaks = 0; Counts = 8, 1, 2; Entry = '2 - 0xf000'; Kind = 'CutShort' }
        @{ Name = 'double-one-table'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 3; Entry = '0 9 0x6000'; Kind = 'DataAndData' }
        @{ Name = 'double-two-tables'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 3; Entry = '1 1 0x6000'; Kind = 'DataAndData' }
        @{ Name = 'data-at-earlier-l2'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 3; Entry = '1 1 0x4000'; Kind = 'DataAndTable' }
        # Here tables are counted before data (note 3 in fixtures/README.md).
        @{ Name = 'data-at-later-l2'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 3; Entry = '0 1 0xa000'; Kind = 'DataAndTable' }
        @{ Name = 'data-at-own-l2'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 2; Entry = '0 1 0x4000'; Kind = 'DataAndTable' }
        @{ Name = 'data-at-l1'; Status = 'Corrupt'; Corruptions = 1; Leaks = 1; Counts = 8, 1, 3; Entry = '0 1 0x1000'; Kind = 'DataAndTable' }
        @{ Name = 'table-at-l1'; Status = 'Corrupt'; Corruptions = 1; Leaks = 3; Counts = 7, 1, 2; Entry = '2 - 0x1000'; Kind = 'TableAndTable' }
        @{ Name = 'table-shared'; Status = 'Corrupt'; Corruptions = 1; Leaks = 3; Counts = 7, 1, 2; Entry = '2 - 0xa000'; Kind = 'TableAndTable' }
        @{ Name = 'table-overlap'; Status = 'Corrupt'; Corruptions = 1; Leaks = 5; Counts = 7, 1, 2; Entry = '2 - 0x12000'; Kind = 'TableAndTable' }
        # The number of leaked clusters depends on whether a reference from past the end of the disk counts (note 4).
        @{ Name = 'past-size-l2'; Status = 'Corrupt'; Corruptions = 1; Counts = 7, 1, 2; Kind = 'BeyondVirtualSize' }
        @{ Name = 'past-size-l1'; Status = 'Corrupt'; Corruptions = 1; Counts = 7, 1, 2; Kind = 'BeyondVirtualSize' }
        @{ Name = 'several'; Status = 'Corrupt'; Dirty = $true; Corruptions = 6; Leaks = 10; Counts = 4, 1, 2 }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # A bad entry in the notation of the tests: L1 index, L2 index or -, value.
    function Get-EntryText {
        param($Corruption)
        $index = '-'
        if ($null -ne $Corruption.L2Index) { $index = $Corruption.L2Index }
        '{0} {1} 0x{2:x}' -f $Corruption.L1Index, $index, $Corruption.Value
    }
}

Describe 'Test-QedImage' {
    Context 'of sound images' {
        It 'finds nothing wrong in <Name>.qed, and counts its clusters' -ForEach $clean {
            $path = Get-Fixture "images/$Name.qed"
            $result = Test-QedImage $path
            $result | Should -HaveCount 1
            $result.Path | Should -BeExactly $path
            "$($result.Status)" | Should -Be 'Clean'
            $result.NeedsCheck | Should -BeFalse
            $result.CorruptionCount | Should -Be 0
            $result.Corruptions | Should -BeNullOrEmpty
            $result.LeakedClusters | Should -Be 0
            $result.LeakedBytes | Should -Be 0
            $result.TotalClusters | Should -Be $Total
            $result.AllocatedClusters | Should -Be $Allocated
            $result.ZeroClusters | Should -Be $Zero
            $result.FragmentedClusters | Should -Be $Fragmented
            $result.ImageEndOffset | Should -Be $End
        }

        It 'does not open backing files: <_>.qed is clean although its backing file is missing or refused' -ForEach 'name-missing', 'name-nbd', 'cycle-a', 'over-disguised-probed' {
            "$((Test-QedImage (Get-Fixture "chains/$_.qed")).Status)" | Should -Be 'Clean'
        }

        It 'accepts <_>.qed, whose header is unusual but allowed' -ForEach 'compat-unknown', 'autoclear-unknown', 'backing-size-4032', 'raw-bit-alone' {
            "$((Test-QedImage (Get-Fixture "headers/$_.qed")).Status)" | Should -Be 'Clean'
        }
    }

    Context 'of damaged images' {
        It 'finds the damage in <Name>.qed: <Status>' -ForEach $damaged {
            $path = Get-Fixture "damaged/$Name.qed"
            $before = Get-Sha256 $path
            $recorded = Invoke-Recorded { Test-QedImage $path }
            $recorded.Errors | Should -BeNullOrEmpty
            $result = $recorded.Output[0]
            "$($result.Status)" | Should -Be $Status
            $result.NeedsCheck | Should -Be ([bool]$_['Dirty'])
            $result.CorruptionCount | Should -Be $Corruptions
            $result.Corruptions | Should -HaveCount $Corruptions
            $result.AllocatedClusters, $result.ZeroClusters, $result.FragmentedClusters | Should -Be $Counts
            if ($_.ContainsKey('Leaks')) {
                $result.LeakedClusters | Should -Be $Leaks
                $result.LeakedBytes | Should -Be ($Leaks * (Get-RawHeader $path).cluster_size)
            }

            if ($_['Entry']) { Get-EntryText $result.Corruptions[0] | Should -Be $Entry }
            if ($_['Kind']) { "$($result.Corruptions[0].Kind)" | Should -Be $Kind }
            Get-Sha256 $path | Should -Be $before
        }

        It 'lists all bad entries in several.qed' {
            $result = Test-QedImage (Get-Fixture 'damaged/several.qed')
            $found = @($result.Corruptions | ForEach-Object { '{0} {1}' -f $_.Kind, (Get-EntryText $_) })
            $found | Should -HaveCount 6
            foreach ($expected in 'ReservedBits 0 0 0x3002', 'OutsideFile 0 1 0x77000', 'DataAndData 0 9 0x7000', 'DataAndTable 1 1 0x1000', 'OutsideFile 1 5 0x8000000000000000', 'ReservedBits 2 - 0x1') {
                $found | Should -Contain $expected
            }
        }

        It 'reports the virtual offset of a bad entry' {
            (Test-QedImage (Get-Fixture 'damaged/l2-past-end.qed')).Corruptions[0].VirtualOffset | Should -Be 4096
            (Test-QedImage (Get-Fixture 'damaged/l1-past-end.qed')).Corruptions[0].VirtualOffset | Should -Be 4194304
            (Test-QedImage (Get-Fixture 'damaged/double-two-tables.qed')).Corruptions[0].VirtualOffset | Should -Be 4198400
        }

        It 'reports a table that overlaps data as corrupt, and each of its corrupt entries' {
            $result = Test-QedImage (Get-Fixture 'damaged/table-at-data.qed')
            "$($result.Status)" | Should -Be 'Corrupt'
            $result.LeakedClusters | Should -Be 3
            $result.Corruptions.Count | Should -Be $result.CorruptionCount
            Get-EntryText $result.Corruptions[0] | Should -Be '2 - 0x9000'
        }

        It 'counts all corruptions but lists at most 1,000' {
            # Fills both L2 tables of an image with entries past the end of the file.
            $path = Get-Fixture 'images/base-4k.qed'
            $stream = [System.IO.File]::OpenWrite($path)
            try {
                $entry = [System.BitConverter]::GetBytes(0x7000000L)
                foreach ($table in 0x4000, 0xa000) {
                    $stream.Position = $table
                    for ($i = 0; $i -lt 1024; $i++) { $stream.Write($entry, 0, 8) }
                }
            }
            finally { $stream.Dispose() }
            $result = Test-QedImage $path
            $result.CorruptionCount | Should -Be 2048
            $result.Corruptions | Should -HaveCount 1000
        }

        It 'has its status and its path as text' {
            $path = Get-Fixture 'damaged/leak-at-end.qed'
            "$(Test-QedImage $path)" | Should -BeExactly "Leaks: $path"
        }

        It 'continues after a damaged image and after one that cannot be opened' {
            $paths = Get-Fixture 'damaged/l1-huge.qed', 'headers/table-size-3.qed', 'images/base-4k.qed'
            $recorded = Invoke-Recorded { $paths | Test-QedImage }
            $recorded.Output | ForEach-Object { "$($_.Status)" } | Should -Be 'Corrupt', 'Clean'
            $recorded.Errors | Should -HaveCount 1
        }
    }

    Context 'of large files' {
        It 'finds no phantom leaks in a file of 4 KiB clusters that is longer than 16 MiB' {
            # QEMU divides by the cluster size minus one and finds leaks here.
            $path = Join-TestDrive 'long.qed'
            $null = New-QedImage $path 64MB -ClusterSizeBytes 4KB -TableSize 16
            # One L2 table at cluster 17, followed by 8,192 data clusters that only this table references.
            $stream = [System.IO.File]::OpenWrite($path)
            try {
                $stream.Position = 4096
                $stream.Write([System.BitConverter]::GetBytes(17L * 4096), 0, 8)
                $table = [long[]]::new(8192)
                for ($i = 0; $i -lt 8192; $i++) { $table[$i] = (33L + $i) * 4096 }
                $bytes = [byte[]]::new(65536)
                [System.Buffer]::BlockCopy($table, 0, $bytes, 0, 65536)
                $stream.Position = 17 * 4096
                $stream.Write($bytes, 0, 65536)
                $stream.SetLength((33L + 8192) * 4096)
            }
            finally { $stream.Dispose() }
            $result = Test-QedImage $path
            "$($result.Status)" | Should -Be 'Clean'
            $result.AllocatedClusters | Should -Be 8192
            $result.FragmentedClusters | Should -Be 0
            $result.LeakedClusters | Should -Be 0

            $stream = [System.IO.File]::OpenWrite($path)
            try { $stream.SetLength((33L + 8192 + 5000) * 4096) }
            finally { $stream.Dispose() }
            (Test-QedImage $path).LeakedClusters | Should -Be 5000
        }

        It 'checks an empty image of the largest geometry' {
            Skip-TestWithout Unix
            $path = Join-TestDrive 'largest.qed'
            $null = New-QedImage $path 9223372036854775296 -ClusterSizeBytes 64MB -TableSize 16
            $result = Test-QedImage $path
            "$($result.Status)" | Should -Be 'Clean'
            $result.TotalClusters | Should -Be 137438953472
            [System.IO.File]::Delete($path)
        }
    }

    Context 'with -Quiet' {
        It 'is $false for <_>' -ForEach 'leak-at-end', 'l1-huge', 'dirty-corrupt' {
            $result = Test-QedImage (Get-Fixture "damaged/$_.qed") -Quiet
            $result | Should -BeOfType bool
            $result | Should -BeFalse
        }

        It 'is $true for <_>' -ForEach 'images/base-4k', 'damaged/dirty-clean', 'damaged/tail' {
            $result = Test-QedImage (Get-Fixture "$_.qed") -Quiet
            $result | Should -BeOfType bool
            $result | Should -BeTrue
        }

        It 'writes one value per image' {
            Get-Fixture 'images/base-4k.qed', 'damaged/l1-huge.qed', 'images/table-1.qed' | Test-QedImage -Quiet |
                Should -Be $true, $false, $true
        }

        It 'writes an error and no value for a file that is not an image' {
            $path = Get-Fixture 'foreign/pattern.raw'
            Assert-OneError { Test-QedImage $path -Quiet } 'QedNotAnImage' 'InvalidData' $path
        }

        It 'reports the status with -Verbose' {
            $path = Get-Fixture 'damaged/leak-at-end.qed'
            $recorded = Invoke-Recorded { Test-QedImage $path -Quiet -Verbose }
            "$($recorded.Verbose)" | Should -BeLike "*$path*Leaks*"
        }
    }

    Context 'of an image in use' {
        It 'refuses an image that another program is writing, and says what to do' {
            Skip-TestWithout WriterLock
            $path = Get-Fixture 'images/base-4k.qed'
            $writer = Open-AsWriter $path
            try { Assert-OneError { Test-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path '*open for writing elsewhere*-ForceShare*' }
            finally { $writer.Dispose() }
        }

        It 'checks such an image with -ForceShare' {
            Skip-TestWithout WriterLock
            $path = Get-Fixture 'images/base-4k.qed'
            $writer = Open-AsWriter $path
            try { "$((Test-QedImage $path -ForceShare).Status)" | Should -Be 'Clean' }
            finally { $writer.Dispose() }
        }

        It 'checks an image that a cmdlet is reading' {
            $path = Get-Fixture 'images/base-4k.qed'
            $found = @(Get-QedAllocationMap $path | ForEach-Object { "$((Test-QedImage $path).Status)" })
            $found[0] | Should -Be 'Clean'
        }

        It 'refuses an image that qemu-io is writing, checks it with -ForceShare, and again when it is closed' {
            Skip-TestWithout QemuLocks
            $path = Get-Fixture 'images/base-4k.qed'
            $qemu = Open-InQemu $path
            try {
                Assert-OneError { Test-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path
                Assert-OneError { Test-QedImage $path -Quiet } 'QedImageInUse' 'ResourceBusy' $path
                "$((Test-QedImage $path -ForceShare).Status)" | Should -Be 'Clean'
            }
            finally { Close-Qemu $qemu }
            "$((Test-QedImage $path).Status)" | Should -Be 'Clean'
        }

        It 'checks an image that qemu-io has open read-only' {
            Skip-TestWithout QemuLocks
            $path = Get-Fixture 'images/base-4k.qed'
            $qemu = Open-InQemu $path -ReadOnly
            try { "$((Test-QedImage $path).Status)" | Should -Be 'Clean' }
            finally { Close-Qemu $qemu }
        }
    }

    Context 'on the screen' {
        It 'is a table with the status' {
            $text = Get-Fixture 'damaged/leak-at-end.qed', 'damaged/l1-huge.qed' | Test-QedImage | Out-String -Width 120
            $lines = @($text -split "`r?`n" | Where-Object { $_ })
            $lines[1] | Should -Match '^Status +NeedsCheck +Allocated +Leaked +Corruptions +Name$'
            $lines[3] | Should -Match '^Leaks +False +0.26 % +12 KiB +0 +leak-at-end\.qed$'
            $lines[4] | Should -Match '^Corrupt +False +0.16 % +20 KiB +1 +l1-huge\.qed$'
        }

        It 'is a list of all properties with Format-List' {
            $text = Test-QedImage (Get-Fixture 'damaged/leak-at-end.qed') | Format-List | Out-String -Width 200
            foreach ($name in 'Path', 'Status', 'TotalClusters', 'AllocatedClusters', 'ZeroClusters', 'FragmentedClusters', 'LeakedClusters', 'LeakedBytes', 'ReclaimableBytes', 'CorruptionCount', 'Corruptions', 'ImageEndOffset') {
                $text | Should -Match "(?m)^$name\s+:"
            }
            $text | Should -Match 'LeakedBytes\s+: 12 KiB'
        }

        It 'shows corruptions as a table' {
            $text = (Test-QedImage (Get-Fixture 'damaged/l2-low-bits.qed')).Corruptions | Out-String -Width 120
            $text | Should -Match 'Kind +L1Index +L2Index +VirtualOffset +Value'
            $text | Should -Match 'ReservedBits +0 +1 +4096 +0x6002'
        }

        It 'can be converted to JSON, including corruptions' {
            $copy = Test-QedImage (Get-Fixture 'damaged/several.qed') | ConvertTo-Json -Depth 3 | ConvertFrom-Json
            $copy.CorruptionCount | Should -Be 6
            $copy.Corruptions | Should -HaveCount 6
            $copy.Corruptions[0].L1Index | Should -Be 2
        }
    }
}
