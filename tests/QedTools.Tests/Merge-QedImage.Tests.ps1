# Merge-QedImage: merges an overlay into its backing file.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $disks = @(
        @{ Name = 'over-raw'; File = 'base.raw'; Size = 32768; Merged = 8192; Zeroed = 4096; BaseSize = 32768
            Shown = '0+4K 0x21, 4K+4K 0x71, 12K+512 0x73, 12800+512 0x22, 13K+3K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = 'over-raw-probed'; File = 'base.raw'; Size = 32768; Merged = 8192; Zeroed = 4096; BaseSize = 32768
            Shown = '0+4K 0x21, 4K+4K 0x71, 12K+512 0x73, 12800+512 0x22, 13K+3K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = 'over-qed'; File = 'base.qed'; Size = 1048576; Merged = 8192; Zeroed = 4096; BaseSize = 1048576
            Shown = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32' }
        @{ Name = 'three-top'; File = 'three-middle.qed'; Size = 1048576; Merged = 8192; Zeroed = 0; BaseSize = 1048576
            Shown = '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43' }
        @{ Name = 'over-shorter'; File = 'short.raw'; Size = 65536; Merged = 8192; Zeroed = 0; BaseSize = 65536
            Shown = '0+10000 0x53, 11K+512 0x51, 32K+4K 0x52' }
        @{ Name = 'over-longer'; File = 'base.raw'; Size = 18432; Merged = 4096; Zeroed = 0; BaseSize = 32768
            Shown = '0+4K 0x70, 4K+4K 0x53, 8K+4K 0x72, 12K+4K 0x73, 16K+2K 0x74' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Merge-QedImage' {
    BeforeEach {
        $folder = New-Folder 'merge'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/three-middle.qed' -Folder $folder
        $base = Copy-Fixture 'chains/base.qed' -Folder $folder
        $path = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $reads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
        $raw = Copy-Fixture 'chains/over-raw.qed' -Folder $folder
    }

    Context 'accepts its parameters' {
        It 'as documented' {
            Get-OwnParameter Merge-QedImage Path | Should -Be 'AllowUnc', 'Force', 'Into', 'Keep', 'Path!@0 value property'
            Get-OwnParameter Merge-QedImage LiteralPath | Should -Be 'AllowUnc', 'Force', 'Into', 'Keep', 'LiteralPath! property'
        }

        It 'from the pipeline as strings and result objects' {
            ($path | Merge-QedImage -Force -Keep).Path | Should -BeExactly $path
            (Get-QedInfo $path | Merge-QedImage -Force -Keep).Path | Should -BeExactly $path
            (Merge-QedImage -Force -LiteralPath $path).Path | Should -BeExactly $path
            Merge-QedImage -Force $path, $raw | ForEach-Object { $_.Path } | Should -Be $path, $raw
        }

        It 'as files from Get-ChildItem' {
            Get-ChildItem -LiteralPath $folder -Filter 'over-*.qed' | Merge-QedImage -Force | ForEach-Object { $_.Path } | Should -Be $path, $raw
        }
    }

    Context 'into a file further down' {
        BeforeEach {
            $deep = New-Folder 'deep'
            $golden = [System.IO.Path]::Combine($deep, 'golden.qed')
            $middle = [System.IO.Path]::Combine($deep, 'middle.qed')
            $top = [System.IO.Path]::Combine($deep, 'top.qed')
            $null = New-QedImage $golden 1MB
            Set-DiskBytes $golden 0 (New-Bytes 128KB -Value 1)
            $null = New-QedImage $middle -BackingFile 'golden.qed'
            $null = New-QedImage $top -BackingFile 'middle.qed'
            Set-DiskBytes $top 64KB (New-Bytes 100 -Value 2)
            $before = @{ Middle = (Get-QedImageHash $middle).Hash; Top = (Get-QedImageHash $top).Hash }
        }

        It 'leaves the layers between as they read, and the overlay over the file' {
            $result = Invoke-InFolder $deep { Merge-QedImage $top -Into golden.qed }
            $result.BackingFilePath | Should -BeExactly $golden
            $result.BytesMerged | Should -Be 64KB
            $result.BytesPreserved | Should -Be 64KB
            (Get-QedImageHash $golden).Hash | Should -Be $before.Top
            (Get-QedImageHash $middle).Hash | Should -Be $before.Middle
            (Get-QedImageHash $top).Hash | Should -Be $before.Top
            (Get-QedInfo $top).BackingFile | Should -BeExactly 'golden.qed'
            (Get-QedOverlay $golden).Name | Should -Be 'middle.qed', 'top.qed'
        }

        It 'keeps the overlay and its backing file with -Keep' {
            $state = Get-Sha256 $top
            (Merge-QedImage $top -Into $golden -Keep).IsEmptied | Should -BeFalse
            Get-Sha256 $top | Should -Be $state
            (Get-QedImageHash $golden).Hash | Should -Be $before.Top
        }

        It 'says with -WhatIf what it would do, and does nothing' {
            $words = "Copy 64 KiB (65536 bytes) of data into the layer above '$golden', so that the layers between read as before. Merge 64 KiB (65536 bytes) of data from '$top' into '$golden'"
            Assert-WhatIf { Merge-QedImage $top -Into $golden -WhatIf } $deep "$words, set that as its backing file, and empty the overlay."
            Assert-WhatIf { Merge-QedImage $top -Into $golden -Keep -WhatIf } $deep "$words."
        }

        It 'refuses a file that is not below the overlay, and one with other overlays unless -Force is given' {
            Assert-OneError { Merge-QedImage $top -Into $top } 'QedRequest' 'InvalidArgument' $top '*is not below*'
            $null = New-QedImage ([System.IO.Path]::Combine($deep, 'other.qed')) -BackingFile 'golden.qed'
            Assert-OneError { Merge-QedImage $top -Into $golden } 'QedBackingFileShared' 'ResourceBusy' $top '*other.qed*'
            (Merge-QedImage $top -Into $golden -Force).IsEmptied | Should -BeTrue
        }
    }

    Context 'into a backing file with other overlays' {
        BeforeEach {
            $lone = New-Folder 'lone'
            $golden = [System.IO.Path]::Combine($lone, 'golden.qed')
            $first = [System.IO.Path]::Combine($lone, 'first.qed')
            $null = New-QedImage $golden 1MB
            $null = New-QedImage $first -BackingFile golden.qed
            Set-DiskBytes $first 4KB (New-Bytes 4KB -Value 0x31)
        }

        It 'is refused, with -WhatIf too, and the error names them' {
            $others = foreach ($i in 1..4) {
                $other = [System.IO.Path]::Combine($lone, "other-$i.qed")
                $null = New-QedImage $other -BackingFile golden.qed
                $other
            }
            $before = Get-FolderState $lone
            Assert-OneError { Merge-QedImage $first } 'QedBackingFileShared' 'ResourceBusy' $first "*$golden*$($others[0])*$($others[2])' and 1 more*PreserveContent*-Force*"
            Assert-OneError { Merge-QedImage $first -Keep -WhatIf } 'QedBackingFileShared' 'ResourceBusy' $first
            Get-FolderState $lone | Should -Be $before
            (Merge-QedImage $first -Force).IsEmptied | Should -BeTrue
        }

        It 'is refused if they are in the folder of the backing file, whatever name the overlay stores' {
            $inside = New-Folder 'lone/inside'
            $deep = [System.IO.Path]::Combine($inside, 'deep.qed')
            $null = New-QedImage $deep -BackingFile $golden
            Assert-OneError { Merge-QedImage $deep } 'QedBackingFileShared' 'ResourceBusy' $deep "*$first*"
        }

        It 'is done if the folder only has an overlay of the overlay, a damaged image and other files' {
            $null = New-QedImage ([System.IO.Path]::Combine($lone, 'upper.qed')) -BackingFile first.qed
            $null = Copy-Fixture 'headers/autoclear-unknown.qed', 'damaged/l1-huge.qed', 'chains/over-qed.qed', 'chains/base.raw' -Folder $lone
            (Merge-QedImage $first).IsEmptied | Should -BeTrue
            Assert-Disk $golden 1MB '4K+4K 0x31'
        }
    }

    Context 'into a QED image that was truncated without being marked dirty' {
        It 'is refused, as is opening it for writing' {
            $lone = New-Folder 'short'
            $golden = Copy-Fixture 'chains/base.qed' -Folder $lone
            $over = [System.IO.Path]::Combine($lone, 'over.qed')
            $null = New-QedImage $over -BackingFile base.qed
            Set-DiskBytes $over 512KB (New-Bytes 8KB -Value 0xE1)
            $file = [System.IO.File]::OpenWrite($golden)
            $file.SetLength($file.Length - 4096)
            $file.Dispose()
            (Get-QedInfo $golden).NeedsCheck | Should -BeFalse
            $before = Get-FolderState $lone
            Assert-OneError { Merge-QedImage $over } 'QedCorrupt' 'InvalidData' $over "*$golden*Repair-QedImage*"
            Assert-OneError { Merge-QedImage $over -WhatIf } 'QedCorrupt' 'InvalidData' $over
            Assert-OneError { Open-QedImage $golden -ReadWrite } 'QedCorrupt' 'InvalidData' $golden '*Repair-QedImage*'
            Get-FolderState $lone | Should -Be $before
        }
    }

    Context 'merges <Name>.qed into <File>' -ForEach $disks {
        BeforeEach {
            $overlay = Copy-Fixture "chains/$Name.qed" -Folder $folder
            $below = [System.IO.Path]::Combine($folder, $File)
        }

        It 'and gives both the contents of the overlay' {
            $old = Get-DiskBytes $below
            $result = Merge-QedImage -Force $overlay
            $result | Should -HaveCount 1
            $result.PSObject.TypeNames[0] | Should -Be 'QedTools.QedMergeResult'
            $result.Path | Should -BeExactly $overlay
            $result.BackingFilePath | Should -BeExactly $below
            $result.BytesMerged | Should -Be $Merged
            $result.BytesZeroed | Should -Be $Zeroed
            $result.IsEmptied | Should -BeTrue
            Assert-Disk $overlay $Size $Shown
            # Past the end of a shorter overlay, the backing file keeps its contents.
            $expected = New-DiskBytes $BaseSize $Shown
            if ($BaseSize -gt $Size) { [System.Buffer]::BlockCopy($old, $Size, $expected, $Size, $BaseSize - $Size) }
            $new = Get-DiskBytes $below
            $new.Length | Should -Be $BaseSize
            Test-SameBytes $new $expected | Should -BeTrue
            Assert-Clean $overlay -Qemu
            if ($File -like '*.qed') { Assert-Clean $below -Qemu }
        }

        It 'and leaves a valid, empty overlay' {
            $header = Get-RawHeader $overlay
            $null = Merge-QedImage -Force $overlay
            $check = Test-QedImage $overlay
            $check.AllocatedClusters | Should -Be 0
            $check.ZeroClusters | Should -Be 0
            $check.LeakedClusters | Should -Be 0
            [System.IO.FileInfo]::new($overlay).Length | Should -Be 12288
            $now = Get-RawHeader $overlay
            $now.backing_filename | Should -BeExactly $header.backing_filename
            $now.features | Should -Be $header.features
            $now.image_size | Should -Be $Size
            (Merge-QedImage -Force $overlay).BytesMerged | Should -Be 0
        }

        It 'and leaves the overlay unchanged with -Keep' {
            $before = Get-Sha256 $overlay
            $result = Merge-QedImage -Force $overlay -Keep
            $result.IsEmptied | Should -BeFalse
            $result.BytesMerged | Should -Be $Merged
            Get-Sha256 $overlay | Should -Be $before
            Assert-Disk $overlay $Size $Shown
            Test-SameBytes (Get-DiskBytes $below 0 $Size) (New-DiskBytes $Size $Shown) | Should -BeTrue
        }

        It 'as described by -WhatIf' {
            Assert-WhatIf { Merge-QedImage -Force $overlay -WhatIf } $folder "Merge * ($Merged bytes) of data*from '$overlay' into '$below', and empty the overlay."
            Assert-WhatIf { Merge-QedImage -Force $overlay -Keep -WhatIf } $folder "Merge * ($Merged bytes) of data*from '$overlay' into '$below'."
        }
    }

    Context 'merges' {
        It 'one layer only, and does not change the layers below the backing file' {
            $top = Copy-Fixture 'chains/three-top.qed' -Folder $folder
            $before = Get-Sha256 $base
            $null = Merge-QedImage -Force $top
            Get-Sha256 $base | Should -Be $before
            (Get-QedInfo ([System.IO.Path]::Combine($folder, 'three-middle.qed'))).BackingFile | Should -Be 'base.qed'
        }

        It 'layer by layer down to the base' {
            $top = Copy-Fixture 'chains/three-top.qed' -Folder $folder
            $middle = [System.IO.Path]::Combine($folder, 'three-middle.qed')
            $all = '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43'
            $top, $middle | Merge-QedImage -Force | ForEach-Object { $_.IsEmptied } | Should -Be $true, $true
            foreach ($layer in $top, $middle, $base) { Assert-Disk $layer 1MB $all }
            Assert-Clean $base -Qemu
        }

        It 'zero clusters as zeroes that the backing file need not store' {
            $null = Merge-QedImage -Force $path
            # The 4K of zeroes at 64K were data in the base, which has no backing file.
            (Get-QedAllocationMap $base | Where-Object { $_.Start -le 65536 -and $_.Start + $_.Length -gt 65536 }).State | Should -Not -Be 'Data'
        }

        It 'zero clusters into a backing file that has a backing file itself, without exposing that one' {
            $middle = [System.IO.Path]::Combine($folder, 'three-middle.qed')
            $over = [System.IO.Path]::Combine($folder, 'zeroes.qed')
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'zeroes.raw')) 1MB ''
            $null = Convert-QedImage $source $over -BackingFile three-middle.qed -ClusterSizeBytes 4KB
            $result = Merge-QedImage -Force $over
            $result.BytesMerged | Should -Be 0
            $result.BytesZeroed | Should -BeGreaterThan 0
            Assert-Disk $middle 1MB ''
            Assert-Disk $base 1MB '0+16K 0x11, 64K+16K 0x12'
        }

        It 'clusters of a different size' {
            $other = [System.IO.Path]::Combine($folder, 'other.qed')
            $null = New-QedImage $other -BackingFile base.qed -ClusterSizeBytes 64KB
            Set-DiskBytes $other 70000 (New-Bytes 1 -Value 0xE1)
            $null = Merge-QedImage -Force $other
            Assert-Disk $base 1MB '0+16K 0x11, 64K+16K 0x12, 70000+1 0xe1'
            Assert-Clean $base -Qemu
        }

        It 'a larger overlay, and grows the backing file with zeroes' {
            Resize-QedImage $path 3MB
            Set-DiskBytes $path (3MB - 512) (New-Bytes 512 -Value 0xE1)
            $null = Merge-QedImage -Force $path
            (Get-QedInfo $base).VirtualSize | Should -Be 3MB
            Assert-Disk $path 3MB "$reads, 3145216+512 0xe1"
            Assert-Disk $base 3MB "$reads, 3145216+512 0xe1"
            Assert-Clean $base -Qemu
        }

        It 'a larger overlay into a layer over a longer base, without exposing the base' {
            $middle = [System.IO.Path]::Combine($folder, 'three-middle.qed')
            Resize-QedImage $middle 10KB -Shrink
            $over = [System.IO.Path]::Combine($folder, 'over.qed')
            $null = New-QedImage $over 1MB -BackingFile three-middle.qed -ClusterSizeBytes 4KB
            Set-DiskBytes $over 512KB (New-Bytes 512 -Value 0xE1)
            $null = Merge-QedImage -Force $over
            $all = '0+8K 0x11, 8K+2K 0x41, 512K+512 0xe1'
            Assert-Disk $over 1MB $all
            Assert-Disk $middle 1MB $all
        }

        It 'an empty overlay' {
            $null = New-QedImage ([System.IO.Path]::Combine($folder, 'empty.qed')) -BackingFile base.qed
            $before = Get-Sha256 $base
            $result = Merge-QedImage -Force ([System.IO.Path]::Combine($folder, 'empty.qed'))
            $result.BytesMerged | Should -Be 0
            $result.BytesZeroed | Should -Be 0
            Get-Sha256 $base | Should -Be $before
        }

        It 'as raw into a raw file that looks like an image' {
            $null = Copy-Fixture 'chains/disguised.raw' -Folder $folder
            $over = Copy-Fixture 'chains/over-disguised.qed' -Folder $folder
            Set-DiskBytes $over 4096 (New-Bytes 4096 -Value 0xE1)
            $expected = Get-DiskBytes $over
            $null = Merge-QedImage -Force $over
            Test-SameBytes ([System.IO.File]::ReadAllBytes([System.IO.Path]::Combine($folder, 'disguised.raw'))) $expected | Should -BeTrue
        }

        It '<_>.qed, which was not closed cleanly, and leaves it clean' -ForEach 'dirty-clean', 'dirty-leaks' {
            $dirty = Copy-Fixture "damaged/$_.qed" -Folder $folder
            # Edits the header directly: sets bit 0x01 and stores the name after the header.
            $bytes = [System.IO.File]::ReadAllBytes($dirty)
            $bytes[16] = $bytes[16] -bor 1
            $bytes[56] = 64
            $bytes[60] = 8
            [System.Text.Encoding]::ASCII.GetBytes('base.qed').CopyTo($bytes, 64)
            [System.IO.File]::WriteAllBytes($dirty, $bytes)
            $all = Get-DiskBytes $dirty
            $null = Merge-QedImage -Force $dirty
            (Get-QedInfo $dirty).NeedsCheck | Should -BeFalse
            Test-SameBytes (Get-DiskBytes $dirty) $all | Should -BeTrue
            Test-SameBytes (Get-DiskBytes $base 0 $all.Length) $all | Should -BeTrue
            Assert-Clean $dirty
        }
    }

    Context 'with -Confirm and -Verbose' {
        It 'prompts with -Confirm' {
            Assert-Confirm { Merge-QedImage -Force $path -Confirm } $folder "*Merge 8 KiB (8192 bytes) of data and 4 KiB (4096 bytes) of zeroes from '$path' into '$base', and empty the overlay."
            Assert-Disk $base 1MB $reads
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            (Merge-QedImage -Force $path -Confirm:$false).IsEmptied | Should -BeTrue
        }

        It 'reports with -Verbose what it does' {
            $recorded = Invoke-Recorded { Merge-QedImage -Force $path -Verbose }
            @($recorded.Verbose -like "Merge 8 KiB (8192 bytes) of data and 4 KiB (4096 bytes) of zeroes from '$path' into '$base', and empty the overlay.") | Should -HaveCount 1
        }

        It 'writes a result that can be converted to JSON' {
            (Merge-QedImage -Force $path | ConvertTo-Json | ConvertFrom-Json).BytesMerged | Should -Be 8192
        }

        It 'writes a result that can be piped to other cmdlets' {
            "$((Merge-QedImage -Force $path | Test-QedImage).Status)" | Should -Be 'Clean'
        }
    }

    Context 'on errors' {
        It 'refuses an image without a backing file' {
            $before = Get-FolderState $folder
            Assert-OneError { Merge-QedImage -Force $base } 'QedRequest' 'InvalidArgument' $base '*backing file*overlay*'
            Assert-OneError { Merge-QedImage -Force $base -WhatIf } 'QedRequest' 'InvalidArgument' $base
            Get-FolderState $folder | Should -Be $before
        }

        It 'writes one error about <Name> and changes nothing: <Id>' -ForEach @(
            @{ Name = 'name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*is missing*' }
            @{ Name = 'name-nbd.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'cycle-self.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
            @{ Name = 'over-disguised-probed.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*secret.raw*' }
        ) {
            $null = Copy-Fixture 'chains/disguised.raw' -Folder $folder
            $bad = Copy-Fixture "chains/$Name" -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Merge-QedImage -Force $bad } $Id $Category $bad $Message
            Assert-OneError { Merge-QedImage -Force $bad -WhatIf } $Id $Category $bad $Message
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a backing file in a format that it cannot write' {
            $null = Copy-Fixture 'foreign/disk.luks' -Folder $folder -As 'base.qed'
            $before = Get-FolderState $folder
            Assert-OneError { Merge-QedImage -Force $path } 'QedUnsupportedFormat' 'NotImplemented' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses an overlay larger than the backing file can become, and names the limit' {
            $small = [System.IO.Path]::Combine($folder, 'small.qed')
            $null = New-QedImage $small 1MB -ClusterSizeBytes 4KB -TableSize 1
            $over = [System.IO.Path]::Combine($folder, 'over.qed')
            $null = New-QedImage $over 2GB -BackingFile small.qed
            $before = Get-FolderState $folder
            Assert-OneError { Merge-QedImage -Force $over } 'QedLimit' 'InvalidArgument' $over '*2147483648*1073741824*'
            Assert-OneError { Merge-QedImage -Force $over -WhatIf } 'QedLimit' 'InvalidArgument' $over
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a backing file that is dirty and corrupt, and changes nothing' {
            $null = Copy-Fixture 'damaged/dirty-corrupt.qed' -Folder $folder -As 'base.qed'
            $before = Get-FolderState $folder
            Assert-OneError { Merge-QedImage -Force $path } 'QedCorrupt' 'InvalidData' $path '*base.qed*Repair-QedImage*'
            Get-FolderState $folder | Should -Be $before
            Assert-OneError { Merge-QedImage -Force $path -WhatIf } 'QedCorrupt' 'InvalidData' $path '*base.qed*Repair-QedImage*'
        }

        It 'refuses an overlay that is dirty and corrupt, and changes nothing' {
            $bad = Copy-Fixture 'damaged/dirty-corrupt.qed' -Folder $folder
            $bytes = [System.IO.File]::ReadAllBytes($bad)
            $bytes[16] = $bytes[16] -bor 1
            $bytes[56] = 64
            $bytes[60] = 8
            [System.Text.Encoding]::ASCII.GetBytes('base.qed').CopyTo($bytes, 64)
            [System.IO.File]::WriteAllBytes($bad, $bytes)
            $before = Get-FolderState $folder
            Assert-OneError { Merge-QedImage -Force $bad } 'QedCorrupt' 'InvalidData' $bad '*Repair-QedImage*'
            Get-FolderState $folder | Should -Be $before
            Assert-OneError { Merge-QedImage -Force $bad -WhatIf } 'QedCorrupt' 'InvalidData' $bad '*Repair-QedImage*'
        }

        It 'refuses an overlay in use, or a backing file in use, and changes nothing' {
            foreach ($used in $path, $base) {
                $stream = Open-QedImage $used
                try {
                    $before = Get-FolderState $folder
                    Assert-OneError { Merge-QedImage -Force $path } 'QedImageInUse' 'ResourceBusy' $path "*$used*"
                    Assert-OneError { Merge-QedImage -Force $path -WhatIf } 'QedImageInUse' 'ResourceBusy' $path
                    Get-FolderState $folder | Should -Be $before
                }
                finally { $stream.Dispose() }
            }
        }

        It 'refuses a backing file that qemu-io has open' {
            Skip-TestWithout QemuLocks
            $process = Open-InQemu $base -ReadOnly
            try { Assert-OneError { Merge-QedImage -Force $path } 'QedImageInUse' 'ResourceBusy' $path }
            finally { Close-Qemu $process }
        }

        It 'refuses an overlay of a backing file that another open overlay is reading' {
            $other = [System.IO.Path]::Combine($folder, 'other.qed')
            $null = New-QedImage $other -BackingFile base.qed
            $stream = Open-QedImage $other
            try { Assert-OneError { Merge-QedImage -Force $path } 'QedImageInUse' 'ResourceBusy' $path }
            finally { $stream.Dispose() }
        }

        It 'continues with the next image after an error, and throws with -ErrorAction Stop' {
            $recorded = Invoke-Recorded { $base, $path | Merge-QedImage -Force }
            $recorded.Errors | ForEach-Object { $_.TargetObject } | Should -Be $base
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be $path
            { Merge-QedImage -Force $base -ErrorAction Stop } | Should -Throw -ErrorId 'QedRequest,QedTools.Commands.MergeQedImageCommand'
        }

        It 'keeps the overlay unchanged and the base clean if the overlay is damaged in the middle' {
            $bad = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            Set-QedBackingFile $bad base.qed
            $hash = Get-Sha256 $bad
            Assert-OneError { Merge-QedImage -Force $bad } 'QedCorrupt' 'InvalidData' $bad '*Repair-QedImage*'
            Get-Sha256 $bad | Should -Be $hash
            Assert-Clean $base
        }
    }

    Context 'compared with qemu-img' {
        It 'gives the same result for <Name>.qed as qemu-img commit' -ForEach $disks {
            Skip-TestWithout QemuImg
            $overlay = Copy-Fixture "chains/$Name.qed" -Folder $folder
            $theirs = New-Folder 'theirs'
            foreach ($file in [System.IO.Directory]::GetFiles($folder)) {
                [System.IO.File]::Copy($file, [System.IO.Path]::Combine($theirs, [System.IO.Path]::GetFileName($file)))
            }

            (Invoke-Native qemu-img commit -f qed ([System.IO.Path]::Combine($theirs, "$Name.qed"))).ExitCode | Should -Be 0
            $null = Merge-QedImage -Force $overlay
            $format = [System.IO.Path]::GetExtension($File).Substring(1)
            $compared = Invoke-Native qemu-img compare -f $format -F $format ([System.IO.Path]::Combine($folder, $File)) ([System.IO.Path]::Combine($theirs, $File))
            $compared.ExitCode | Should -Be 0 -Because "qemu-img wrote: $($compared.Output)"
            (Invoke-Native qemu-img compare -f qed -F qed $overlay ([System.IO.Path]::Combine($theirs, "$Name.qed"))).ExitCode | Should -Be 0
        }
    }
}
