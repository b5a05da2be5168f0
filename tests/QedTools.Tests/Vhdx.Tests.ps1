# Reading and writing VHDX files, the format of Hyper-V.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $files = @(
        @{ Name = 'dynamic.vhdx'; Size = 8MB; Reads = '0+64K 0x11, 2M+1M 0x12, 8388096+512 0x13' }
        @{ Name = 'fixed.vhdx'; Size = 3146240; Reads = '1M+64K 0x21, 3M+512 0x22' }
        @{ Name = 'log.vhdx'; Size = 8MB; Reads = '1M+64K 0x31, 5M+64K 0x32' }
        @{ Name = 'child.avhdx'; Size = 8MB; Reads = '0+32K 0x11, 32K+32K 0x41, 2M+1M 0x12, 2100736+512 0x43, 3M+1M 0x42, 8388096+512 0x13' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'VHDX files' {
    BeforeEach {
        $folder = New-Folder 'vhdx'
        $overlayReads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
        $null = Copy-Fixture 'chains/base.qed', 'chains/over-qed.qed', 'images/data-zero-hole.qed', 'images/size-unaligned.qed' -Folder $folder
        $overlay = [System.IO.Path]::Combine($folder, 'over-qed.qed')
        $result = [System.IO.Path]::Combine($folder, 'result.vhdx')
    }

    Context 'from QED images' {
        It 'are created for each image in a folder, overlays included, and qemu-img agrees' {
            $results = New-Folder 'vhdx/out'
            $sources = [System.IO.Directory]::GetFiles($folder, '*.qed')
            [System.Array]::Sort($sources, [System.StringComparer]::Ordinal)
            $found = $sources | Convert-QedImage -DestinationPath $results -Format Vhdx -Verify
            $found | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } | Should -Be 'base.vhdx', 'data-zero-hole.vhdx', 'over-qed.vhdx', 'size-unaligned.vhdx'
            $found | ForEach-Object { $_.Format } | Should -Be 'VHDX', 'VHDX', 'VHDX', 'VHDX'
            Assert-Disk $found[2].Path 1MB $overlayReads
            for ($i = 0; $i -lt $sources.Count; $i++) {
                (Compare-QedImage $found[$i].Path $sources[$i] -Strict).AreEqual | Should -BeTrue
                if (Test-QemuImg) { Assert-QemuAgrees $found[$i].Path vhdx $sources[$i] }
            }
        }

        It 'are created for all images from Get-ChildItem' {
            $results = New-Folder 'vhdx/out'
            $images = Get-ChildItem -Path ([System.IO.Path]::Combine($folder, '*.qed'))
            $found = $images | Convert-QedImage -DestinationPath $results -Format Vhdx -Verify
            $found | Should -HaveCount 4
            foreach ($image in $images) {
                $made = [System.IO.Path]::Combine($results, $image.BaseName + '.vhdx')
                (Compare-QedImage $made $image.FullName -Strict).AreEqual | Should -BeTrue
                if (Test-QemuImg) { Assert-QemuAgrees $made vhdx $image.FullName }
            }
        }

        It 'are created by the extension, and the result is described' {
            $info = Convert-QedImage $overlay $result
            $info.Path | Should -BeExactly $result
            $info.Format | Should -Be 'VHDX'
            $info.VirtualSize | Should -Be 1MB
            $info.ClusterSize | Should -Be 32MB
            $info.FileSize | Should -Be 36MB
            $info.BackingFile | Should -BeNullOrEmpty
            if (-not $IsOnWindows) { $info.DiskUsage | Should -BeLessOrEqual 512KB }
            Assert-Disk $result 1MB $overlayReads
        }

        It 'have blocks of <Block> bytes on request' -ForEach @{ Block = 1MB }, @{ Block = 8MB }, @{ Block = 256MB } {
            Skip-TestWithout QemuImg
            $info = Convert-QedImage $overlay $result -BlockSizeBytes $Block
            $info.ClusterSize | Should -Be $Block
            $info.FileSize | Should -Be (4MB + $Block)
            Assert-QemuAgrees $result vhdx $overlay
        }

        It 'are as large as the disk with -Fixed' {
            $source = [System.IO.Path]::Combine($folder, 'data-zero-hole.qed')
            $info = Convert-QedImage $source $result -Fixed -BlockSizeBytes 1MB -Verify
            $info.FileSize | Should -Be 10MB
            Assert-Disk $result 6MB '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'
            if (Test-QemuImg) { Assert-QemuAgrees $result vhdx $source }
        }

        It 'with 4096-byte sectors have a size in whole sectors' {
            $source = [System.IO.Path]::Combine($folder, 'size-unaligned.qed')
            $info = Convert-QedImage $source $result -LogicalSectorSizeBytes 4096 -Verify
            $info.VirtualSize | Should -Be 1052672
            Assert-Disk $result 1052672 '0+4K 0xa2, 1M+1536 0xa1'
        }

        It 'cause a warning if the sector size changes to or from 4096 bytes' {
            $back = [System.IO.Path]::Combine($folder, 'back.vhd')
            $over = [System.IO.Path]::Combine($folder, 'over.qed')
            foreach ($gained in @({ Convert-QedImage $overlay $result -LogicalSectorSizeBytes 4096 -WhatIf }, { Convert-QedImage $overlay $result -LogicalSectorSizeBytes 4096 })) {
                $recorded = Invoke-Recorded $gained
                $recorded.Warnings | Should -HaveCount 1
                $recorded.Warnings[0] | Should -BeLike '*512-byte sectors*sectors of 4096*Partition tables*'
            }

            foreach ($lost in @({ Convert-QedImage $result $back }, { New-QedImage $over -BackingFile $result }, { Convert-QedImage $result $back -Force -WhatIf })) {
                $recorded = Invoke-Recorded $lost
                $recorded.Warnings | Should -HaveCount 1
                $recorded.Warnings[0] | Should -BeLike '*4096-byte sectors*sectors of 512*Partition tables*'
            }

            (Invoke-Recorded { Convert-QedImage $result ([System.IO.Path]::Combine($folder, 'same.vhdx')) -LogicalSectorSizeBytes 4096 }).Warnings | Should -BeNullOrEmpty
            $kept = Invoke-Recorded { Convert-QedImage $result ([System.IO.Path]::Combine($folder, 'kept.vhdx')) }
            $kept.Warnings | Should -BeNullOrEmpty
            $kept.Output.FormatDetails.LogicalSectorSize | Should -Be 4096
        }

        It 'use no space for unallocated data' {
            Skip-TestWithout Unix
            $big = Copy-Fixture 'images/scattered-default.qed' -Folder $folder
            $info = Convert-QedImage $big $result
            $info.VirtualSize | Should -Be 3GB
            $info.DiskUsage | Should -BeLessOrEqual 1MB
        }

        It 'are refused with -<Name> <Value>' -ForEach @(
            @{ Name = 'BlockSizeBytes'; Value = 64KB; Id = 'QedLimit' }
            @{ Name = 'BlockSizeBytes'; Value = 3MB; Id = 'QedLimit' }
            @{ Name = 'BlockSizeBytes'; Value = 512MB; Id = 'QedLimit' }
            @{ Name = 'LogicalSectorSizeBytes'; Value = 1024; Id = 'QedLimit' }
            @{ Name = 'ClusterSizeBytes'; Value = 64KB; Id = 'QedRequest' }
            @{ Name = 'TableSize'; Value = 4; Id = 'QedRequest' }
        ) {
            $before = Get-FolderState $folder
            $more = @{ $Name = $Value }
            Assert-OneError { Convert-QedImage $overlay $result @more } $Id 'InvalidArgument' $overlay (Get-RequestPattern $Name $Value)
            Assert-OneError { Convert-QedImage $overlay $result @more -WhatIf } $Id 'InvalidArgument' $overlay
            Get-FolderState $folder | Should -Be $before
        }

        It 'over another VHDX file, as a differencing file that holds only what differs' {
            $base = Convert-QedImage ([System.IO.Path]::Combine($folder, 'base.qed')) ([System.IO.Path]::Combine($folder, 'base.vhdx'))
            $info = Convert-QedImage $overlay $result -BackingFile base.vhdx -Verify
            $info.BackingFile | Should -BeExactly ([System.IO.Path]::Combine('.', 'base.vhdx'))
            $info.BackingFilePath | Should -BeExactly $base.Path
            $info.ClusterSize | Should -Be 2MB
            Assert-Disk $result 1MB $overlayReads
        }

        It 'and VHD over VHD' {
            $base = Convert-QedImage ([System.IO.Path]::Combine($folder, 'base.qed')) ([System.IO.Path]::Combine($folder, 'base.vhd'))
            $info = Convert-QedImage $overlay ([System.IO.Path]::ChangeExtension($result, 'vhd')) -BackingFile $base.Path -Verify
            $info.BackingFile | Should -BeExactly ([System.IO.Path]::Combine('.', 'base.vhd'))
            $info.BackingFilePath | Should -BeExactly $base.Path
            Assert-Disk $info.Path 1MB $overlayReads
        }

        It 'not over a file of another format, a missing one, one of another size, or with what a differencing file does not have' {
            $null = Convert-QedImage ([System.IO.Path]::Combine($folder, 'base.qed')) ([System.IO.Path]::Combine($folder, 'base.vhdx'))
            $other = [System.IO.Path]::Combine($folder, 'data-zero-hole.qed')
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $overlay $result -BackingFile base.qed } 'QedRequest' 'InvalidArgument' $overlay 'The backing file ''base.qed''*must be a VHDX file*'
            Assert-OneError { Convert-QedImage $overlay $result -BackingFile missing.qed } 'QedBackingFileNotFound' 'ObjectNotFound' $overlay '*missing.qed*'
            Assert-OneError { Convert-QedImage $other $result -BackingFile base.vhdx -WhatIf } 'QedLimit' 'InvalidArgument' $other '*6291456 bytes over ''base.vhdx''*1048576*'
            Assert-OneError { Convert-QedImage $overlay $result -BackingFile base.vhdx -Fixed } 'QedRequest' 'InvalidArgument' $overlay '*fixed*differencing VHDX*'
            Assert-OneError { Convert-QedImage $overlay $result -BackingFile base.vhdx -BackingFormat Raw } 'QedRequest' 'InvalidArgument' $overlay '*recorded as Raw*differencing VHDX*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'are needed for -<Name>: a QED result refuses it' -ForEach @(
            @{ Name = 'BlockSizeBytes'; Value = 1MB }, @{ Name = 'LogicalSectorSizeBytes'; Value = 512 }, @{ Name = 'Fixed'; Value = $true }
        ) {
            $more = @{ $Name = $Value }
            Assert-OneError { Convert-QedImage $overlay ([System.IO.Path]::Combine($folder, 'result.qed')) @more } 'QedRequest' 'InvalidArgument' $overlay (Get-RequestPattern $Name $Value)
        }

        It 'cannot be created from an empty disk' {
            $empty = Copy-Fixture 'images/size-zero.qed' -Folder $folder
            Assert-OneError { Convert-QedImage $empty $result } 'QedLimit' 'InvalidArgument' $empty '*source is empty*'
        }

        It 'accept the names of Hyper-V properties as parameter aliases' {
            (Convert-QedImage $overlay $result -BlockSize 1MB -LogicalSectorSize 4096).ClusterSize | Should -Be 1MB
        }
    }

    Context 'from other programs' {
        BeforeEach { $null = Expand-Fixture 'vhdx/dynamic.vhdx.gz' -Folder $folder }

        It 'are read: <Name>' -ForEach $files {
            $file = Expand-Fixture "vhdx/$Name.gz" -Folder $folder
            $before = Get-Sha256 $file
            Assert-Disk $file $Size $Reads
            foreach ($target in 'result.qed', 'result.raw', 'result.vhdx') {
                $made = [System.IO.Path]::Combine($folder, $target)
                (Convert-QedImage $file $made -Verify).VirtualSize | Should -Be $Size
                Assert-Disk $made $Size $Reads
                (Compare-QedImage $made $file -Strict).AreEqual | Should -BeTrue
            }

            Get-Sha256 $file | Should -Be $before
        }

        It 'are recognized by their contents if the name does not tell' {
            $copy = [System.IO.Path]::Combine($folder, 'disk.bin')
            [System.IO.File]::Copy([System.IO.Path]::Combine($folder, 'dynamic.vhdx'), $copy)
            (Compare-QedImage $copy ([System.IO.Path]::Combine($folder, 'dynamic.vhdx'))).AreEqual | Should -BeTrue
        }

        It 'are converted to QED in a folder' {
            $results = New-Folder 'vhdx/out'
            (Convert-QedImage ([System.IO.Path]::Combine($folder, '*.vhdx')) $results).Path | Should -Be ([System.IO.Path]::Combine($results, 'dynamic.qed'))
        }

        It 'can be backing files of QED overlays' {
            $top = [System.IO.Path]::Combine($folder, 'top.qed')
            $info = New-QedImage $top -BackingFile dynamic.vhdx
            $info.VirtualSize | Should -Be 8MB
            "$($info.BackingFormat)" | Should -Be 'Probe'
            Set-DiskBytes $top 2100000 (New-Bytes 1000 -Value 0x77)
            Assert-Disk $top 8MB '0+64K 0x11, 2M+1M 0x12, 2100000+1000 0x77, 8388096+512 0x13'

            $chain = Get-QedInfo $top -BackingChain
            $chain | ForEach-Object { $_.Format } | Should -Be 'QED', 'VHDX'
            $chain[1].ClusterSize | Should -Be 1MB
            $chain[1].Depth | Should -Be 1
            $data = Get-QedAllocationMap $top -BackingChain -State Data
            $data | ForEach-Object { $_.Depth } | Should -Be 1, 0, 1, 1
            $data[0].Path | Should -Be ([System.IO.Path]::Combine($folder, 'dynamic.vhdx'))

            $flat = [System.IO.Path]::Combine($folder, 'flat.vhdx')
            $null = Convert-QedImage $top $flat -Verify
            Assert-Disk $flat 8MB '0+64K 0x11, 2M+1M 0x12, 2100000+1000 0x77, 8388096+512 0x13'
        }

        It 'are not written to' {
            $file = [System.IO.Path]::Combine($folder, 'dynamic.vhdx')
            $top = [System.IO.Path]::Combine($folder, 'top.qed')
            $null = New-QedImage $top -BackingFile dynamic.vhdx
            $before = Get-FolderState $folder
            Assert-OneError { Open-QedImage $file -ReadWrite } 'QedUnsupportedFormat' 'NotImplemented' $file '*does not change*'
            Assert-OneError { Merge-QedImage $top -Confirm:$false } 'QedUnsupportedFormat' 'NotImplemented' $top '*dynamic.vhdx*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'whose parent has changed or is missing are refused' {
            $child = Expand-Fixture 'vhdx/child.avhdx.gz' -Folder $folder
            $parent = [System.IO.Path]::Combine($folder, 'dynamic.vhdx')
            $null = Convert-QedImage $parent $result
            [System.IO.File]::Delete($parent)
            Assert-OneError { Compare-QedImage $child $result } 'QedBackingFileNotFound' 'ObjectNotFound' $child '*dynamic.vhdx*'
            [System.IO.File]::Move($result, $parent)
            Assert-OneError { Compare-QedImage $child $parent } 'QedBackingFileRefused' 'SecurityError' $child '*no longer*52525252*'
        }

        It 'that are damaged are refused with the field, its value and the allowed values' {
            $file = [System.IO.Path]::Combine($folder, 'dynamic.vhdx')
            $stream = [System.IO.File]::OpenWrite($file)
            $stream.SetLength(4MB)
            $stream.Dispose()
            Assert-OneError { Convert-QedImage $file $result } 'QedDamagedFile' 'InvalidData' $file "*$file*the BAT entry of block 0 is 0x*must be one whose 1048576 bytes are inside the file's 4194304*"
            [System.IO.File]::WriteAllBytes($file, [byte[]](1..100))
            Assert-OneError { Convert-QedImage $file $result } 'QedNotAnImage' 'InvalidData' $file '*extension of VHDX disks*no known format*'
            [System.IO.File]::Exists($result) | Should -BeFalse
        }
    }
}
