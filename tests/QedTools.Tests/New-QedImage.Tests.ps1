# New-QedImage: empty images and overlays. FileNames.Tests.ps1 tests how it handles file names.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $clusterSizes = @(for ($bits = 12; $bits -le 26; $bits++) { 1 -shl $bits })
    $badSizes = @(
        @{ Size = -1L; Why = 'it is negative' }
        @{ Size = [long]::MinValue; Why = 'it is the smallest integer' }
        @{ Size = 70368744177665L; Why = 'it exceeds the limit of 64 TiB by one byte' }
        @{ Size = [long]::MaxValue; Why = 'it exceeds every limit' }
    )
    $badBacking = @(
        @{ Name = 'missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = "*missing.qed*is missing*folder*" }
        @{ Name = 'folder'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*a folder*' }
        @{ Name = 'nbd:localhost:10809'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
        @{ Name = 'json:{"driver":"qed"}'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
        @{ Name = 'disk.luks'; Id = 'QedUnsupportedFormat'; Category = 'NotImplemented'; Message = '*LUKS*' }
        @{ Name = 'head-only.vhdx'; Id = 'QedDamagedFile'; Category = 'InvalidData'; Message = '*VHDX*head-only.vhdx*' }
        @{ Name = 'table-size-3.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*table_size is 3*' }
        @{ Name = 'feature-bit-3.qed'; Id = 'QedUnsupportedFeature'; Category = 'NotImplemented'; Message = '*0x8*' }
        @{ Name = 'cut-40.qed'; Id = 'QedTruncated'; Category = 'InvalidData'; Message = '*cut-40.qed*40*' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # Fails unless New-QedImage with a new name in an empty folder writes exactly one error and leaves the folder empty.
    function Assert-Refused {
        param([hashtable] $Parameters, [string] $Id, [string] $Category, [string] $Message = '*')

        $folder = New-Folder 'refused'
        $path = [System.IO.Path]::Combine($folder, 'new.qed')
        Assert-OneError { New-QedImage $path @Parameters } $Id $Category $path $Message
        [System.IO.Directory]::GetFileSystemEntries($folder) | Should -BeNullOrEmpty -Because 'no file may be left behind'
    }
}

Describe 'New-QedImage' {
    Context 'without a backing file' {
        It 'creates an image with 64 KiB clusters and tables of 4, and describes it' {
            $folder = New-Folder 'defaults'
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            $info = New-QedImage -Path $path -SizeBytes 20GB
            $info | Should -HaveCount 1
            $info.PSObject.TypeNames[0] | Should -Be 'QedTools.QedImageInfo'
            $info.Path | Should -BeExactly $path
            $info.Format | Should -Be 'QED'
            $info.VirtualSize | Should -Be 20GB
            $info.Size | Should -Be 20GB
            $info.ClusterSize | Should -Be 65536
            $info.TableSize | Should -Be 4
            $info.HeaderSize | Should -Be 1
            $info.L1TableOffset | Should -Be 65536
            $info.FileSize | Should -Be 327680
            $info.MaxVirtualSize | Should -Be 64TB
            "$($info.Features)" | Should -Be 'None'
            $info.BackingFile | Should -BeNullOrEmpty
            $info.BackingFormat | Should -BeNullOrEmpty
            $info.NeedsCheck | Should -BeFalse
            $info.InUse | Should -BeFalse
            $info.Depth | Should -Be 0
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -Be $path
        }

        It 'writes exactly the bytes that the format requires' {
            $path = Join-TestDrive 'bytes.qed'
            $null = New-QedImage $path 5MB -ClusterSizeBytes 8KB -TableSize 2
            $expected = [byte[]]::new(24576)
            # Magic; cluster size 0x2000; table size 2; header size 1; L1 table at 0x2000; image size 0x500000.
            foreach ($pair in @(0, 0x51), @(1, 0x45), @(2, 0x44), @(5, 0x20), @(8, 2), @(12, 1), @(41, 0x20), @(50, 0x50)) {
                $expected[$pair[0]] = $pair[1]
            }

            Test-SameBytes ([System.IO.File]::ReadAllBytes($path)) $expected | Should -BeTrue
        }

        It 'supports clusters of <_> bytes with every table size' -ForEach $clusterSizes {
            $cluster = $_
            foreach ($table in 1, 2, 4, 8, 16) {
                # Windows stores the zeroes of a large L1 table.
                if ($IsOnWindows -and $cluster -gt 1MB) { continue }

                $path = Join-TestDrive 'geometry.qed'
                $info = New-QedImage $path 1GB -ClusterSizeBytes $cluster -TableSize $table
                $info.ClusterSize | Should -Be $cluster
                $info.TableSize | Should -Be $table
                $info.FileSize | Should -Be ((1 + $table) * [long]$cluster)
                "$((Test-QedImage $path).Status)" | Should -Be 'Clean'
                [System.IO.File]::Delete($path)
            }
        }

        It 'creates the largest geometry with its maximum size, using hardly any space' {
            Skip-TestWithout Unix
            $path = Join-TestDrive 'largest.qed'
            $info = New-QedImage $path 9223372036854775296 -ClusterSizeBytes 64MB -TableSize 16
            $info.VirtualSize | Should -Be 9223372036854775296
            $info.MaxVirtualSize | Should -Be 9223372036854775296
            $info.FileSize | Should -Be (17 * 64MB)
            $info.DiskUsage | Should -BeLessThan 1MB
            [System.IO.File]::Delete($path)
        }

        It 'creates disks up to the limit of a geometry, <Limit> bytes, and names the limit in an error beyond it' -ForEach @(
            @{ Cluster = 4KB; Table = 1; Limit = 1GB }
            @{ Cluster = 4KB; Table = 2; Limit = 4GB }
            @{ Cluster = 8KB; Table = 1; Limit = 8GB }
            @{ Cluster = 64KB; Table = 4; Limit = 64TB }
        ) {
            $path = Join-TestDrive 'limit.qed'
            (New-QedImage $path $Limit -ClusterSizeBytes $Cluster -TableSize $Table -Force).VirtualSize | Should -Be $Limit
            Assert-Refused @{ SizeBytes = $Limit + 1; ClusterSizeBytes = $Cluster; TableSize = $Table } 'QedLimit' 'InvalidArgument' "*a disk of $($Limit + 1) bytes*$Limit bytes*"
        }

        It 'refuses 20G in a column too, and takes 1MB' {
            $rows = @([pscustomobject]@{ Path = Join-TestDrive 'column-1.qed'; SizeBytes = '20G' }, [pscustomobject]@{ Path = Join-TestDrive 'column-2.qed'; SizeBytes = '1MB' })
            $recorded = Invoke-Recorded { $rows | New-QedImage }
            $recorded.Output | ForEach-Object { $_.VirtualSize } | Should -Be 1MB
            $recorded.Errors | Should -HaveCount 1
            "$($recorded.Errors[0])" | Should -BeLike '*Write 20GB:*'
        }

        It 'refuses a disk of less than a sector, and says that sizes are bytes: <_>' -ForEach 1, 20, 511 {
            Assert-Refused @{ SizeBytes = $_ } 'QedLimit' 'InvalidArgument' "A size of $_ bytes is not possible for '*'. Sizes are in bytes*For $_ GiB, write ${_}GB."
        }

        It 'creates a disk of size 0 and overlays of it' {
            $path = [System.IO.Path]::Combine((New-Folder 'empty'), 'empty.qed')
            (New-QedImage $path 0).VirtualSize | Should -Be 0
            (Get-RawHeader $path).image_size | Should -Be 0
            Assert-Clean $path -Qemu
            $over = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($path), 'over.qed')
            (New-QedImage $over -BackingFile $path).VirtualSize | Should -Be 0
            Show-QedAllocationMap $over | Should -BeLike '*0 B*'
            Get-QedAllocationMap $over -BackingChain | Should -BeNullOrEmpty
            (Merge-QedImage $over -Confirm:$false).BytesMerged | Should -Be 0
            (Optimize-QedImage $over).FileSizeAfter | Should -Be 327680
            (Resize-QedImage $over 1MB -PassThru).VirtualSize | Should -Be 1MB
            (Resize-QedImage $over 0 -Shrink -PassThru).VirtualSize | Should -Be 0
            Assert-Clean $over
        }

        It 'refuses a size of <Size> bytes: <Why>' -ForEach $badSizes {
            Assert-Refused @{ SizeBytes = $Size } 'QedLimit' 'InvalidArgument' "*a disk of $Size bytes*allowed*"
        }

        It 'refuses clusters of <_> bytes' -ForEach 0, -4096, 1, 512, 2048, 4095, 4097, 65535, 98304, 134217728, 8589934592 {
            Assert-Refused @{ SizeBytes = 1MB; ClusterSizeBytes = $_ } 'QedLimit' 'InvalidArgument' "A cluster size of $_ bytes*power of two*4096*67108864*"
        }

        It 'refuses tables of <_> clusters' -ForEach 0, -1, 3, 5, 6, 15, 17, 32 {
            Assert-Refused @{ SizeBytes = 1MB; TableSize = $_ } 'QedLimit' 'InvalidArgument' "A table size of $_ clusters*1, 2, 4, 8 or 16*"
        }
    }

    Context 'rounds sizes' {
        It 'from <Asked> to <Size> bytes, and reports it with -Verbose' -ForEach @(
            @{ Asked = 513; Size = 1024 }
            @{ Asked = 1023; Size = 1024 }
            @{ Asked = 1000000; Size = 1000448 }
        ) {
            $path = Join-TestDrive "rounded-$Asked.qed"
            $recorded = Invoke-Recorded { New-QedImage $path $Asked -Verbose }
            $recorded.Output[0].VirtualSize | Should -Be $Size
            (Get-RawHeader $path).image_size | Should -Be $Size
            @($recorded.Verbose | Where-Object { $_ -match "\b$Asked\b.*512.*\b$Size\b" }) | Should -HaveCount 1
        }

        It 'but reports nothing if it did not round' {
            $recorded = Invoke-Recorded { New-QedImage (Join-TestDrive 'exact.qed') 1536 -Verbose }
            $recorded.Output[0].VirtualSize | Should -Be 1536
            $recorded.Verbose -match 'round' | Should -BeNullOrEmpty
        }

        It 'without a message unless -Verbose is given' {
            $recorded = Invoke-Recorded { New-QedImage (Join-TestDrive 'quiet.qed') 1000 }
            $recorded.Verbose | Should -BeNullOrEmpty
            $recorded.Warnings | Should -BeNullOrEmpty
        }
    }

    Context 'accepts its parameters' {
        It 'by position: the name, then the size' {
            (New-QedImage (Join-TestDrive 'position.qed') 2MB).VirtualSize | Should -Be 2MB
            (New-QedImage (Join-TestDrive 'position2.qed') '3MB').VirtualSize | Should -Be 3MB
        }

        It 'by the aliases -Size, -ClusterSize and -ParentPath' {
            $null = Get-Fixture 'chains/base.raw'
            $info = New-QedImage (Join-TestDrive 'aliases.qed') -Size 1MB -ClusterSize 4KB -ParentPath base.raw
            $info.VirtualSize | Should -Be 1MB
            $info.ClusterSize | Should -Be 4096
            $info.BackingFile | Should -Be 'base.raw'
        }

        It 'for several images at once' {
            $paths = (Join-TestDrive 'several-1.qed'), (Join-TestDrive 'several-2.qed')
            New-QedImage $paths 1MB | ForEach-Object { $_.Path } | Should -Be $paths
        }

        It 'from the properties of objects' {
            $found = [pscustomobject]@{ Path = Join-TestDrive 'object-1.qed'; SizeBytes = 1MB; ClusterSizeBytes = 4KB; TableSize = 1 },
            [pscustomobject]@{ LiteralPath = Join-TestDrive 'object-2.qed'; Size = 2MB; ClusterSize = 8KB; TableSize = 2 } | New-QedImage
            $found | Should -HaveCount 2
            $found[0].VirtualSize, $found[0].ClusterSize, $found[0].TableSize | Should -Be 1MB, 4KB, 1
            $found[1].VirtualSize, $found[1].ClusterSize, $found[1].TableSize | Should -Be 2MB, 8KB, 2
        }

        It 'from the properties of an object with a LiteralPath and a 64-bit size, like the result objects' {
            $path = Join-TestDrive 'object-2l.qed'
            $recorded = Invoke-Recorded { [pscustomobject]@{ LiteralPath = $path; SizeBytes = 1048576L } | New-QedImage }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output[0].Path | Should -Be $path
        }

        It 'from rows of a table, where an empty cell counts as not given' {
            $null = Get-Fixture 'chains/base.raw'
            $names = 'row-1.qed', 'row-2.qed', 'row-3.qed' | ForEach-Object { Join-TestDrive $_ }
            $recorded = Invoke-Recorded {
                [pscustomobject]@{ Path = $names[0]; SizeBytes = '1MB'; ClusterSizeBytes = ''; TableSize = ''; BackingFile = ''; BackingFormat = '' },
                [pscustomobject]@{ Path = $names[1]; SizeBytes = ''; ClusterSizeBytes = '4KB'; TableSize = '1'; BackingFile = 'base.raw'; BackingFormat = 'Raw' },
                [pscustomobject]@{ Path = $names[2]; SizeBytes = '2097152'; ClusterSizeBytes = $null; TableSize = $null; BackingFile = $null; BackingFormat = $null } | New-QedImage
            }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be $names
            $recorded.Output | ForEach-Object { $_.VirtualSize } | Should -Be 1MB, 32KB, 2MB
            $recorded.Output | ForEach-Object { $_.ClusterSize } | Should -Be 64KB, 4KB, 64KB
            $recorded.Output | ForEach-Object { $_.TableSize } | Should -Be 4, 1, 4
            $recorded.Output | ForEach-Object { "$($_.BackingFile)" } | Should -Be '', 'base.raw', ''
        }

        It 'with -WhatIf each name once, as without it' {
            $twice = Join-TestDrive 'twice.qed'
            $recorded = Invoke-OnScreen { New-QedImage $twice, $twice 1MB -WhatIf }
            $recorded.Screen | Should -HaveCount 1
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedFileExists,*'
        }

        It 'and warns about a name that other programs will treat as another format: <_>' -ForEach 'disk.img', 'disk.vhdx' {
            $recorded = Invoke-Recorded { New-QedImage (Join-TestDrive $_) 1MB }
            $recorded.Output[0].Format | Should -Be 'QED'
            $recorded.Warnings | Should -HaveCount 1
            $recorded.Warnings[0] | Should -BeLike "*$_*QED file*extension*"
        }

        It 'from the properties of an object with a backing file and a size' {
            $null = Get-Fixture 'chains/base.raw'
            $info = [pscustomobject]@{ Path = Join-TestDrive 'object-3.qed'; BackingFile = 'base.raw'; Size = 1048576L } | New-QedImage
            $info.BackingFile | Should -Be 'base.raw'
            $info.VirtualSize | Should -Be 1MB
        }

        It 'from the properties of an object with a backing file but no size' {
            $null = Get-Fixture 'chains/base.raw'
            $recorded = Invoke-Recorded { [pscustomobject]@{ Path = Join-TestDrive 'object-4.qed'; ParentPath = 'base.raw' } | New-QedImage }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output[0].BackingFile | Should -Be 'base.raw'
            $recorded.Output[0].VirtualSize | Should -Be 32768
        }

        It 'from the properties of an existing image' {
            $model = Get-QedInfo (Get-Fixture 'images/table-16.qed')
            $again = [pscustomobject]@{ Path = Join-TestDrive 'like.qed'; Size = $model.Size; ClusterSize = $model.ClusterSize; TableSize = $model.TableSize } | New-QedImage
            $again.VirtualSize, $again.ClusterSize, $again.TableSize | Should -Be $model.VirtualSize, $model.ClusterSize, $model.TableSize
        }

        It 'and refuses an object that has neither a size nor a backing file' {
            $path = Join-TestDrive 'object-5.qed'
            $recorded = Invoke-Recorded { [pscustomobject]@{ Path = $path } | New-QedImage }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Output | Should -BeNullOrEmpty
            [System.IO.File]::Exists($path) | Should -BeFalse
        }
    }

    Context 'with a backing file' {
        BeforeAll {
            $folder = New-Folder 'overlays'
            $null = Copy-Fixture 'chains/base.raw', 'chains/base.qed', 'chains/short.raw', 'chains/disguised.raw', 'images/size-at-limit.qed', 'images/size-zero.qed' -Folder $folder
            $path = [System.IO.Path]::Combine($folder, 'overlay.qed')
        }

        AfterEach { [System.IO.File]::Delete($path) }

        It 'uses the size of the disk in <Backing> by default' -ForEach @(
            @{ Backing = 'base.qed'; Size = 1048576 }
            @{ Backing = 'base.raw'; Size = 32768 }
            @{ Backing = 'short.raw'; Size = 10240 }
            @{ Backing = 'size-at-limit.qed'; Size = 4294967296 }
        ) {
            $info = New-QedImage $path -BackingFile $Backing
            $info.VirtualSize | Should -Be $Size
            (Get-RawHeader $path).image_size | Should -Be $Size
        }

        It 'accepts a different size, larger or smaller' {
            (New-QedImage $path 3MB -BackingFile base.qed).VirtualSize | Should -Be 3MB
            (New-QedImage $path -SizeBytes 4KB -BackingFile base.qed -Force).VirtualSize | Should -Be 4KB
        }

        It 'records <Backing> as <Format> if -BackingFormat is <Asked>' -ForEach @(
            @{ Backing = 'base.raw'; Asked = 'nothing'; Format = 'Raw'; Bits = 5 }
            @{ Backing = 'base.raw'; Asked = 'Probe'; Format = 'Probe'; Bits = 1 }
            @{ Backing = 'base.raw'; Asked = 'Raw'; Format = 'Raw'; Bits = 5 }
            @{ Backing = 'base.qed'; Asked = 'nothing'; Format = 'Probe'; Bits = 1 }
            @{ Backing = 'base.qed'; Asked = 'Probe'; Format = 'Probe'; Bits = 1 }
            @{ Backing = 'base.qed'; Asked = 'Raw'; Format = 'Raw'; Bits = 5 }
            @{ Backing = 'disguised.raw'; Asked = 'Raw'; Format = 'Raw'; Bits = 5 }
        ) {
            $more = @{}
            if ($Asked -ne 'nothing') { $more.BackingFormat = $Asked }
            $info = New-QedImage $path -BackingFile $Backing @more
            "$($info.BackingFormat)" | Should -Be $Format
            (Get-RawHeader $path).features | Should -Be $Bits
        }

        It 'uses the length of a file that is declared raw, whatever it looks like' {
            (New-QedImage $path -BackingFile disguised.raw -BackingFormat Raw).VirtualSize | Should -Be 12288
            (New-QedImage $path -BackingFile disguised.raw -Force).VirtualSize | Should -Be 1048576
        }

        It 'reports with -Verbose what it recorded' {
            $recorded = Invoke-Recorded { New-QedImage $path -BackingFile base.raw -Verbose }
            @($recorded.Verbose -match 'base\.raw.*Raw') | Should -HaveCount 1
        }

        It 'stores the name as typed, directly after the header' {
            $typed = './../overlays/base.qed'
            $info = New-QedImage $path -BackingFile $typed
            $info.BackingFile | Should -BeExactly $typed
            $info.BackingFilePath | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.qed'))
            $header = Get-RawHeader $path
            $header.backing_filename_offset | Should -Be 64
            $header.backing_filename | Should -BeExactly $typed
        }

        It 'accepts an absolute name' {
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            (New-QedImage $path -BackingFile $base).BackingFile | Should -BeExactly $base
        }

        It 'resolves a relative name from the folder of the new image, not from the current location' {
            $elsewhere = New-Folder 'elsewhere'
            $null = Copy-Fixture 'chains/short.raw' -Folder $elsewhere -As 'only-here.raw'
            Invoke-InFolder $elsewhere {
                (New-QedImage $path -BackingFile base.raw).BackingFilePath | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.raw'))
                $other = [System.IO.Path]::Combine($folder, 'other.qed')
                Assert-OneError { New-QedImage $other -BackingFile only-here.raw } 'QedBackingFileNotFound' 'ObjectNotFound' $other '*relative to*folder*'
            }
        }

        It 'stores the file system path for a PowerShell drive, which no other program knows' {
            $info = New-QedImage $path -BackingFile 'TestDrive:/overlays/base.qed'
            $info.BackingFile | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.qed'))
        }

        It 'stores names with spaces and Unicode in UTF-8' {
            $name = "Basis mit Gr$([char]0xF6)$([char]0xDF)e $([char]0x57FA).raw"
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder -As $name
            $info = New-QedImage $path -BackingFile $name
            $info.BackingFile | Should -BeExactly $name
            (Get-RawHeader $path).backing_filename_size | Should -Be ([System.Text.Encoding]::UTF8.GetByteCount($name))
        }

        It 'stores a name with brackets, never as a pattern' {
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder -As 'b[1].raw'
            (New-QedImage $path -BackingFile 'b[1].raw').BackingFile | Should -BeExactly 'b[1].raw'
        }

        It 'stores a name of 1,023 bytes, even in the smallest cluster' {
            $name = './' * 508 + 'b234567'
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder -As 'b234567'
            $name.Length | Should -Be 1023
            (New-QedImage $path -BackingFile $name -ClusterSizeBytes 4KB).BackingFile | Should -BeExactly $name
            (Get-RawHeader $path).backing_filename | Should -BeExactly $name
        }

        It 'creates an overlay with the contents of its backing file' {
            $null = New-QedImage $path -BackingFile base.raw
            $extents = @(Get-QedAllocationMap $path -BackingChain)
            $extents | ForEach-Object { $_.Depth } | Where-Object { $_ -ne 1 } | Should -BeNullOrEmpty
            $extents[0].Path | Should -Be ([System.IO.Path]::Combine($folder, 'base.raw'))
        }

        It 'does not change the backing file' {
            $before = Get-FolderState $folder
            $null = New-QedImage $path -BackingFile base.qed
            [System.IO.File]::Delete($path)
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'with an unsuitable backing file' {
        It 'refuses <Name>: <Id>, and leaves nothing behind' -ForEach $badBacking {
            $folder = New-Folder 'badbacking'
            $null = Copy-Fixture 'foreign/disk.luks', 'foreign/head-only.vhdx', 'headers/table-size-3.qed', 'headers/feature-bit-3.qed', 'headers/cut-40.qed' -Folder $folder
            $null = New-Folder 'badbacking/folder'
            $before = Get-FolderState $folder
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            Assert-OneError { New-QedImage $path -BackingFile $Name } $Id $Category $path $Message
            Assert-OneError { New-QedImage $path 1MB -BackingFile $Name } $Id $Category $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'accepts a file of another format as raw on request' {
            $null = Get-Fixture 'foreign/disk.qcow2'
            $info = New-QedImage (Join-TestDrive 'asraw.qed') -BackingFile disk.qcow2 -BackingFormat Raw
            "$($info.BackingFormat)" | Should -Be 'Raw'
        }

        It 'refuses a name over 1,023 bytes of an existing file, with an error about the new image' {
            $folder = New-Folder 'long'
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder
            $before = Get-FolderState $folder
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            Assert-OneError { New-QedImage $path -BackingFile ('./' * 508 + 'base.raw') } 'QedLimit' 'InvalidArgument' $path "*'$path'*1023*"
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a name over 1,023 bytes because of its length, whether or not such a file could exist' {
            Assert-Refused @{ BackingFile = 'n' * 1024 } 'QedLimit' 'InvalidArgument' '*1024*1023*'
            Assert-Refused @{ BackingFile = 'n' * 5000 } 'QedLimit' 'InvalidArgument' '*5000*1023*'
        }

        It 'counts the length of a name in UTF-8 bytes' {
            $folder = New-Folder 'long8'
            $name = "$([char]0x57FA)"
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder -As $name
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($folder, $name * 20))
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            # 18 times 64 bytes in 22 characters, then 3 bytes.
            $long = ($name * 20 + '/../') * 18 + $name
            $long.Length | Should -BeLessThan 500
            Assert-OneError { New-QedImage $path -BackingFile $long } 'QedLimit' 'InvalidArgument' $path '*1155*1023*'
            [System.IO.File]::Exists($path) | Should -BeFalse
        }

        It 'reports the same errors with -WhatIf' {
            $folder = New-Folder 'longwhatif'
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            Assert-OneError { New-QedImage $path -BackingFile 'missing.raw' -WhatIf } 'QedBackingFileNotFound' 'ObjectNotFound' $path
            Assert-OneError { New-QedImage $path -1 -WhatIf } 'QedLimit' 'InvalidArgument' $path
            Assert-OneError { New-QedImage $path -BackingFile ('./' * 508 + 'base.raw') -WhatIf } 'QedLimit' 'InvalidArgument' $path
        }

        It 'refuses a backing disk larger than the limit of the new geometry, and accepts one of size 0' {
            $folder = New-Folder 'sizes'
            $null = Copy-Fixture 'images/scattered-default.qed', 'images/size-zero.qed' -Folder $folder
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            Assert-OneError { New-QedImage $path -BackingFile scattered-default.qed -ClusterSizeBytes 4KB -TableSize 1 } 'QedLimit' 'InvalidArgument' $path '*3221225472*1073741824*'
            [System.IO.File]::Exists($path) | Should -BeFalse
            (New-QedImage $path -BackingFile size-zero.qed).VirtualSize | Should -Be 0
        }

        It 'refuses to make an image its own backing file, directly or through others' {
            $folder = New-Folder 'circle'
            $base, $over = Copy-Fixture 'chains/base.qed', 'chains/over-qed.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { New-QedImage $base -BackingFile base.qed -Force } 'QedBackingChain' 'InvalidData' $base
            Assert-OneError { New-QedImage $base -BackingFile over-qed.qed -Force } 'QedBackingChain' 'InvalidData' $base
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses an empty name' {
            { New-QedImage (Join-TestDrive 'x.qed') -BackingFile '' } | Should -Throw -ErrorId 'QedPath,*'
        }

        It 'records only formats that the header can store' {
            { New-QedImage (Join-TestDrive 'x.qed') -BackingFile base.raw -BackingFormat Qcow2 } | Should -Throw -ErrorId 'CannotConvertArgument*'
        }
    }

    Context 'if a file with that name exists' {
        BeforeEach {
            $folder = New-Folder 'existing'
            $path = Copy-Fixture 'images/base-4k.qed' -Folder $folder -As 'disk.qed'
            $before = Get-FolderState $folder
        }

        It 'does not change it, and advises -Force' {
            Assert-OneError { New-QedImage $path 1MB } 'QedFileExists' 'ResourceExists' $path "*$path*-Force*"
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not change a file that is not an image' {
            [System.IO.File]::WriteAllText($path, 'a letter')
            Assert-OneError { New-QedImage $path 1MB } 'QedFileExists' 'ResourceExists' $path
            [System.IO.File]::ReadAllText($path) | Should -Be 'a letter'
        }

        It 'replaces it with -Force' {
            $info = New-QedImage $path 1MB -Force
            $info.VirtualSize | Should -Be 1MB
            $info.FileSize | Should -Be 327680
            (Test-QedImage $path).AllocatedClusters | Should -Be 0
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -Be $path
        }

        It 'replaces a file that is not an image with -Force' {
            [System.IO.File]::WriteAllText($path, 'a letter')
            (New-QedImage $path 1MB -Force).VirtualSize | Should -Be 1MB
        }

        It 'does not change it, even with -Force, if the new image cannot be created' {
            Assert-OneError { New-QedImage $path -1 -Force } 'QedLimit' 'InvalidArgument' $path
            Assert-OneError { New-QedImage $path 1MB -ClusterSizeBytes 5000 -Force } 'QedLimit' 'InvalidArgument' $path
            Assert-OneError { New-QedImage $path -BackingFile missing.raw -Force } 'QedBackingFileNotFound' 'ObjectNotFound' $path
            Assert-OneError { New-QedImage $path 1MB -BackingFile nbd:x -Force } 'QedBackingFileRefused' 'SecurityError' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not change it with -WhatIf, with or without -Force' {
            $null = New-QedImage $path 1MB -Force -WhatIf
            Assert-OneError { New-QedImage $path 1MB -WhatIf } 'QedFileExists' 'ResourceExists' $path
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not replace a folder, even with -Force' {
            Assert-OneError { New-QedImage $folder 1MB } 'QedNotAFile' 'InvalidArgument' $folder '*a folder*'
            Assert-OneError { New-QedImage $folder 1MB -Force } 'QedNotAFile' 'InvalidArgument' $folder
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not replace a device' {
            Skip-TestWithout Unix
            Assert-OneError { New-QedImage '/dev/null' 1MB -Force } 'QedNotAFile' 'InvalidArgument' '/dev/null' '*a device*'
            [System.IO.File]::Exists('/dev/null') | Should -BeTrue
        }

        It 'does not replace a file that another program has open, even with -Force' {
            Skip-TestWithout WriterLock
            $writer = Open-AsWriter $path
            try { Assert-OneError { New-QedImage $path 1MB -Force } 'QedImageInUse' 'ResourceBusy' $path '*in use*' }
            finally { $writer.Dispose() }
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not replace a file that a cmdlet is reading' {
            $errors = @(Get-QedAllocationMap $path | ForEach-Object { (Invoke-Recorded { New-QedImage $path 1MB -Force }).Errors })
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'QedImageInUse,*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'does not replace a file that qemu-io has open' {
            Skip-TestWithout QemuLocks
            $qemu = Open-InQemu $path
            try { Assert-OneError { New-QedImage $path 1MB -Force } 'QedImageInUse' 'ResourceBusy' $path }
            finally { Close-Qemu $qemu }
            Get-FolderState $folder | Should -Be $before
        }

        It 'replaces either the target of a symbolic link or the link, but always completely' {
            Skip-TestWithout Unix
            $link = [System.IO.Path]::Combine($folder, 'link.qed')
            $null = Invoke-Native ln -s disk.qed $link
            Assert-OneError { New-QedImage $link 1MB } 'QedFileExists' 'ResourceExists' $link
            (New-QedImage $link 1MB -Force).VirtualSize | Should -Be 1MB
            (Get-QedInfo $path).VirtualSize | Should -BeIn 12582912, 1MB
            "$((Test-QedImage $path).Status)" | Should -Be 'Clean'
        }
    }

    Context 'if nothing can be created' {
        It 'reports that the folder is missing' {
            $path = Join-TestDrive ([System.IO.Path]::Combine('no', 'such', 'new.qed'))
            Assert-OneError { New-QedImage $path 1MB } 'QedFileNotFound' 'ObjectNotFound' $path "*such*"
            [System.IO.Directory]::Exists((Join-TestDrive 'no')) | Should -BeFalse
        }

        It 'reports that a file is in the place of the folder' {
            $file = Get-Fixture 'images/table-1.qed'
            $path = [System.IO.Path]::Combine($file, 'new.qed')
            $recorded = Invoke-Recorded { New-QedImage $path 1MB }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'Qed*,*'
        }

        It 'reports that this user lacks permission' {
            Skip-TestWithout Permissions
            $folder = New-Folder 'locked'
            $null = Invoke-Native chmod 555 $folder
            $path = [System.IO.Path]::Combine($folder, 'new.qed')
            Assert-OneError { New-QedImage $path 1MB } 'QedAccessDenied' 'PermissionDenied' $path "*permission*'$path'*"
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -BeNullOrEmpty
            $null = Invoke-Native chmod 755 $folder
        }

        It 'reports that the name is too long, with a QedTools error' {
            $folder = New-Folder 'toolong'
            $path = [System.IO.Path]::Combine($folder, ('n' * 300) + '.qed')
            $recorded = Invoke-Recorded { New-QedImage $path 1MB }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'Qed*,*'
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -BeNullOrEmpty
        }

        It 'continues with the next image' {
            $folder = New-Folder 'goon'
            $existing = Copy-Fixture 'images/table-1.qed' -Folder $folder
            $good = [System.IO.Path]::Combine($folder, 'good.qed')
            $recorded = Invoke-Recorded { $existing, ([System.IO.Path]::Combine($folder, 'no', 'x.qed')), $good | New-QedImage -SizeBytes 1MB }
            $recorded.Errors | Should -HaveCount 2
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be $good
        }

        It 'throws with -ErrorAction Stop' {
            $path = Get-Fixture 'images/table-1.qed'
            { New-QedImage $path 1MB -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileExists,QedTools.Commands.NewQedImageCommand'
            { New-QedImage (Join-TestDrive 'x.qed') -1 -ErrorAction Stop } | Should -Throw -ErrorId 'QedLimit,QedTools.Commands.NewQedImageCommand'
        }
    }

    Context 'with -WhatIf and -Confirm' {
        It 'creates nothing and writes nothing with -WhatIf' {
            $folder = New-Folder 'whatif'
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded {
                New-QedImage ([System.IO.Path]::Combine($folder, 'a.qed')) 1MB -WhatIf
                New-QedImage ([System.IO.Path]::Combine($folder, 'b.qed')) -BackingFile base.raw -WhatIf
            }
            $recorded.Output | Should -BeNullOrEmpty
            $recorded.Errors | Should -BeNullOrEmpty
            Get-FolderState $folder | Should -Be $before
        }

        It 'creates nothing if $WhatIfPreference is set' {
            $path = Join-TestDrive 'preference.qed'
            $WhatIfPreference = $true
            $null = New-QedImage $path 1MB
            $WhatIfPreference = $false
            [System.IO.File]::Exists($path) | Should -BeFalse
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            (New-QedImage (Join-TestDrive 'confirmed.qed') 1MB -Confirm:$false).VirtualSize | Should -Be 1MB
        }

        It 'does not prompt by default' {
            (New-QedImage (Join-TestDrive 'unasked.qed') 1MB).VirtualSize | Should -Be 1MB
        }

        It 'reports with -Verbose what it does to which file' {
            $path = Join-TestDrive 'verbose.qed'
            $recorded = Invoke-Recorded { New-QedImage $path 1GB -Verbose }
            @($recorded.Verbose | Where-Object { $_ -match '1 GiB' -and $_.Contains($path) }) | Should -Not -BeNullOrEmpty
        }
    }

    Context 'compared with qemu-img' {
        It 'creates the same file for clusters of <Cluster> and tables of <Table>' -ForEach @(
            @{ Cluster = 4096; Table = 2; Size = '1M' }, @{ Cluster = 4096; Table = 16; Size = '512' }
            @{ Cluster = 8192; Table = 8; Size = '100G' }, @{ Cluster = 65536; Table = 4; Size = '20G' }
            @{ Cluster = 131072; Table = 2; Size = '1T' }, @{ Cluster = 1048576; Table = 4; Size = '2T' }
        ) {
            Skip-TestWithout QemuImg
            $theirs, $ours = (Join-TestDrive 'theirs.qed'), (Join-TestDrive 'ours.qed')
            (Invoke-Native qemu-img create -f qed -o "cluster_size=$Cluster,table_size=$Table" $theirs $Size).ExitCode | Should -Be 0
            $bytes = [long]($Size -replace '\D') * @{ 'M' = 1MB; 'G' = 1GB; 'T' = 1TB; '2' = 1 }["$($Size[-1])"]
            $null = New-QedImage $ours $bytes -ClusterSizeBytes $Cluster -TableSize $Table -Force
            Get-Sha256 $ours | Should -Be (Get-Sha256 $theirs)
        }

        It 'creates the same overlay of <Backing>' -ForEach @(
            @{ Backing = 'base.raw'; Format = 'raw' }
            @{ Backing = 'base.qed'; Format = 'qed' }
        ) {
            Skip-TestWithout QemuImg
            $null = Get-Fixture 'chains/base.raw', 'chains/base.qed'
            $theirs, $ours = (Join-TestDrive 'theirs.qed'), (Join-TestDrive 'ours.qed')
            (Invoke-Native qemu-img create -f qed -b $Backing -F $Format $theirs).ExitCode | Should -Be 0
            $null = New-QedImage $ours -BackingFile $Backing -Force
            Get-Sha256 $ours | Should -Be (Get-Sha256 $theirs)
        }

        It 'creates an image that qemu-img check, info and qemu-io accept' {
            Skip-TestWithout QemuImg
            $path = Join-TestDrive 'accepted.qed'
            $null = New-QedImage $path 3GB -ClusterSizeBytes 4KB -TableSize 16
            $check = Invoke-Native qemu-img check $path
            $check.ExitCode | Should -Be 0 -Because "$($check.Output)"
            "$((Invoke-Native qemu-img info $path).Output)" | Should -Match 'file format: qed'
            $io = Invoke-Native qemu-io -f qed -c 'write -P 7 1G 64k' -c 'read -P 7 1G 64k' -c 'read -P 0 0 64k' $path
            "$($io.Output)" | Should -Not -Match 'fail'
            (Test-QedImage $path).AllocatedClusters | Should -Be 16
        }
    }
}
