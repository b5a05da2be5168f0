# Reading and writing VHD, qcow2, VDI and VMDK files. VHDX has a separate test file.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $formats = @(
        @{ Format = 'Vhd'; Shown = 'VHD'; Extension = '.vhd'; Qemu = 'vpc'; More = @{} }
        @{ Format = 'Vhd'; Shown = 'VHD'; Extension = '.vhd'; Qemu = 'vpc'; More = @{ BlockSizeBytes = 512KB } }
        @{ Format = 'Vhd'; Shown = 'VHD'; Extension = '.vhd'; Qemu = 'vpc'; More = @{ Fixed = $true } }
        @{ Format = 'Qcow2'; Shown = 'qcow2'; Extension = '.qcow2'; Qemu = 'qcow2'; More = @{} }
        @{ Format = 'Qcow2'; Shown = 'qcow2'; Extension = '.qcow2'; Qemu = 'qcow2'; More = @{ ClusterSizeBytes = 512 } }
        @{ Format = 'Qcow2'; Shown = 'qcow2'; Extension = '.qcow2'; Qemu = 'qcow2'; More = @{ ClusterSizeBytes = 2MB } }
        @{ Format = 'Vdi'; Shown = 'VDI'; Extension = '.vdi'; Qemu = 'vdi'; More = @{} }
        @{ Format = 'Vdi'; Shown = 'VDI'; Extension = '.vdi'; Qemu = 'vdi'; More = @{ Fixed = $true } }
        @{ Format = 'Vmdk'; Shown = 'VMDK'; Extension = '.vmdk'; Qemu = 'vmdk'; More = @{} }
        @{ Format = 'Qcow2'; Shown = 'qcow2'; Extension = '.qcow2'; Qemu = 'qcow2'; More = @{ Compress = $true } }
        @{ Format = 'Qcow2'; Shown = 'qcow2'; Extension = '.qcow2'; Qemu = 'qcow2'; More = @{ Compress = $true; CompressionType = 'Zstd' } }
        @{ Format = 'Vmdk'; Shown = 'VMDK'; Extension = '.vmdk'; Qemu = 'vmdk'; More = @{ Compress = $true } }
    )
    foreach ($case in $formats) { $case.Choice = "$($case.More.Keys | ForEach-Object { " -$_ $($case.More[$_])" })" }
    $plain = @($formats | Where-Object { $_.More.Count -eq 0 })
    $checked = @($plain | Where-Object { $_.Qemu -in 'qcow2', 'vdi' })
    $qcow2 = @(
        @{ Name = 'v2.qcow2'; Size = 1MB; Reads = '0+64K 0x11, 200K+8K 0x12, 1048064+512 0x13' }
        @{ Name = 'v3.qcow2'; Size = 1MB; Reads = '0+8K 0x21, 12K+4K 0x21, 20K+12K 0x21, 600064+512 0x22' }
        @{ Name = 'compressed.qcow2'; Size = 1MB; Reads = '0+64K 0x31, 128K+64K 0x32, 192K+4K 0x33' }
        @{ Name = 'compressed-v2.qcow2'; Size = 66048; Reads = '0+66048 0x34' }
        @{ Name = 'over.qcow2'; Size = 1MB; Reads = '0+4K 0x21, 4K+4K 0x41, 12K+4K 0x21, 24K+8K 0x21, 900096+512 0x42' }
        @{ Name = 'snapshot.qcow2'; Size = 1MB; Reads = '0+64K 0x51, 64K+4K 0x52, 68K+60K 0x51' }
        @{ Name = 'subclusters.qcow2'; Size = 1MB; Reads = '0+64K 0x91, 8K+4K 0x00, 202K+2K 0x92, 256K+64K 0x93, 1022K+2K 0x94' }
        @{ Name = 'clusters-512.qcow2'; Size = 1049088; Reads = '0+512 0x61, 33280+1K 0x62, 1M+512 0x63' }
        @{ Name = 'clusters-2m.qcow2'; Size = 8MB; Reads = '1M+4K 0x71, 6M+512 0x72' }
        @{ Name = 'dirty.qcow2'; Size = 1MB; Reads = '0+4K 0x81' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # Changes one byte of a file.
    function Set-FileByte {
        param([string] $Path, [long] $Offset, [byte] $Value)

        $stream = [System.IO.File]::OpenWrite($Path)
        $null = $stream.Seek($Offset, 'Begin')
        $stream.WriteByte($Value)
        $stream.Dispose()
    }
}

Describe 'Files of other formats' {
    BeforeEach {
        $folder = New-Folder 'formats'
        $overlayReads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
        $null = Copy-Fixture 'chains/base.qed', 'chains/over-qed.qed', 'images/data-zero-hole.qed', 'images/size-unaligned.qed' -Folder $folder
        $overlay = [System.IO.Path]::Combine($folder, 'over-qed.qed')
        $unaligned = [System.IO.Path]::Combine($folder, 'size-unaligned.qed')
    }

    Context 'written and read' {
        It 'convert to <Shown><Choice> by the extension, and back' -ForEach $formats {
            $result = [System.IO.Path]::Combine($folder, "result$Extension")
            foreach ($case in @{ Source = $overlay; Size = 1MB; Reads = $overlayReads }, @{ Source = $unaligned; Size = 1050112; Reads = '0+4K 0xa2, 1M+1536 0xa1' }) {
                $info = Convert-QedImage $case.Source $result @More -Force -Verify
                $info.Path | Should -BeExactly $result
                $info.Format | Should -Be $Shown
                $info.VirtualSize | Should -Be $case.Size
                $info.BackingFile | Should -BeNullOrEmpty
                Assert-Disk $result $case.Size $case.Reads
                (Compare-QedImage $result $case.Source -Strict).AreEqual | Should -BeTrue
                if (Test-QemuImg) { Assert-QemuAgrees $result $Qemu $case.Source }
                foreach ($target in 'back.qed', 'back.raw', 'back.vhdx', 'back.qcow2') {
                    $back = [System.IO.Path]::Combine($folder, $target)
                    (Convert-QedImage $result $back -Force -Verify).VirtualSize | Should -Be $case.Size
                    Assert-Disk $back $case.Size $case.Reads
                }
            }
        }

        It 'convert to <Shown> with -Format, one for each file of a folder' -ForEach $plain {
            $results = New-Folder 'formats/out'
            $sources = [System.IO.Directory]::GetFiles($folder, '*.qed')
            $found = $sources | Convert-QedImage -DestinationPath $results -Format $Format -Verify
            $found | Should -HaveCount 4
            foreach ($one in $found) {
                [System.IO.Path]::GetExtension($one.Path) | Should -BeExactly $Extension
                $one.Format | Should -Be $Shown
                $source = [System.IO.Path]::Combine($folder, [System.IO.Path]::ChangeExtension([System.IO.Path]::GetFileName($one.Path), '.qed'))
                (Compare-QedImage $one.Path $source -Strict).AreEqual | Should -BeTrue
            }
        }

        It 'convert to <Shown> without errors in qemu-img check' -ForEach $checked {
            Skip-TestWithout QemuImg
            $result = [System.IO.Path]::Combine($folder, "result$Extension")
            $null = Convert-QedImage $overlay $result
            $check = Invoke-Native qemu-img check -f $Qemu $result
            "$($check.Output)" | Should -Match 'No errors were found'
            $check.ExitCode | Should -Be 0
        }

        It 'in <Shown> are recognized by their contents if the name does not tell' -ForEach $plain {
            $result = [System.IO.Path]::Combine($folder, "result$Extension")
            $null = Convert-QedImage $overlay $result
            $copy = [System.IO.Path]::Combine($folder, 'disk.bin')
            [System.IO.File]::Copy($result, $copy)
            (Compare-QedImage $copy $overlay -Strict).AreEqual | Should -BeTrue
        }

        It 'in <Shown> can be the backing file of a QED overlay' -ForEach $plain {
            $base = [System.IO.Path]::Combine($folder, "below$Extension")
            $null = Convert-QedImage $overlay $base
            $top = [System.IO.Path]::Combine($folder, 'top.qed')
            $info = New-QedImage $top -BackingFile "below$Extension"
            $info.VirtualSize | Should -Be 1MB
            "$($info.BackingFormat)" | Should -Be 'Probe'
            Set-DiskBytes $top 100000 (New-Bytes 1000 -Value 0x77)
            Assert-Disk $top 1MB "$overlayReads, 100000+1000 0x77"
            $chain = Get-QedInfo $top -BackingChain
            $chain | ForEach-Object { $_.Format } | Should -Be 'QED', $Shown
            $chain[1].Depth | Should -Be 1

            $before = Get-FolderState $folder
            Assert-OneError { Open-QedImage $base -ReadWrite } 'QedUnsupportedFormat' 'NotImplemented' $base '*does not change*'
            Assert-OneError { Merge-QedImage $top -Confirm:$false } 'QedUnsupportedFormat' 'NotImplemented' $top "*below$Extension*"
            Get-FolderState $folder | Should -Be $before
        }

        It 'convert to <Shown> completely or not at all' -ForEach $plain {
            $bad = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $bad ([System.IO.Path]::Combine($folder, "result$Extension")) } 'QedCorrupt' 'InvalidData' $bad
            Get-FolderState $folder | Should -Be $before
        }

        It 'convert to <Shown> without using space for unallocated data' -ForEach $plain {
            Skip-TestWithout Unix
            $big = Copy-Fixture 'images/scattered-default.qed' -Folder $folder
            $info = Convert-QedImage $big ([System.IO.Path]::Combine($folder, "result$Extension"))
            $info.VirtualSize | Should -Be 3GB
            $info.DiskUsage | Should -BeLessOrEqual 2MB
        }

        It 'do not convert to <Shown> with -<Name> <Value>' -ForEach @(
            @{ Shown = 'VHD'; Extension = '.vhd'; Name = 'BlockSizeBytes'; Value = 1MB; Id = 'QedLimit' }
            @{ Shown = 'VHD'; Extension = '.vhd'; Name = 'ClusterSizeBytes'; Value = 64KB; Id = 'QedRequest' }
            @{ Shown = 'qcow2'; Extension = '.qcow2'; Name = 'ClusterSizeBytes'; Value = 256; Id = 'QedLimit' }
            @{ Shown = 'qcow2'; Extension = '.qcow2'; Name = 'ClusterSizeBytes'; Value = 4MB; Id = 'QedLimit' }
            @{ Shown = 'qcow2'; Extension = '.qcow2'; Name = 'BlockSizeBytes'; Value = 1MB; Id = 'QedRequest' }
            @{ Shown = 'qcow2'; Extension = '.qcow2'; Name = 'TableSize'; Value = 4; Id = 'QedRequest' }
            @{ Shown = 'qcow2'; Extension = '.qcow2'; Name = 'Fixed'; Value = $true; Id = 'QedRequest' }
            @{ Shown = 'VDI'; Extension = '.vdi'; Name = 'BlockSizeBytes'; Value = 1MB; Id = 'QedRequest' }
            @{ Shown = 'VDI'; Extension = '.vdi'; Name = 'Compress'; Value = $true; Id = 'QedRequest' }
            @{ Shown = 'raw'; Extension = '.raw'; Name = 'Compress'; Value = $true; Id = 'QedRequest' }
            @{ Shown = 'QED'; Extension = '.qed'; Name = 'Compress'; Value = $true; Id = 'QedRequest' }
            @{ Shown = 'VMDK'; Extension = '.vmdk'; Name = 'BlockSizeBytes'; Value = 1MB; Id = 'QedRequest' }
            @{ Shown = 'VMDK'; Extension = '.vmdk'; Name = 'BackingFile'; Value = 'base.qed'; Id = 'QedRequest' }
        ) {
            $before = Get-FolderState $folder
            $more = @{ $Name = $Value }
            $result = [System.IO.Path]::Combine($folder, "result$Extension")
            Assert-OneError { Convert-QedImage $overlay $result @more } $Id 'InvalidArgument' $overlay (Get-RequestPattern $Name $Value)
            Assert-OneError { Convert-QedImage $overlay $result @more -WhatIf } $Id 'InvalidArgument' $overlay
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'in the qcow2 format' {
        BeforeEach { $null = Expand-Fixture 'qcow2/v3.qcow2.gz' -Folder $folder }

        It 'are read: <Name>' -ForEach $qcow2 {
            $file = Expand-Fixture "qcow2/$Name.gz" -Folder $folder
            $before = Get-Sha256 $file
            Assert-Disk $file $Size $Reads
            foreach ($target in 'result.qed', 'result.raw', 'result.qcow2') {
                $made = [System.IO.Path]::Combine($folder, $target)
                (Convert-QedImage $file $made -Verify).VirtualSize | Should -Be $Size
                Assert-Disk $made $Size $Reads
            }

            Get-Sha256 $file | Should -Be $before
        }

        It 'are created over a <_> backing file and state its format' -ForEach 'qed', 'raw', 'qcow2', 'vhdx', 'vhd', 'vdi', 'vmdk' {
            Skip-TestWithout QemuImg
            $base = [System.IO.Path]::Combine($folder, "below.$_")
            $null = Convert-QedImage ([System.IO.Path]::Combine($folder, 'base.qed')) $base
            $result = [System.IO.Path]::Combine($folder, 'result.qcow2')
            $info = Convert-QedImage $overlay $result -BackingFile "below.$_" -ClusterSizeBytes 4KB -Verify
            $info.Format | Should -Be 'qcow2'
            $info.BackingFile | Should -BeExactly "below.$_"
            $info.BackingFilePath | Should -Be $base
            $info.FileSize | Should -BeLessThan 64KB
            Assert-Disk $result 1MB $overlayReads
            $told = "$((Invoke-Native qemu-img info -f qcow2 $result).Output)"
            $told | Should -Match "backing file format: $(if ($_ -eq 'vhd') { 'vpc' } else { $_ })"
            $check = Invoke-Native qemu-img check -f qcow2 $result
            "$($check.Output)" | Should -Match 'No errors were found'
        }

        It 'of version 1 are a different format, which is not supported' {
            $file = [System.IO.Path]::Combine($folder, 'v3.qcow2')
            Set-FileByte $file 7 1
            Assert-OneError { Convert-QedImage $file ([System.IO.Path]::Combine($folder, 'result.qed')) } 'QedUnsupportedFormat' 'NotImplemented' $file '*is a qcow file*'
        }

        It 'with <Feature> are refused, and the error names the feature' -ForEach @(
            @{ Feature = 'encryption (AES)'; Offset = 35; Value = 1 }, @{ Feature = 'encryption (LUKS)'; Offset = 35; Value = 2 }
            @{ Feature = 'an external data file that it does not name'; Offset = 79; Value = 4 }
        ) {
            $file = [System.IO.Path]::Combine($folder, 'v3.qcow2')
            Set-FileByte $file $Offset $Value
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $file ([System.IO.Path]::Combine($folder, 'result.qed')) } 'QedUnsupportedFormat' 'NotImplemented' $file "*$Feature*"
            Get-FolderState $folder | Should -Be $before
        }

        It 'are read from a snapshot, by its name or its id' {
            $file = Expand-Fixture 'qcow2/snapshot.qcow2.gz' -Folder $folder
            $made = [System.IO.Path]::Combine($folder, 'result.qed')
            $before = Get-Sha256 $file
            foreach ($name in 'before', '1') {
                $recorded = Invoke-Recorded { Convert-QedImage $file $made -Snapshot $name -Verify -Force -Verbose }
                $recorded.Errors | Should -BeNullOrEmpty
                "$($recorded.Verbose)" | Should -BeLike "*${file}: read as it was in the snapshot 'before' (id 1) of *"
                Assert-Disk $made 1MB '0+128K 0x51'
            }

            (Compare-QedImage $file $made -Snapshot before -Strict).AreEqual | Should -BeTrue
            (Compare-QedImage $made $file -ReferenceSnapshot 1 -Strict).AreEqual | Should -BeTrue
            (Compare-QedImage $file $file -Snapshot before).FirstDifference | Should -Be 64KB
            $stream = Open-QedImage $file -Snapshot before
            try { Test-SameBytes (Read-Stream $stream) (New-DiskBytes 1MB '0+128K 0x51') | Should -BeTrue }
            finally { $stream.Dispose() }
            Get-Sha256 $file | Should -Be $before
        }

        It 'without the requested snapshot are an error that lists the existing ones' {
            $file = Expand-Fixture 'qcow2/snapshot.qcow2.gz' -Folder $folder
            $result = [System.IO.Path]::Combine($folder, 'result.raw')
            $before = Get-FolderState $folder
            foreach ($one in { Convert-QedImage $file $result -Snapshot Before }, { Convert-QedImage $file $result -Snapshot Before -WhatIf }, { Open-QedImage $file -Snapshot Before }) {
                Assert-OneError $one 'QedSnapshotNotFound' 'ObjectNotFound' $file "*no snapshot 'Before'. It has 'before' (id 1)."
            }

            Assert-OneError { Convert-QedImage $overlay $result -Snapshot before } 'QedSnapshotNotFound' 'ObjectNotFound' $overlay '*QED file*'
            Assert-OneError { Open-QedImage $file -Snapshot before -ReadWrite } 'QedUnsupportedFormat' 'NotImplemented' $file '*does not change*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'with an external data file are read, and refused if it is missing or too short' {
            Skip-TestWithout QemuImg
            $file, $data = 'external.qcow2', 'external.data' | ForEach-Object { [System.IO.Path]::Combine($folder, $_) }
            $null = Invoke-Native qemu-img create -q -f qcow2 -o "data_file=$data" $file 1M
            $null = Invoke-Native qemu-img convert -n -f qed -O qcow2 $overlay $file
            $before = Get-FolderState $folder
            (Compare-QedImage $file $overlay -Strict).AreEqual | Should -BeTrue
            Get-FolderState $folder | Should -Be $before
            $stream = [System.IO.File]::OpenWrite($data)
            $stream.SetLength(512KB)
            $stream.Dispose()
            Assert-OneError { Compare-QedImage $file $overlay } 'QedDamagedFile' 'InvalidData' $file "*$data*"
            [System.IO.File]::Delete($data)
            Assert-OneError { Compare-QedImage $file $overlay } 'QedBackingFileNotFound' 'ObjectNotFound' $file "*$data*"
        }

        It 'that are damaged are refused with the field, its value and the allowed values' {
            $file = [System.IO.Path]::Combine($folder, 'v3.qcow2')
            Set-FileByte $file 23 30
            Assert-OneError { Convert-QedImage $file ([System.IO.Path]::Combine($folder, 'result.qed')) } 'QedDamagedFile' 'InvalidData' $file '*cluster_bits is 30, but must be 9 to 21*'
        }
    }

    Context 'specified with -SourceFormat and -ReferenceFormat' {
        BeforeEach {
            $cloud = [System.IO.Path]::Combine($folder, 'cloud.img')
            $data = [System.IO.Path]::Combine($folder, 'data.qcow2')
            $null = Convert-QedImage $overlay $cloud -Format Qcow2 -WarningAction Ignore
            $null = Convert-QedImage $overlay $data -Format Raw -WarningAction Ignore
            $result = [System.IO.Path]::Combine($folder, 'result.qed')
        }

        It 'are read in that format, without a warning' {
            foreach ($one in @(
                    { Convert-QedImage $cloud $result -SourceFormat Qcow2 -Force }, { Convert-QedImage $data $result -SourceFormat Raw -Force }
                )) {
                $recorded = Invoke-Recorded $one
                $recorded.Errors | Should -BeNullOrEmpty
                $recorded.Warnings | Should -BeNullOrEmpty
                Assert-Disk $result 1MB $overlayReads
            }

            $recorded = Invoke-Recorded { Compare-QedImage $cloud $data -SourceFormat Qcow2 -ReferenceFormat Raw -Strict }
            $recorded.Warnings | Should -BeNullOrEmpty
            $recorded.Output[0].AreEqual | Should -BeTrue
            $recorded = Invoke-Recorded { Convert-QedImage $cloud $result -SourceFormat Qcow2 -Force -Verbose }
            $recorded.Verbose | Should -Contain "${cloud}: read as qcow2, as requested."
        }

        It 'cause a warning that names the parameter if the format is not specified' {
            $recorded = Invoke-Recorded { Convert-QedImage $cloud $result -Force }
            $recorded.Warnings | Should -HaveCount 1
            $recorded.Warnings[0] | Should -BeLike "*$cloud*begins like a qcow2 file*-SourceFormat Qcow2*-SourceFormat Raw*"
            $recorded = Invoke-Recorded { Compare-QedImage $overlay $cloud }
            $recorded.Warnings | Should -HaveCount 1
            $recorded.Warnings[0] | Should -BeLike "*$cloud*-ReferenceFormat Qcow2*"
        }

        It 'are an error that names the parameter if the format is not specified' {
            $recorded = Invoke-Recorded { Convert-QedImage $data $result }
            $recorded.Errors | Should -HaveCount 1
            "$($recorded.Errors[0])" | Should -BeLike "*$data*no known format*-SourceFormat Raw*"
            $recorded = Invoke-Recorded { Compare-QedImage $overlay $data }
            "$($recorded.Errors[0])" | Should -BeLike '*-ReferenceFormat Raw*'
        }

        It 'are an error if they are not <Named> files' -ForEach @(
            @{ Named = 'Qed'; Shown = 'QED' }, @{ Named = 'Vhdx'; Shown = 'VHDX' }, @{ Named = 'Vhd'; Shown = 'VHD' }
            @{ Named = 'Vdi'; Shown = 'VDI' }, @{ Named = 'Vmdk'; Shown = 'VMDK' }
        ) {
            Assert-OneError { Convert-QedImage $cloud $result -SourceFormat $Named } 'QedNotAnImage' 'InvalidData' $cloud "*not a $Shown file*it is a qcow2 file*"
            Assert-OneError { Convert-QedImage $data $result -SourceFormat $Named } 'QedNotAnImage' 'InvalidData' $data "*not a $Shown file*no known format*"
            Assert-OneError { Open-QedImage $data -SourceFormat $Named -ReadWrite } 'QedNotAnImage' 'InvalidData' $data
            Assert-OneError { Compare-QedImage $overlay $cloud -ReferenceFormat $Named } 'QedNotAnImage' 'InvalidData' $overlay "*$cloud*not a $Shown file*"
        }
    }

    Context 'that are read-only' {
        It 'include VMDK disks from qemu-img (<_>)' -ForEach 'streamOptimized', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat' {
            Skip-TestWithout QemuImg
            $raw = Convert-QedImage $overlay ([System.IO.Path]::Combine($folder, 'overlay.raw'))
            $made = New-Folder 'formats/made'
            $file = [System.IO.Path]::Combine($made, 'disk.vmdk')
            $null = Invoke-Native qemu-img convert -f raw -O vmdk -o "subformat=$_" $raw.Path $file
            $before = Get-FolderState $made
            $result = [System.IO.Path]::Combine($folder, 'result.qed')
            (Convert-QedImage $file $result -Verify).VirtualSize | Should -Be 1MB
            Assert-Disk $result 1MB $overlayReads
            (Compare-QedImage $file $overlay -Strict).AreEqual | Should -BeTrue
            Get-FolderState $made | Should -Be $before
        }

        It 'include differencing VDI disks, whose parent is found by its identifier' {
            $base = [System.IO.Path]::Combine($folder, 'base.vdi')
            $null = Convert-QedImage $overlay $base
            $bytes = [System.IO.File]::ReadAllBytes($base)
            $id = [guid]::new([byte[]]$bytes[0x188..0x197])
            # A file of type 4 with a new identifier, the parent's identifier, and no blocks.
            $bytes[0x4C] = 4
            [System.Array]::Copy($bytes, 0x188, $bytes, 0x1A8, 16)
            $bytes[0x188] = $bytes[0x188] -bxor 1
            0..3 | ForEach-Object { $bytes[0x200 + $_] = 255 }
            $top = [System.IO.Path]::Combine($folder, 'top.vdi')
            [System.IO.File]::WriteAllBytes($top, $bytes)
            $result = [System.IO.Path]::Combine($folder, 'result.qed')
            $null = Convert-QedImage $top $result -Verify
            Assert-Disk $result 1MB $overlayReads

            [System.IO.File]::Delete($base)
            Assert-OneError { Convert-QedImage $top $result -Force } 'QedBackingFileNotFound' 'ObjectNotFound' $top "*$folder*$id*"
        }
    }

    Context 'in an unknown format' {
        BeforeEach {
            $unknown = [System.IO.Path]::Combine($folder, 'disk.bin')
            $null = Convert-QedImage $overlay ([System.IO.Path]::Combine($folder, 'disk.raw'))
            [System.IO.File]::Copy([System.IO.Path]::Combine($folder, 'disk.raw'), $unknown)
            $top = [System.IO.Path]::Combine($folder, 'top.qed')
        }

        It 'cause one warning in each cmdlet that reads them or uses them as a backing file' {
            $result = [System.IO.Path]::Combine($folder, 'result.qed')
            $null = New-QedImage $top 1MB
            foreach ($one in @(
                    { New-QedImage $top -BackingFile disk.bin -Force }, { New-QedImage $top -BackingFile disk.bin -Force -WhatIf }
                    { Set-QedBackingFile $top disk.bin }, { Set-QedBackingFile $top disk.bin -WhatIf }
                    { Convert-QedImage $unknown $result -Force }, { Convert-QedImage $overlay $result -BackingFile disk.bin -Force }
                    { Compare-QedImage $unknown $overlay }, { $overlay, $overlay | Compare-QedImage -ReferencePath $unknown }
                )) {
                $recorded = Invoke-Recorded $one
                $recorded.Errors | Should -BeNullOrEmpty
                $recorded.Warnings | Should -HaveCount 1
                $recorded.Warnings[0] | Should -BeLike "*$unknown*raw*no known format*"
            }
        }

        It 'cause a warning when opened as the backing file of an image that does not state their format' {
            $null = New-QedImage $top -BackingFile disk.bin -BackingFormat Probe -WarningAction Ignore
            $recorded = Invoke-Recorded { Open-QedImage $top }
            $recorded.Output[0].Dispose()
            $recorded.Warnings | Should -HaveCount 1
            $recorded.Warnings[0] | Should -BeLike "*$unknown*raw*no known format*"
        }

        It 'with the extension of a format are an error that names the format' {
            $named = [System.IO.Path]::Combine($folder, 'disk.vdi')
            [System.IO.File]::Copy($unknown, $named)
            Assert-OneError { Convert-QedImage $named ([System.IO.Path]::Combine($folder, 'result.qed')) } 'QedNotAnImage' 'InvalidData' $named '*extension of VDI disks*no known format*'
        }
    }
}
