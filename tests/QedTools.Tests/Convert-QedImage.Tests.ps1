# Convert-QedImage: from QED to raw and back, and to other QED images.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $odd = "$([char]0xDC)berlagerung $([char]0x91CD)$([char]0x306D).qed"
    $disks = @(
        @{ Name = 'images/data-zero-hole.qed'; Size = 6291456; Reads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13' }
        @{ Name = 'images/allocated-zeroes.qed'; Size = 1048576; Reads = '20479+1 0x41, 32K+4K 0x42' }
        @{ Name = 'images/backwards.qed'; Size = 1048576; Reads = '0+4K 0x30, 4K+4K 0x31, 8K+4K 0x32, 12K+4K 0x33, 16K+4K 0x34, 20K+4K 0x35' }
        @{ Name = 'images/table-1.qed'; Size = 3145728; Reads = '0+4K 0x71, 4K+4K 0x72, 2044K+4K 0x73, 2M+4K 0x74' }
        @{ Name = 'images/size-unaligned.qed'; Size = 1050112; Reads = '0+4K 0xa2, 1M+1536 0xa1' }
        @{ Name = 'images/size-zero.qed'; Size = 0; Reads = '' }
        @{ Name = 'chains/over-raw.qed'; Size = 32768; Reads = '0+4K 0x21, 4K+4K 0x71, 12K+512 0x73, 12800+512 0x22, 13K+3K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = 'chains/over-qed.qed'; Size = 1048576; Reads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32' }
        @{ Name = 'chains/three-top.qed'; Size = 1048576; Reads = '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43' }
        @{ Name = 'chains/over-shorter.qed'; Size = 65536; Reads = '0+10000 0x53, 11K+512 0x51, 32K+4K 0x52' }
        @{ Name = 'chains/over-longer.qed'; Size = 18432; Reads = '0+4K 0x70, 4K+4K 0x53, 8K+4K 0x72, 12K+4K 0x73, 16K+2K 0x74' }
        @{ Name = "chains/$odd"; Size = 32768; Reads = '0+4K 0x70, 4K+4K 0x61, 8K+4K 0x72, 12K+4K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Convert-QedImage' {
    BeforeEach {
        $folder = New-Folder 'convert'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/base.qed', 'chains/three-middle.qed', "chains/Basis mit Gr$([char]0xF6)$([char]0xDF)e $([char]0x57FA)$([char]0x5E95).raw" -Folder $folder
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $pathReads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $overlayReads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
        $raw = [System.IO.Path]::Combine($folder, 'result.raw')
        $qed = [System.IO.Path]::Combine($folder, 'result.qed')
    }

    Context 'accepts its parameters' {
        It 'as documented' {
            $more = 'AdapterType', 'AllowUnc', 'BackingFile', 'BackingFolder', 'BackingFormat', 'BlockSizeBytes', 'Chain', 'ClusterSizeBytes', 'Compress', 'CompressionType', 'DestinationPath!@1 property', 'Fixed', 'Force', 'ForceShare', 'Format', 'FullyAllocated', 'IntoExisting'
            $rest = 'LogicalSectorSizeBytes', 'NoFlush', 'Partition property'
            $last = 'RoundUpToBytes', 'Salvage', 'ScanZeroes', 'SizeBytes', 'Snapshot', 'SourceBackingFile', 'SourceFormat', 'TableSize', 'TargetIsZero', 'Verify'
            Get-OwnParameter Convert-QedImage Path | Should -Be ($more + $rest + 'Path!@0 value property' + $last)
            Get-OwnParameter Convert-QedImage LiteralPath | Should -Be ($more + 'LiteralPath! property' + $rest + $last)
        }

        It 'by position, and from the pipeline as a string or a result object' {
            (Convert-QedImage $path $raw).Path | Should -BeExactly $raw
            ($path | Convert-QedImage -DestinationPath $raw -Force).Path | Should -BeExactly $raw
            (Get-QedInfo $path | Convert-QedImage -DestinationPath $raw -Force).Path | Should -BeExactly $raw
            (Test-QedImage $path | Convert-QedImage -DestinationPath $raw -Force).Path | Should -BeExactly $raw
            (Convert-QedImage -LiteralPath $path $raw -Force).Path | Should -BeExactly $raw
            Assert-Disk $raw 6291456 $pathReads
        }

        It 'as files from Get-ChildItem' {
            $results = New-Folder 'convert/results'
            Get-ChildItem -LiteralPath $folder -Filter '*.raw' | Convert-QedImage -DestinationPath $results | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } |
                Should -Be 'base.qed', "Basis mit Gr$([char]0xF6)$([char]0xDF)e $([char]0x57FA)$([char]0x5E95).qed", 'short.qed'
        }

        It 'relative to the current location' {
            Invoke-InFolder $folder { (Convert-QedImage 'data-zero-hole.qed' 'here.raw').Path } | Should -BeExactly ([System.IO.Path]::Combine($folder, 'here.raw'))
        }

        It 'on a PowerShell drive' {
            (Convert-QedImage 'TestDrive:/convert/data-zero-hole.qed' 'TestDrive:/convert/result.raw').Path | Should -BeExactly $raw
        }

        It 'and never expands wildcards in the destination' {
            $odd = [System.IO.Path]::Combine($folder, 'result[1].raw')
            (Convert-QedImage $path $odd).Path | Should -BeExactly $odd
            Assert-Disk $odd 6291456 $pathReads
        }
    }

    Context 'into a missing folder' {
        BeforeEach {
            $out = [System.IO.Path]::Combine($folder, 'out')
            $second = Copy-Fixture 'images/size-unaligned.qed' -Folder $folder
        }

        It 'creates it for several sources <From>' -ForEach @(
            @{ From = 'from a pipeline'; Convert = { $path, $second | Convert-QedImage -DestinationPath $out -Format Vhdx } }
            @{ From = 'in a list'; Convert = { Convert-QedImage $path, $second $out -Format Vhdx } }
            @{ From = 'that match a pattern'; Convert = { Convert-QedImage ([System.IO.Path]::Combine($folder, 's?ze-?na*.qed')), $path $out -Format Vhdx } }
        ) {
            (& $Convert | ForEach-Object { $_.Format }) | Should -Be 'VHDX', 'VHDX'
            foreach ($source in $path, $second) {
                $made = [System.IO.Path]::Combine($out, [System.IO.Path]::GetFileNameWithoutExtension($source) + '.vhdx')
                (Compare-QedImage $source $made).AreEqual | Should -BeTrue
            }
        }

        It 'creates it for a single source too if the name ends with a separator' {
            (Convert-QedImage $path "$out/").Path | Should -BeExactly ([System.IO.Path]::Combine($out, 'data-zero-hole.raw'))
        }

        It 'uses the name as a file name for a single source' {
            (Convert-QedImage $path $out -Format Raw).Path | Should -BeExactly $out
            [System.IO.File]::Exists($out) | Should -BeTrue
        }

        It 'does not create it with -WhatIf' {
            $path, $second | Convert-QedImage -DestinationPath $out -Format Vhdx -WhatIf | Should -BeNullOrEmpty
            [System.IO.Directory]::Exists($out) | Should -BeFalse
        }

        It 'does not create it if the source cannot be converted' {
            $damaged = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            Assert-OneError { $damaged | Convert-QedImage -DestinationPath $out } 'QedCorrupt' 'InvalidData' $damaged '*L2*'
            [System.IO.Directory]::Exists($out) | Should -BeFalse
        }

        It 'creates only one level' {
            Assert-OneError { $path | Convert-QedImage -DestinationPath "$out/more" -Format Vhdx } 'QedFileNotFound' 'ObjectNotFound' $path "*$out*"
            [System.IO.Directory]::Exists($out) | Should -BeFalse
        }

        It 'refuses a file in place of the folder' {
            Assert-OneError { Convert-QedImage $path "$second/" } 'QedFileExists' 'ResourceExists' $path '*Name a folder*'
        }
    }

    Context 'from QED to raw' {
        It 'writes the contents of <Name>, with its backing files flattened' -ForEach $disks {
            $source = Copy-Fixture $Name -Folder $folder
            $before = Get-Sha256 $source
            $info = Convert-QedImage $source $raw
            $info | Should -HaveCount 1
            $info.VirtualSize | Should -Be $Size
            Assert-Disk $raw $Size $Reads
            Get-Sha256 $source | Should -Be $before
        }

        It 'describes the result' {
            $info = Convert-QedImage $path $raw
            $info.PSObject.TypeNames[0] | Should -Be 'QedTools.QedImageInfo'
            $info.Path | Should -BeExactly $raw
            $info.Format | Should -Be 'Raw'
            $info.FileSize | Should -Be 6291456
            $info.ClusterSize | Should -BeNullOrEmpty
            $info.InUse | Should -BeFalse
            $info.Depth | Should -Be 0
        }

        It 'does not store zeroes or holes, even if the image stores zeroes' {
            Skip-TestWithout Unix
            (Convert-QedImage $path $raw).DiskUsage | Should -BeLessOrEqual 32KB
            $zeroes = Copy-Fixture 'images/allocated-zeroes.qed' -Folder $folder
            (Convert-QedImage $zeroes $raw -Force).DiskUsage | Should -BeLessOrEqual 16KB
        }

        It 'converts a disk of 3 GiB with 256 KiB of data quickly' {
            Skip-TestWithout Unix
            $big = Copy-Fixture 'images/scattered-default.qed' -Folder $folder
            $info = Convert-QedImage $big $raw
            $info.VirtualSize | Should -Be 3GB
            $info.DiskUsage | Should -BeLessOrEqual 512KB
            Test-AllBytes (Get-DiskBytes $raw 1GB 65536) 0x63 | Should -BeTrue
            Test-AllBytes (Get-DiskBytes $raw (1GB + 65536) 65536) 0 | Should -BeTrue
            Test-AllBytes (Get-DiskBytes $raw 2560MB 65536) 0x64 | Should -BeTrue
        }

        It 'warns of damage that reading does not run into, and says what to do: <_>.qed' -ForEach 'double-one-table', 'data-at-earlier-l2', 'table-shared', 'past-size-l2' {
            $source = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $count = (Test-QedImage $source).CorruptionCount
            $entries = if ($count -eq 1) { 'one of its table entries is' } else { "$count of its table entries are" }
            $expected = "The image '$source' is damaged: $entries wrong, so the result can hold wrong data. Test-QedImage lists all damage; Repair-QedImage repairs it."
            (Invoke-Recorded { Convert-QedImage $source $raw -WhatIf }).Warnings | Should -Be $expected
            (Invoke-Recorded { Convert-QedImage $source $raw }).Warnings | Should -Be $expected
            $null = New-QedImage ([System.IO.Path]::Combine($folder, 'over.qed')) -BackingFile $source
            (Invoke-Recorded { Convert-QedImage ([System.IO.Path]::Combine($folder, 'over.qed')) $raw -Force }).Warnings | Should -Be $expected
            $chain = Invoke-Recorded { Convert-QedImage ([System.IO.Path]::Combine($folder, 'over.qed')) -Chain ([System.IO.Path]::Combine($folder, 'chain/')) -Format Qcow2 }
            $chain.Warnings | Should -Be $expected
        }

        It 'reads <_>.qed, which was not closed cleanly or has leaks, and does not change it' -ForEach 'dirty-clean', 'dirty-leaks', 'leak-in-middle' {
            $source = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $before = Get-Sha256 $source
            (Invoke-Recorded { Convert-QedImage $source $raw }).Warnings | Should -BeNullOrEmpty
            Get-Sha256 $source | Should -Be $before
            Test-SameBytes (Get-DiskBytes $source) (Get-DiskBytes $raw) | Should -BeTrue
        }
    }

    Context 'from raw to QED' {
        It 'stores only data that is not zero' {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 3MB '0+64K 0xe1, 1M+1 0xe2, 3071K+1K 0xe3'
            $info = Convert-QedImage $source $qed
            Assert-Disk $qed 3MB '0+64K 0xe1, 1M+1 0xe2, 3071K+1K 0xe3'
            $info.Path | Should -BeExactly $qed
            $info.Format | Should -Be 'QED'
            $info.ClusterSize | Should -Be 65536
            $info.TableSize | Should -Be 4
            $info.NeedsCheck | Should -BeFalse
            $info.InUse | Should -BeFalse
            $info.BackingFile | Should -BeNullOrEmpty
            $check = Test-QedImage $qed
            $check.AllocatedClusters | Should -Be 3
            $check.ZeroClusters | Should -Be 0
            Assert-Clean $qed -Qemu
        }

        It 'leaves out zeroes stored in the file' {
            $source = [System.IO.Path]::Combine($folder, 'source.raw')
            [System.IO.File]::WriteAllBytes($source, (New-DiskBytes 2MB '64K+64K 0xe1, 1M+64K 0xe2'))
            $null = Convert-QedImage $source $qed
            (Test-QedImage $qed).AllocatedClusters | Should -Be 2
            Assert-Disk $qed 2MB '64K+64K 0xe1, 1M+64K 0xe2'
        }

        It 'pads <Size> bytes with zeroes to <Virtual>' -ForEach @(
            @{ Size = 1; Virtual = 512 }
            @{ Size = 511; Virtual = 512 }
            @{ Size = 512; Virtual = 512 }
            @{ Size = 10000; Virtual = 10240 }
            @{ Size = 65537; Virtual = 66048 }
        ) {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.img')) $Size "0+$Size 0xe1"
            $info = Convert-QedImage $source $qed -Verify
            $info.VirtualSize | Should -Be $Virtual
            Assert-Disk $qed $Virtual "0+$Size 0xe1"
            Assert-Clean $qed -Qemu
            [System.IO.FileInfo]::new($source).Length | Should -Be $Size
        }

        It 'treats an empty file as an empty disk' {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 0
            (Convert-QedImage $source $qed -Verify).VirtualSize | Should -Be 0
            Assert-Clean $qed -Qemu
            (Compare-QedImage $source $qed -Strict).AreEqual | Should -BeTrue
        }

        It 'reports that the source is empty if the format does not support empty disks: <_>' -ForEach 'vmdk', 'vhdx' {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 0
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $source ([System.IO.Path]::Combine($folder, "result.$_")) } 'QedLimit' 'InvalidArgument' $source '*source is empty*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'uses clusters of <Cluster> bytes in tables of <Table>' -ForEach @(
            @{ Cluster = 4KB; Table = 1 }, @{ Cluster = 4KB; Table = 16 }, @{ Cluster = 1MB; Table = 2 }
        ) {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 5MB '0+100 0xe1, 3M+100K 0xe2'
            $info = Convert-QedImage $source $qed -ClusterSizeBytes $Cluster -TableSize $Table
            $info.ClusterSize | Should -Be $Cluster
            $info.TableSize | Should -Be $Table
            Assert-Disk $qed 5MB '0+100 0xe1, 3M+100K 0xe2'
            Assert-Clean $qed -Qemu:($Table -gt 1)
        }

        It 'treats a file with any name and no known magic number as raw' {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.bin')) 1MB '0+4K 0xe1'
            $null = Convert-QedImage $source $qed
            Assert-Disk $qed 1MB '0+4K 0xe1'
        }

        It 'treats a .raw file as raw even if it looks like an image' {
            $disguised = Copy-Fixture 'chains/disguised.raw' -Folder $folder
            $null = Convert-QedImage $disguised $qed
            Test-SameBytes (Get-DiskBytes $qed) ([System.IO.File]::ReadAllBytes($disguised)) | Should -BeTrue
        }

        It 'gives the same bytes after conversion back, equally sparse' {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 64MB '1M+100K 0xe1, 33M+1 0xe2'
            $null = Convert-QedImage $source $qed
            $info = Convert-QedImage $qed $raw
            Get-Sha256 $raw | Should -Be (Get-Sha256 $source)
            if (-not $IsOnWindows) { $info.DiskUsage | Should -BeLessThan 256KB }
        }
    }

    Context 'from QED to QED' {
        It 'flattens the backing files' {
            $top = Copy-Fixture 'chains/three-top.qed' -Folder $folder
            $info = Convert-QedImage $top $qed
            $info.BackingFile | Should -BeNullOrEmpty
            [System.IO.File]::Delete([System.IO.Path]::Combine($folder, 'base.qed'))
            Assert-Disk $qed 1MB '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43'
            Assert-Clean $qed -Qemu
        }

        It 'defragments' {
            $source = Copy-Fixture 'images/backwards.qed' -Folder $folder
            (Test-QedImage $source).FragmentedClusters | Should -Be 5
            $null = Convert-QedImage $source $qed -ClusterSizeBytes 4KB -TableSize 2
            $check = Test-QedImage $qed
            # The L2 table may be between the first cluster and the others.
            $check.FragmentedClusters | Should -BeLessOrEqual 1
            $check.AllocatedClusters | Should -Be 6
            $offsets = @(Get-QedAllocationMap $qed -State Data | ForEach-Object { $_.FileOffset })
            $ascending = @($offsets)
            [System.Array]::Sort($ascending)
            $offsets | Should -Be $ascending
            Assert-Disk $qed 1MB '0+4K 0x30, 4K+4K 0x31, 8K+4K 0x32, 12K+4K 0x33, 16K+4K 0x34, 20K+4K 0x35'
        }

        It 'drops space that the old image wastes' {
            $source = Copy-Fixture 'images/allocated-zeroes.qed' -Folder $folder
            $null = Convert-QedImage $source $qed -ClusterSizeBytes 4KB
            $check = Test-QedImage $qed
            $check.AllocatedClusters | Should -Be 2
            $check.ZeroClusters | Should -Be 0
        }

        It 'changes the geometry, but refuses one that is too small for the disk' {
            (Convert-QedImage $path $qed -ClusterSizeBytes 64KB -TableSize 16).TableSize | Should -Be 16
            Assert-Disk $qed 6291456 $pathReads
            $big = Copy-Fixture 'images/scattered-default.qed' -Folder $folder
            [System.IO.File]::Delete($qed)
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $big $qed -ClusterSizeBytes 4KB -TableSize 1 } 'QedLimit' 'InvalidArgument' $big '*3221225472*1073741824*'
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'to a larger disk' {
        It 'with -SizeBytes, and with -RoundUpToBytes' {
            (Convert-QedImage $path $raw -SizeBytes 8MB -Verify).VirtualSize | Should -Be 8MB
            Assert-Disk $raw 8MB $pathReads
            (Convert-QedImage $path $raw -Size 7000000 -RoundUpToBytes 1MB -Force).VirtualSize | Should -Be 7MB
            Assert-Disk $raw 7MB $pathReads
        }

        It 'but not to a smaller one' {
            Assert-OneError { Convert-QedImage $path $raw -SizeBytes 1MB } 'QedLimit' 'InvalidArgument' $path '*the source ''*data-zero-hole.qed'' has*cannot make a disk smaller*'
            Assert-OneError { Convert-QedImage $path $raw -RoundUpToBytes 1000 -WhatIf } 'QedLimit' 'InvalidArgument' $path '*a multiple of 512*'
            [System.IO.File]::Exists($raw) | Should -BeFalse
        }

        It 'and says how, if a parent needs that' {
            $null = Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'parent.vhdx'))
            $result = [System.IO.Path]::Combine($folder, 'child.vhdx')
            $failure = $null
            $null = Convert-QedImage $overlay $result -BackingFile parent.vhdx -ErrorAction SilentlyContinue -ErrorVariable failure
            "$($failure[0].ErrorDetails)" | Should -BeLike '*Use -SizeBytes*'
            $null = Convert-QedImage $overlay $result -BackingFile parent.vhdx -SizeBytes 6MB -Verify
            Assert-Disk $result 6MB $overlayReads
        }
    }

    Context 'with -AdapterType' {
        It 'names the controller in a VMDK file, and is refused elsewhere' {
            $null = Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'result.vmdk')) -AdapterType LsiLogic
            [System.Text.Encoding]::ASCII.GetString([System.IO.File]::ReadAllBytes([System.IO.Path]::Combine($folder, 'result.vmdk')), 0, 2048) | Should -BeLike '*ddb.adapterType = "lsilogic"*'
            Assert-OneError { Convert-QedImage $path $raw -AdapterType Ide } 'QedRequest' 'InvalidArgument' $path '*adapter type Ide*'
        }
    }

    Context 'to a fixed VMDK disk' {
        It 'makes a descriptor and a data file, and replaces both with -Force' {
            $result = [System.IO.Path]::Combine($folder, 'result.vmdk')
            (Convert-QedImage $path $result -Fixed -Verify).Path | Should -BeExactly $result
            Assert-Disk $result 6MB $pathReads
            [System.IO.FileInfo]::new([System.IO.Path]::Combine($folder, 'result-flat.vmdk')).Length | Should -Be 6MB
            if (Test-QemuImg) { Assert-QemuAgrees $result vmdk $path }
            $null = Convert-QedImage $overlay $result -Fixed -Force
            Assert-Disk $result 1MB $overlayReads
            $files = @([System.IO.Directory]::GetFiles($folder, 'result*') | ForEach-Object { [System.IO.Path]::GetFileName($_) })
            [System.Array]::Sort($files, [System.StringComparer]::Ordinal)
            $files | Should -Be 'result-1-flat.vmdk', 'result.vmdk'
        }

        It 'refuses a data file that exists, with -WhatIf too' {
            $data = [System.IO.Path]::Combine($folder, 'result-flat.vmdk')
            [System.IO.File]::WriteAllText($data, 'x')
            Assert-OneError { Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'result.vmdk')) -Fixed } 'QedFileExists' 'ResourceExists' $path '*result-flat.vmdk*'
            Assert-OneError { Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'result.vmdk')) -Fixed -WhatIf } 'QedFileExists' 'ResourceExists' $path
        }
    }

    Context 'with -FullyAllocated' {
        It 'allocates all the space of a raw result' {
            Skip-TestWithout FileSpace
            $info = Convert-QedImage $path $raw -FullyAllocated -Verify
            $info.DiskUsage | Should -BeGreaterOrEqual $info.FileSize
            Assert-Disk $raw 6MB $pathReads
        }

        It 'is refused for a file that grows' {
            Assert-OneError { Convert-QedImage $path $qed -FullyAllocated } 'QedRequest' 'InvalidArgument' $path '*only raw files and files of fixed size*'
            Assert-OneError { Convert-QedImage $path $qed -FullyAllocated -WhatIf } 'QedRequest' 'InvalidArgument' $path
        }
    }

    Context 'with -BackingFile' {
        It 'creates an overlay that contains only the differences' {
            $source = New-RawFile ([System.IO.Path]::Combine($folder, 'source.raw')) 1MB '0+16K 0x11, 64K+8K 0x12, 76K+4K 0x12, 512K+4K 0xe1'
            $info = Convert-QedImage $source $qed -BackingFile base.qed -ClusterSizeBytes 4KB
            $info.BackingFile | Should -BeExactly 'base.qed'
            "$($info.BackingFormat)" | Should -Be 'Probe'
            $info.BackingFilePath | Should -Be ([System.IO.Path]::Combine($folder, 'base.qed'))
            Get-QedAllocationMap $qed -State Data, Zero | ForEach-Object { "$($_.Start)+$($_.Length) $($_.State)" } | Should -Be '73728+4096 Zero', '524288+4096 Data'
            Assert-Disk $qed 1MB '0+16K 0x11, 64K+8K 0x12, 76K+4K 0x12, 512K+4K 0xe1'
            Assert-Clean $qed -Qemu
        }

        It 'creates an empty overlay if the backing file has the same contents' {
            $source = [System.IO.Path]::Combine($folder, 'base.qed')
            $null = Convert-QedImage $source $qed -BackingFile base.qed
            (Test-QedImage $qed).AllocatedClusters | Should -Be 0
            (Test-QedImage $qed).ZeroClusters | Should -Be 0
        }

        It 'moves an overlay to another base, with the alias -ParentPath' {
            $info = Convert-QedImage $overlay $qed -ParentPath base.raw
            "$($info.BackingFormat)" | Should -Be 'Raw'
            Assert-Disk $qed 1MB $overlayReads
            Assert-Clean $qed
        }

        It 'keeps the contents over a base that is <How>' -ForEach @(
            @{ How = 'shorter, and ends inside a sector'; Backing = 'short.raw' }, @{ How = 'shorter'; Backing = 'base.raw' }
        ) {
            $null = Convert-QedImage $path $qed -BackingFile $Backing -ClusterSizeBytes 4KB -Verify
            Assert-Disk $qed 6291456 $pathReads
        }

        It 'keeps the contents and the size over a longer base' {
            $short = Copy-Fixture 'chains/over-longer.qed' -Folder $folder
            $info = Convert-QedImage $short $qed -BackingFile base.qed
            $info.VirtualSize | Should -Be 18432
            Assert-Disk $qed 18432 '0+4K 0x70, 4K+4K 0x53, 8K+4K 0x72, 12K+4K 0x73, 16K+2K 0x74'
        }

        It 'records the -BackingFormat' {
            "$((Convert-QedImage $path $qed -BackingFile base.qed -BackingFormat Raw).BackingFormat)" | Should -Be 'Raw'
            Assert-Disk $qed 6291456 $pathReads
        }

        It 'resolves the name from the folder of the result' {
            $other = New-Folder 'convert/other'
            $result = [System.IO.Path]::Combine($other, 'result.qed')
            Assert-OneError { Convert-QedImage $path $result -BackingFile base.raw } 'QedBackingFileNotFound' 'ObjectNotFound' $path '*base.raw*'
            $info = Convert-QedImage $path $result -BackingFile '../base.raw'
            $info.BackingFile | Should -BeExactly '../base.raw'
            Assert-Disk $result 6291456 $pathReads
        }

        It 'refuses <Name>: <Id>, and leaves no file behind' -ForEach @(
            @{ Name = 'missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound' }
            @{ Name = 'nbd:localhost:10809'; Id = 'QedBackingFileRefused'; Category = 'SecurityError' }
            @{ Name = 'disk.luks'; Id = 'QedUnsupportedFormat'; Category = 'NotImplemented' }
            @{ Name = 'broken.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData' }
        ) {
            $null = Copy-Fixture 'foreign/disk.luks' -Folder $folder
            $null = Copy-Fixture 'headers/table-size-3.qed' -Folder $folder -As 'broken.qed'
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $path $qed -BackingFile $Name } $Id $Category $path
            Assert-OneError { Convert-QedImage $path $qed -BackingFile $Name -WhatIf } $Id $Category $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a result that is its own backing file' {
            $before = Get-FolderState $folder
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            Assert-OneError { Convert-QedImage $path $base -BackingFile base.qed -Force } 'QedBackingChain' 'InvalidData' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a raw result with a backing file' {
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $path $raw -BackingFile base.qed } 'QedRequest' 'InvalidArgument' $path 'The backing file*raw*'
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'determines the format' {
        It 'of <Name> by its extension: <Format>' -ForEach @(
            @{ Name = 'a.qed'; Format = 'QED' }, @{ Name = 'a.QED'; Format = 'QED' }, @{ Name = 'a.raw'; Format = 'Raw' }
            @{ Name = 'a.img'; Format = 'Raw' }, @{ Name = 'a.IMG'; Format = 'Raw' }, @{ Name = 'a.qed.raw'; Format = 'Raw' }
        ) {
            (Convert-QedImage $path ([System.IO.Path]::Combine($folder, $Name))).Format | Should -Be $Format
        }

        It 'by -Format, regardless of the extension' {
            (Convert-QedImage $path $raw -Format Qed).Format | Should -Be 'QED'
            (Convert-QedImage $path $qed -Format Raw).Format | Should -Be 'Raw'
            [System.IO.FileInfo]::new($qed).Length | Should -Be 6291456
            (Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'no-extension')) -Format Raw).Format | Should -Be 'Raw'
        }

        It 'and refuses <_>, which has no known extension, and advises -Format' -ForEach 'result', 'result.xyz', 'result.' {
            $before = Get-FolderState $folder
            $result = [System.IO.Path]::Combine($folder, $_)
            Assert-OneError { Convert-QedImage $path $result } 'QedRequest' 'InvalidArgument' $path '*.qed*.raw*.img*-Format*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'of the source by its contents if the extension is unknown' {
            $copy = [System.IO.Path]::Combine($folder, 'source.disk')
            [System.IO.File]::Copy($path, $copy)
            $null = Convert-QedImage $copy $raw
            Assert-Disk $raw 6291456 $pathReads
        }

        It 'and refuses the source <_>, whose format is not supported' -ForEach 'disk.luks' {
            $source = Copy-Fixture "foreign/$_" -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $source $raw } 'QedUnsupportedFormat' 'NotImplemented' $source
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'with a folder as the destination' {
        BeforeEach { $results = New-Folder 'convert/results' }

        It 'creates a file for each source there: QED from raw, raw from QED' {
            $found = $path, ([System.IO.Path]::Combine($folder, 'base.raw')), $overlay | Convert-QedImage -DestinationPath $results
            $found | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } | Should -Be 'data-zero-hole.raw', 'base.qed', 'over-qed.raw'
            Assert-Disk $found[0].Path 6291456 $pathReads
            Assert-Disk $found[1].Path 32768 '0+4K 0x70, 4K+4K 0x71, 8K+4K 0x72, 12K+4K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77'
            Assert-Disk $found[2].Path 1MB $overlayReads
        }

        It 'creates files in the requested format, also for a pattern of sources' {
            $found = Convert-QedImage ([System.IO.Path]::Combine($folder, '*a*.qed')) $results -Format Qed -ClusterSizeBytes 4KB
            $found | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } | Should -Be 'base.qed', 'data-zero-hole.qed'
            $found | ForEach-Object { $_.ClusterSize } | Should -Be 4096, 4096
        }

        It 'accepts the current folder too' {
            Invoke-InFolder $results { (Convert-QedImage $path '.').Path } | Should -BeExactly ([System.IO.Path]::Combine($results, 'data-zero-hole.raw'))
        }

        It 'continues with the next source after an error' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            $lost = Copy-Fixture 'chains/name-missing.qed' -Folder $folder
            $recorded = Invoke-Recorded { $missing, $lost, $path | Convert-QedImage -DestinationPath $results }
            $recorded.Errors | ForEach-Object { $_.TargetObject } | Should -Be $missing, $lost
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be ([System.IO.Path]::Combine($results, 'data-zero-hole.raw'))
            [System.IO.Directory]::GetFileSystemEntries($results) | Should -HaveCount 1
        }

        It 'does not write two sources to one file' {
            $first = New-RawFile ([System.IO.Path]::Combine($folder, 'same.raw')) 1MB '0+4K 0xe1'
            $second = New-RawFile ([System.IO.Path]::Combine($folder, 'same.img')) 1MB '0+4K 0xe2'
            $recorded = Invoke-Recorded { $first, $second | Convert-QedImage -DestinationPath $results }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedRequest,*'
            $recorded.Errors[0].ToString() | Should -BeLike '*another source*'
            (Invoke-OnScreen { $first, $second | Convert-QedImage -DestinationPath (Join-TestDrive 'elsewhere') -WhatIf }).Errors | Should -HaveCount 1
            Assert-Disk ([System.IO.Path]::Combine($results, 'same.qed')) 1MB '0+4K 0xe1'
        }

        It 'never overwrites a source with itself' {
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $path $folder -Format Qed -Force } 'QedRequest' 'InvalidArgument' $path '*source*'
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'with an existing destination' {
        It 'refuses it, and advises -Force' {
            [System.IO.File]::WriteAllText($raw, 'old')
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $path $raw } 'QedFileExists' 'ResourceExists' $path "*$raw*-Force*"
            Assert-OneError { Convert-QedImage $path $raw -WhatIf } 'QedFileExists' 'ResourceExists' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'replaces it completely with -Force' {
            [System.IO.File]::WriteAllBytes($raw, (New-Bytes 10MB -Value 0xEE))
            $null = Convert-QedImage $path $raw -Force
            Assert-Disk $raw 6291456 $pathReads
        }

        It 'keeps the old file with -Force if something goes wrong' {
            [System.IO.File]::WriteAllText($raw, 'old')
            $bad = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $bad $raw -Force } 'QedCorrupt' 'InvalidData' $bad '*0x11000*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not replace a file in use' {
            $result = Copy-Fixture 'images/l1-at-end.qed' -Folder $folder
            $stream = Open-QedImage $result
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Convert-QedImage $path $result -Force } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
            }
            finally { $stream.Dispose() }
        }

        It 'refuses the source itself or one of its backing files, by any name' {
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            $before = Get-FolderState $folder
            foreach ($result in $overlay, $base, ([System.IO.Path]::Combine($folder, '..', 'convert', 'base.qed'))) {
                Assert-OneError { Convert-QedImage $overlay $result -Force } 'QedRequest' 'InvalidArgument' $overlay '*source*another file*'
                Assert-OneError { Convert-QedImage $overlay $result -Force -WhatIf } 'QedRequest' 'InvalidArgument' $overlay
            }

            Get-FolderState $folder | Should -Be $before
        }

        It 'recognizes the source through a <_> link' -ForEach 'symbolic', 'hard' {
            Skip-TestWithout Unix
            $link = [System.IO.Path]::Combine($folder, 'link.qed')
            if ($_ -eq 'hard') { $null = Invoke-Native ln $path $link } else { $null = Invoke-Native ln -s $path $link }
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $path $link -Force } 'QedRequest' 'InvalidArgument' $path '*source*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a missing folder, and does not create it' {
            $result = [System.IO.Path]::Combine($folder, 'no', 'result.raw')
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $path $result } 'QedFileNotFound' 'ObjectNotFound' $path '*does not exist*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses <_>, which cannot hold files' -ForEach 'Env:x.raw', 'NoSuchDrive:/x.raw' {
            Assert-OneError { Convert-QedImage $path $_ } 'QedPath' 'InvalidArgument' $path
        }
    }

    Context 'on errors' {
        It 'leaves no file behind after converting <Name>: <Id>' -ForEach @(
            @{ Name = 'chains/name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*is missing*' }
            @{ Name = 'chains/name-nbd.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'chains/cycle-a.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*cycle-b.qed*' }
            @{ Name = 'chains/cycle-self.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
            @{ Name = 'damaged/l2-past-end.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*Repair-QedImage*' }
            @{ Name = 'damaged/l1-past-end.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*Repair-QedImage*' }
            @{ Name = 'headers/cluster-size-1000.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*cluster_size*' }
            @{ Name = 'headers/cut-63.qed'; Id = 'QedTruncated'; Category = 'InvalidData'; Message = '*64*63*' }
        ) {
            $source = Copy-Fixture $Name -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Convert-QedImage $source $raw } $Id $Category $source $Message
            Assert-OneError { Convert-QedImage $source $qed -Verify } $Id $Category $source $Message
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a second source for the same file, even with -Force, and keeps the first result' {
            $one, $two = Copy-Fixture 'images/data-zero-hole.qed', 'images/table-16.qed' -Folder $folder
            $recorded = Invoke-Recorded { $one, $two | Convert-QedImage -DestinationPath $raw -Force }
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedRequest,*'
            (Compare-QedImage $one $raw -Strict).AreEqual | Should -BeTrue
            [System.IO.File]::Delete($raw)
        }

        It 'refuses -<Name> <Value>' -ForEach @(
            @{ Name = 'ClusterSizeBytes'; Value = 1000 }, @{ Name = 'ClusterSizeBytes'; Value = 2048 }, @{ Name = 'ClusterSizeBytes'; Value = 134217728 }
            @{ Name = 'TableSize'; Value = 3 }, @{ Name = 'TableSize'; Value = 0 }
        ) {
            $before = Get-FolderState $folder
            $more = @{ $Name = $Value }
            Assert-OneError { Convert-QedImage $path $qed @more } 'QedLimit' 'InvalidArgument' $path (Get-RequestPattern $Name $Value)
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a source that is open for writing unless -ForceShare is given' {
            $stream = Open-QedImage $path -ReadWrite
            try {
                Assert-OneError { Convert-QedImage $path $raw } 'QedImageInUse' 'ResourceBusy' $path '*-ForceShare*'
                [System.IO.File]::Exists($raw) | Should -BeFalse
                (Convert-QedImage $path $raw -ForceShare).Path | Should -Be $raw
            }
            finally { $stream.Dispose() }
        }

        It 'throws with -ErrorAction Stop' {
            { Convert-QedImage ([System.IO.Path]::Combine($folder, 'missing.qed')) $raw -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileNotFound,QedTools.Commands.ConvertQedImageCommand'
        }
    }

    Context 'with -Compress' {
        It 'makes a smaller file that reads the same: <Extension> <Type>' -ForEach @(
            @{ Extension = '.qcow2'; Type = @{} }
            @{ Extension = '.qcow2'; Type = @{ CompressionType = 'Zstd' } }
            @{ Extension = '.vmdk'; Type = @{} }
        ) {
            $plain = [System.IO.Path]::Combine($folder, "plain$Extension")
            $packed = [System.IO.Path]::Combine($folder, "packed$Extension")
            $before = Convert-QedImage $path $plain
            $after = Convert-QedImage $path $packed -Compress @Type -Verify
            $after.Format | Should -Be $before.Format
            $after.VirtualSize | Should -Be $before.VirtualSize
            $after.FileSize | Should -BeLessThan $before.FileSize
            Assert-Disk $packed 6291456 $pathReads
        }

        It 'makes an overlay that holds only what differs' {
            $top = [System.IO.Path]::Combine($folder, 'top.qcow2')
            $packed = Convert-QedImage $overlay $top -Compress -BackingFile base.qed -Verify
            $packed.BackingFile | Should -Be 'base.qed'
            Assert-Disk $top 1MB $overlayReads
            $packed.FileSize | Should -BeLessThan (Convert-QedImage $overlay ([System.IO.Path]::Combine($folder, 'plain.qcow2')) -BackingFile base.qed).FileSize
        }

        It 'says so with -WhatIf' {
            $result = [System.IO.Path]::Combine($folder, 'result.qcow2')
            Assert-WhatIf { Convert-QedImage $overlay $result -Compress -WhatIf } $folder "Convert '$overlay', a disk of 1 MiB, to the compressed qcow2 file '$result'.", '*: the result needs up to * of disk space; * free.'
        }

        It 'is needed for -CompressionType, and the error says so' {
            $result = [System.IO.Path]::Combine($folder, 'result.qcow2')
            foreach ($switch in @{}, @{ Compress = $false }, @{ WhatIf = $true }) {
                Assert-OneError { Convert-QedImage $path $result -CompressionType Zstd @switch } 'QedRequest' 'InvalidArgument' $path '*To compress it, use -Compress*'
            }

            [System.IO.File]::Exists($result) | Should -BeFalse
        }

        It 'does not do what no program reads: VMDK with Zstd' {
            $result = [System.IO.Path]::Combine($folder, 'result.vmdk')
            Assert-OneError { Convert-QedImage $path $result -Compress -CompressionType Zstd } 'QedRequest' 'InvalidArgument' $path '*deflated only*'
            [System.IO.File]::Exists($result) | Should -BeFalse
        }
    }

    Context 'with -Verify, -Verbose, -WhatIf and -Confirm' {
        It 'reads both again with -Verify, and reports it' {
            $recorded = Invoke-Recorded { Convert-QedImage $overlay $raw -Verify -Verbose }
            $recorded.Errors | Should -BeNullOrEmpty
            @($recorded.Verbose -like "*$raw*used for a disk of 1 MiB, verified.") | Should -HaveCount 1
            Assert-Disk $raw 1MB $overlayReads
        }

        It 'reports with -Verbose what it converted to what' {
            $recorded = Invoke-Recorded { Convert-QedImage $overlay $raw -Verbose }
            @($recorded.Verbose -like "Convert '$overlay', a disk of 1 MiB, to the Raw file '$raw'.") | Should -HaveCount 1
            @($recorded.Verbose -like '*used for a disk of 1 MiB.') | Should -HaveCount 1
        }

        It 'reports with -WhatIf what it would convert to what, and does nothing' {
            Assert-WhatIf { Convert-QedImage $overlay $raw -WhatIf } $folder "Convert '$overlay', a disk of 1 MiB, to the Raw file '$raw'.", '*: the result needs up to * of disk space; * free.'
            Assert-WhatIf { Convert-QedImage $path $qed -BackingFile base.qed -WhatIf } $folder "Convert '$path', a disk of 6 MiB, to the QED file '$qed' as an overlay of 'base.qed'.", '*: the result needs up to * of disk space; * free.'
            $null = New-Folder 'convert/results'
            Assert-WhatIf { $path, $overlay | Convert-QedImage -DestinationPath "$folder/results" -WhatIf } $folder '*Raw file*data-zero-hole.raw*', '*data-zero-hole.raw: the result needs*', '*Raw file*over-qed.raw*', '*over-qed.raw: the result needs*'
        }

        It 'prompts with -Confirm' {
            Assert-Confirm { Convert-QedImage $path $raw -Confirm } $folder "*Convert '$path', a disk of 6 MiB, to the Raw file*"
            Assert-Disk $raw 6291456 $pathReads
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            (Convert-QedImage $path $raw -Confirm:$false).Path | Should -Be $raw
        }
    }

    Context 'compared with qemu-img' {
        It 'gives the same result for <Name> as qemu-img' -ForEach @($disks | Where-Object { $_.Name -notmatch 'table-1|size-zero' }) {
            Skip-TestWithout QemuImg
            $source = Copy-Fixture $Name -Folder $folder
            $theirs = [System.IO.Path]::Combine($folder, 'theirs.raw')
            (Invoke-Native qemu-img convert -f qed -O raw $source $theirs).ExitCode | Should -Be 0
            $null = Convert-QedImage $source $raw
            Get-Sha256 $raw | Should -Be (Get-Sha256 $theirs)
            $null = Convert-QedImage $source $qed -ClusterSizeBytes 4KB -TableSize 2
            (Invoke-Native qemu-img compare -f qed -F raw $qed $theirs).ExitCode | Should -Be 0
            Assert-Clean $qed -Qemu
        }

        It 'creates an overlay that has the same contents as the source in qemu-img' {
            Skip-TestWithout QemuImg
            $null = Convert-QedImage $path $qed -BackingFile base.raw
            (Invoke-Native qemu-img compare -f qed -F qed $qed $path).ExitCode | Should -Be 0
        }
    }

    Context 'into a raw file or a block device that is there' {
        BeforeEach {
            $there = New-Folder 'there'
            $present = [System.IO.Path]::Combine($there, 'target.raw')
            $bytes = [byte[]]::new(8MB)
            [System.Random]::new(3).NextBytes($bytes)
            [System.IO.File]::WriteAllBytes($present, $bytes)
        }

        It 'overwrites the file in place, and keeps what lies beyond the disk' {
            $info = Convert-QedImage $path $present -IntoExisting -Force -Verify
            $info.VirtualSize | Should -Be 8MB
            $after = [System.IO.File]::ReadAllBytes($present)
            $null = Convert-QedImage $path "$there/new.raw"
            $expected = [System.IO.File]::ReadAllBytes("$there/new.raw")
            [System.Linq.Enumerable]::SequenceEqual([byte[]]$after[0..($expected.Length - 1)], $expected) | Should -BeTrue
            [System.Linq.Enumerable]::SequenceEqual([byte[]]$after[6MB..(8MB - 1)], [byte[]]$bytes[6MB..(8MB - 1)]) | Should -BeTrue
        }

        It 'needs -Force, a target that is there, and -IntoExisting for -TargetIsZero' {
            Assert-OneError { Convert-QedImage $path $present -IntoExisting } 'QedFileExists' 'ResourceExists' '' '*would be overwritten*-Force*'
            Assert-OneError { Convert-QedImage $path "$there/none.raw" -IntoExisting -Force } 'QedFileNotFound' 'ObjectNotFound' ''
            Assert-OneError { Convert-QedImage $path "$there/none.raw" -TargetIsZero } 'QedRequest' 'InvalidArgument' '' '*-IntoExisting*'
            Assert-OneError { Convert-QedImage $path $there -Chain -Format Qed -IntoExisting } 'QedRequest' 'InvalidArgument' '' '*-Chain*'
            (Get-FileHash $present).Hash | Should -Be ([System.BitConverter]::ToString([System.Security.Cryptography.SHA256]::Create().ComputeHash($bytes)) -replace '-')
        }

        It 'says with -WhatIf what would be overwritten' {
            Assert-WhatIf { Convert-QedImage $path $present -IntoExisting -Force -WhatIf } $there "Overwrite the raw file '$present', which has 8 MiB (8388608 bytes), with '$path', a disk of 6 MiB*"
        }

        It 'asks before it overwrites a block device, even with -Force' {
            $device = New-LoopDevice $present
            try {
                Assert-OneError { Convert-QedImage $path $device } 'QedFileExists' 'ResourceExists' '' '*block device*would be overwritten*-Force*'
                $recorded = Invoke-OnScreen { Convert-QedImage $path $device -Force } -AnswerNo
                $recorded.Questions | Should -HaveCount 1
                $recorded.Questions[0] | Should -BeLike "*block device '$device', which has 8 MiB*not mounted*"
                $recorded.Output | Should -BeNullOrEmpty
                [System.Linq.Enumerable]::SequenceEqual([System.IO.File]::ReadAllBytes($present), $bytes) | Should -BeTrue

                $recorded = Invoke-OnScreen { Convert-QedImage $path $device -Force }
                $recorded.Questions | Should -HaveCount 1
                $recorded.Output.Path | Should -Be $device
                (Invoke-OnScreen { Convert-QedImage $path $device -Force -Verify -Confirm:$false }).Questions | Should -BeNullOrEmpty
                (Compare-QedImage $path $device).FirstDifference | Should -Be 6MB -Because 'only what lies beyond the disk differs'
            }
            finally { Remove-LoopDevice $device }
        }
    }

    Context 'converts chains as chains' {
        BeforeEach {
            $chains = New-Folder 'chains'
            Invoke-InFolder $chains {
                $null = New-QedImage golden.qed 1MB
                $stream = Open-QedImage golden.qed -ReadWrite
                $stream.Write([byte[]](1..255), 0, 255)
                $stream.Dispose()
                'a', 'b', 'c' | ForEach-Object {
                    $null = New-QedImage "$_.qed" -BackingFile golden.qed
                    $stream = Open-QedImage "$_.qed" -ReadWrite
                    $stream.Position = 100KB
                    $stream.WriteByte(7)
                    $stream.Dispose()
                }
            }
        }

        It 'with each file once, in the order in which they need each other' {
            Invoke-InFolder $chains {
                $found = @(Get-Item a.qed, b.qed, c.qed | Convert-QedImage -Chain -DestinationPath out -Format Qcow2 -Verify)
                $found.Name | Should -Be 'golden.qcow2', 'a.qcow2', 'b.qcow2', 'c.qcow2'
                $found.BackingFile | Should -Be $null, 'golden.qcow2', 'golden.qcow2', 'golden.qcow2'
                $found[1..3].FileSize | ForEach-Object { $_ | Should -BeLessThan 512KB }
                foreach ($name in 'a', 'b', 'c') { (Compare-QedImage "out/$name.qcow2" "$name.qed").AreEqual | Should -BeTrue }
            }
        }

        It 'and qemu-img finds the new chain in order' {
            Skip-TestWithout QemuImg
            Invoke-InFolder $chains {
                $null = Convert-QedImage a.qed out -Chain -Format Qcow2
                (Invoke-Native qemu-img check "$chains/out/a.qcow2").ExitCode | Should -Be 0
                (Invoke-Native qemu-img compare "$chains/out/a.qcow2" "$chains/a.qed").ExitCode | Should -Be 0
                ((Invoke-Native qemu-img info --backing-chain "$chains/out/a.qcow2").Output -match '^image:').Count | Should -Be 2
            }
        }

        It 'or not at all if a result exists, with -WhatIf too' {
            Invoke-InFolder $chains {
                $null = New-Item -ItemType Directory out
                Set-Content out/b.qcow2 'mine'
                foreach ($whatIf in $true, $false) {
                    Assert-OneError { Get-Item a.qed, b.qed | Convert-QedImage -Chain -DestinationPath out -Format Qcow2 -WhatIf:$whatIf } 'QedFileExists' 'ResourceExists' '' '*b.qcow2*'
                }
                (Get-ChildItem out).Name | Should -Be 'b.qcow2'
            }
        }

        It 'and leaves out the overlays of a file that could not be converted' {
            Invoke-InFolder $chains {
                $null = New-QedImage other.qed 1MB
                $null = New-QedImage over.qed -BackingFile other.qed
                # The L1 entry of the base leads nowhere: what it covers cannot be read.
                Set-Byte "$chains/golden.qed" 65536 (@([byte]0x77) * 8)
                $recorded = Invoke-Recorded { Get-Item a.qed, over.qed | Convert-QedImage -Chain -DestinationPath out -Format Qcow2 }
                $recorded.Errors | Should -HaveCount 1
                $recorded.Errors[0].TargetObject | Should -BeExactly ([System.IO.Path]::Combine($chains, 'golden.qed'))
                $recorded.Output.Name | Should -Be 'other.qcow2', 'over.qcow2'
            }
        }

        It 'and an image whose chain is broken keeps no other from being converted' {
            Invoke-InFolder $chains {
                $null = New-QedImage gone.qed 1MB
                $null = New-QedImage orphan.qed -BackingFile gone.qed
                Remove-Item gone.qed
                Set-Content short.qed 'QED'
                $recorded = Invoke-Recorded { Get-Item a.qed, orphan.qed, short.qed, b.qed | Convert-QedImage -Chain -DestinationPath out -Format Qcow2 }
                $recorded.Errors.FullyQualifiedErrorId | Should -Be 'QedBackingFileNotFound,QedTools.Commands.ConvertQedImageCommand', 'QedNotAnImage,QedTools.Commands.ConvertQedImageCommand'
                $recorded.Output.Name | Should -Be 'golden.qcow2', 'a.qcow2', 'b.qcow2'
            }
        }

        It 'shows every step with -WhatIf, and does nothing' {
            Invoke-InFolder $chains {
                Assert-WhatIf { Get-Item a.qed, b.qed | Convert-QedImage -Chain -DestinationPath out -Format Qcow2 -WhatIf } $chains @(
                    '*golden.qed*golden.qcow2*', '*a.qed*a.qcow2*overlay of*golden.qcow2*', '*b.qed*b.qcow2*overlay of*golden.qcow2*', '*out: the results need up to * of disk space; * free.')
            }
        }

        It 'not with -BackingFile' {
            Invoke-InFolder $chains {
                Assert-OneError { Convert-QedImage a.qed out -Chain -Format Qcow2 -BackingFile golden.qed } 'QedRequest' 'InvalidArgument' '' '*-Chain*'
            }
        }

        It 'only into a folder, and only to a named format that has backing files' {
            Invoke-InFolder $chains {
                Assert-OneError { Convert-QedImage a.qed out -Chain } 'QedRequest' 'InvalidArgument' '' '*-Chain needs a format*-Format*'
                Assert-OneError { Convert-QedImage a.qed out.qcow2 -Chain -Format Qcow2 } 'QedRequest' 'InvalidArgument' '' '*out.qcow2*Specify a folder*'
                Assert-OneError { Convert-QedImage a.qed out -Chain -Format Vdi } 'QedRequest' 'InvalidArgument' '' '*VDI files have no backing files*'
                Get-ChildItem out* | Should -BeNullOrEmpty
            }
        }
    }
}
