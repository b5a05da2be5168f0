# Compare-QedImage: compares the contents of two disks.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Compare-QedImage' {
    BeforeEach {
        $folder = New-Folder 'compare'
        $null = Copy-Fixture 'chains/base.raw', 'chains/base.qed', 'chains/three-middle.qed' -Folder $folder
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $pathReads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $overlayReads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
        $raw = [System.IO.Path]::Combine($folder, 'other.raw')
    }

    Context 'accepts its parameters' {
        It 'as documented' {
            Get-OwnParameter Compare-QedImage Path | Should -Be 'AllowUnc', 'BackingFolder', 'BlockSizeBytes', 'Extent', 'ForceShare', 'Partition property', 'Path!@0 value property', 'ReferenceBackingFile', 'ReferenceFormat', 'ReferencePartition', 'ReferencePath!@1 property', 'ReferenceSnapshot', 'Snapshot', 'SourceBackingFile', 'SourceFormat', 'Strict'
            Get-OwnParameter Compare-QedImage LiteralPath | Should -Be 'AllowUnc', 'BackingFolder', 'BlockSizeBytes', 'Extent', 'ForceShare', 'LiteralPath! property', 'Partition property', 'ReferenceBackingFile', 'ReferenceFormat', 'ReferencePartition', 'ReferencePath!@1 property', 'ReferenceSnapshot', 'Snapshot', 'SourceBackingFile', 'SourceFormat', 'Strict'
        }

        It 'by position, and from the pipeline as a string or a result object' {
            (Compare-QedImage $path $path).AreEqual | Should -BeTrue
            ($path | Compare-QedImage -ReferencePath $path).AreEqual | Should -BeTrue
            (Get-QedInfo $path | Compare-QedImage -ReferencePath $overlay).AreEqual | Should -BeFalse
            (Compare-QedImage -LiteralPath $path $path).AreEqual | Should -BeTrue
        }

        It 'as a pattern, one result for each match' {
            $found = Compare-QedImage ([System.IO.Path]::Combine($folder, '*.qed')) $overlay
            $found | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) } | Should -Be 'base.qed', 'data-zero-hole.qed', 'over-qed.qed', 'three-middle.qed'
            $found | ForEach-Object { $_.AreEqual } | Should -Be $false, $false, $true, $false
        }

        It 'as files from Get-ChildItem' {
            Get-ChildItem -LiteralPath $folder -Filter 'o*.qed' | Compare-QedImage -ReferencePath $overlay | ForEach-Object { $_.AreEqual } | Should -BeTrue
        }

        It 'relative to the current location' {
            Invoke-InFolder $folder {
                $result = Compare-QedImage 'over-qed.qed' './data-zero-hole.qed'
                $result.Path | Should -BeExactly $overlay
                $result.ReferencePath | Should -BeExactly $path
            }
        }
    }

    Context 'finds no difference between' {
        It 'a disk and <How>' -ForEach @(
            @{ How = 'its raw form'; Format = 'raw' }, @{ How = 'its QED form in other clusters'; Format = 'qed' }
        ) {
            $other = [System.IO.Path]::Combine($folder, "form.$Format")
            $null = Convert-QedImage $overlay $other
            foreach ($result in (Compare-QedImage $overlay $other), (Compare-QedImage $other $overlay), (Compare-QedImage $overlay $other -Strict)) {
                $result.AreEqual | Should -BeTrue
                $result.FirstDifference | Should -BeNullOrEmpty
                $result.DifferingBytes | Should -Be 0
                $result.VirtualSize | Should -Be 1MB
                $result.ReferenceVirtualSize | Should -Be 1MB
            }
        }

        It 'two equal raw files' {
            $null = New-RawFile $raw 1MB '0+4K 0xe1'
            $other = New-RawFile ([System.IO.Path]::Combine($folder, 'other.img')) 1MB '0+4K 0xe1'
            (Compare-QedImage $raw $other -Strict).AreEqual | Should -BeTrue
        }

        It 'stored zeroes, zero clusters and unallocated clusters' {
            $zeroes = [System.IO.Path]::Combine($folder, 'zeroes.raw')
            [System.IO.File]::WriteAllBytes($zeroes, (New-DiskBytes 1MB '20479+1 0x41, 32K+4K 0x42'))
            $stored = Copy-Fixture 'images/allocated-zeroes.qed' -Folder $folder
            (Compare-QedImage $stored $zeroes -Strict).AreEqual | Should -BeTrue
        }

        It 'disks of different sizes if the rest is zeroes, unless -Strict is given' {
            $null = New-RawFile $raw 8MB $pathReads
            foreach ($result in (Compare-QedImage $path $raw), (Compare-QedImage $raw $path)) {
                $result.AreEqual | Should -BeTrue
                $result.FirstDifference | Should -BeNullOrEmpty
                $result.DifferingBytes | Should -Be 0
            }

            foreach ($result in (Compare-QedImage $path $raw -Strict), (Compare-QedImage $raw $path -Strict)) {
                $result.AreEqual | Should -BeFalse
                $result.FirstDifference | Should -BeNullOrEmpty
                $result.DifferingBytes | Should -Be 0
            }
        }

        It 'empty disks of 1 TiB, and finishes quickly' {
            $first = Copy-Fixture 'images/clusters-1m.qed' -Folder $folder
            $second = [System.IO.Path]::Combine($folder, 'second.qed')
            $null = New-QedImage $second 1TB
            (Compare-QedImage $first $second -Strict).AreEqual | Should -BeTrue
        }
    }

    Context 'finds a difference in' {
        It 'a disk with one byte changed (<Where>), and reports the offset' -ForEach @(
            @{ Where = 'the first'; At = 0 }, @{ Where = 'in data'; At = 25000 }, @{ Where = 'in a hole'; At = 3000001 }
            @{ Where = 'in zero clusters'; At = 5242880 }, @{ Where = 'the last'; At = 6291455 }
        ) {
            $null = Convert-QedImage $path $raw
            Set-DiskBytes $raw $At (New-Bytes 1 -Value 0xEE)
            foreach ($result in (Compare-QedImage $path $raw), (Compare-QedImage $raw $path)) {
                $result.AreEqual | Should -BeFalse
                $result.FirstDifference | Should -Be $At
                $result.DifferingBytes | Should -Be 1
            }
        }

        It 'several places, and counts exactly the bytes that differ' {
            $null = New-RawFile $raw 6291456 '0+8K 0x11, 10+5 0xee, 8K+1 0xee, 24K+4K 0x12, 64K+4K 0x13, 3M+2000000 0xee'
            $result = Compare-QedImage $path $raw
            $result.FirstDifference | Should -Be 10
            $result.DifferingBytes | Should -Be 2000006
        }

        It 'data past the end of the shorter disk' {
            $null = New-RawFile $raw 8MB ($pathReads + ', 7M+3 0xee')
            foreach ($result in (Compare-QedImage $path $raw), (Compare-QedImage $raw $path -Strict)) {
                $result.AreEqual | Should -BeFalse
                $result.FirstDifference | Should -Be 7MB
                $result.DifferingBytes | Should -Be 3
            }
        }

        It 'data past the end of a shorter disk that ends inside a cluster' {
            $longer = Copy-Fixture 'chains/over-longer.qed' -Folder $folder
            $result = Compare-QedImage $longer ([System.IO.Path]::Combine($folder, 'base.raw'))
            $result.FirstDifference | Should -Be 4096
            $result.DifferingBytes | Should -Be (4096 + 32768 - 18432)
            $result.VirtualSize | Should -Be 18432
            $result.ReferenceVirtualSize | Should -Be 32768
        }

        It 'layers, read through their backing files' {
            $middle = [System.IO.Path]::Combine($folder, 'three-middle.qed')
            $result = Compare-QedImage $overlay $middle
            $result.FirstDifference | Should -Be 4096
            # 4K+4K, 8K+8K, 64K+4K and 68K+4K, 512K+4K.
            $result.DifferingBytes | Should -Be 24576
        }
    }

    Context 'writes a result' {
        It 'with the full paths of both files and only plain data' {
            $result = Compare-QedImage $path $overlay
            $result | Should -HaveCount 1
            $result.PSObject.TypeNames[0] | Should -Be 'QedTools.QedComparison'
            $result.PSObject.Properties | ForEach-Object { $_.Name } | Should -Be 'Path', 'Name', 'ReferencePath', 'Partition', 'ReferencePartition', 'AreEqual', 'FirstDifference', 'DifferingBytes', 'VirtualSize', 'ReferenceVirtualSize'
            $result.Path | Should -BeExactly $path
            $result.ReferencePath | Should -BeExactly $overlay
            $result.AreEqual -is [bool] | Should -BeTrue
            $result.DifferingBytes -is [long] | Should -BeTrue
            $result.VirtualSize | Should -Be 6291456
            $result.ReferenceVirtualSize | Should -Be 1MB
            "$result" | Should -Be "$path differs from $overlay"
        }

        It 'that can be converted to JSON' {
            $again = Compare-QedImage $path $overlay | ConvertTo-Json | ConvertFrom-Json
            $again.AreEqual | Should -BeFalse
            $again.FirstDifference | Should -Be 4096
        }

        It 'that can be piped to another cmdlet as the compared file' {
            (Compare-QedImage $path $overlay | Get-QedInfo).Path | Should -Be $path
        }
    }

    Context 'with -Extent' {
        It 'returns the ranges that differ, in order, and what each disk holds there' {
            # As with the whole comparison above.
            $found = @(Compare-QedImage $overlay ([System.IO.Path]::Combine($folder, 'three-middle.qed')) -Extent)
            $found | ForEach-Object { $_.PSObject.TypeNames[0] } | Select-Object -Unique | Should -Be 'QedTools.QedDifference'
            $found[0].PSObject.Properties | ForEach-Object { $_.Name } | Should -Be 'Start', 'Length', 'State', 'ReferenceState', 'Path', 'ReferencePath', 'Name'
            ($found | Measure-Object Length -Sum).Sum | Should -Be 24576
            $found[0].Start | Should -Be 4096
            $found[0].Path | Should -BeExactly $overlay
            $found[0].ReferencePath | Should -BeExactly ([System.IO.Path]::Combine($folder, 'three-middle.qed'))
        }

        It 'gives each side its state, and none beyond the end of a disk' {
            $null = New-RawFile $raw 8MB ($pathReads + ', 7M+3 0xee')
            Set-DiskBytes $raw 8192 (New-Bytes 4096 -Value 5)
            $found = @(Compare-QedImage $path $raw -Extent)
            $found | ForEach-Object { "$_" } | Should -Be '8192+4096 Unallocated, Data', '7340032+512 nothing, Data'
            $found[1].State | Should -BeNullOrEmpty
            $back = @(Compare-QedImage $raw $path -Extent)
            $back | ForEach-Object { "$_" } | Should -Be '8192+4096 Data, Unallocated', '7340032+512 Data, nothing'
        }

        It 'returns nothing for equal disks, and with -Strict what only one of them has' {
            Compare-QedImage $path $path -Extent | Should -BeNullOrEmpty
            $null = New-RawFile $raw 8MB $pathReads
            Compare-QedImage $path $raw -Extent | Should -BeNullOrEmpty
            $found = @(Compare-QedImage $path $raw -Extent -Strict)
            ($found | Measure-Object Length -Sum).Sum | Should -Be 2MB
            $found[0].Start | Should -Be 6MB
            $found[0].State | Should -BeNullOrEmpty
        }

        It 'returns whole blocks of -BlockSizeBytes, which are those of an overlay' {
            $null = Convert-QedImage $path $raw
            foreach ($at in 5, 70000, 70001, 131072, 3000001) { Set-DiskBytes $raw $at (New-Bytes 1 -Value 0xEE) }
            $found = @(Compare-QedImage $raw $path -Extent -BlockSizeBytes 64KB)
            $found | ForEach-Object { $_.Start % 64KB } | Should -Be @($found | ForEach-Object { 0 })
            ($found | Measure-Object Length -Sum).Sum | Should -Be 256KB
            $increment = [System.IO.Path]::Combine($folder, 'increment.qed')
            $null = Convert-QedImage $raw $increment -BackingFile $path -ClusterSizeBytes 64KB
            (Get-QedAllocationMap $increment -State Data, Zero | Measure-Object Length -Sum).Sum | Should -Be 256KB
        }

        It 'writes each range while it compares, so that a pipeline can end early' {
            $first = Compare-QedImage $path $overlay -Extent | Select-Object -First 1
            $first.Start | Should -Be 4096
        }

        It 'refuses other block sizes, and a block size without -Extent' {
            Assert-OneError { Compare-QedImage $path $overlay -Extent -BlockSizeBytes 1000 } 'QedLimit' 'InvalidArgument' $path '*block size of 1000 bytes*power of two from 512 to 67108864*'
            Assert-OneError { Compare-QedImage $path $overlay -BlockSizeBytes 4KB } 'QedRequest' 'InvalidArgument' $path '*-Extent*'
        }

        It 'is a table, a list and a wide view' {
            $null = Convert-QedImage $path $raw
            Set-DiskBytes $raw 3000001 (New-Bytes 1 -Value 0xEE)
            $found = Compare-QedImage $raw $path -Extent
            Get-Screen @($found) -Width 200 | Should -Be @(
                "   Reference: $path"
                '          Start      Length State       ReferenceState Name'
                '          -----      ------ -----       -------------- ----'
                '        2999808       512 B Data        Unallocated    other.raw'
            )
            (Get-Screen @($found | Format-List) -Width 200) -join "`n" | Should -BeLike "*Length * : 512 bytes*Path * : $raw*ReferencePath * : $path*"
        }
    }

    Context 'changes nothing' {
        It 'in either disk, even if it is dirty or has unknown autoclear features' {
            $dirty = Copy-Fixture 'damaged/dirty-leaks.qed' -Folder $folder
            $auto = Copy-Fixture 'headers/autoclear-unknown.qed' -Folder $folder
            $before = Get-FolderState $folder
            foreach ($one in $path, $overlay, $dirty, $auto) {
                $null = Compare-QedImage $one $dirty
                $null = Compare-QedImage $dirty $one
            }

            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'on errors' {
        It 'writes one error about <Name>: <Id>' -ForEach @(
            @{ Name = 'chains/name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*is missing*' }
            @{ Name = 'chains/name-nbd.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'chains/cycle-self.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
            @{ Name = 'damaged/l2-past-end.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*0x11000*Repair-QedImage*' }
            @{ Name = 'foreign/disk.luks'; Id = 'QedUnsupportedFormat'; Category = 'NotImplemented'; Message = '*LUKS*' }
            @{ Name = 'headers/table-size-3.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*table_size is 3*' }
            @{ Name = 'headers/cut-0.qed'; Id = 'QedNotAnImage'; Category = 'InvalidData'; Message = '*it is empty*' }
        ) {
            $bad = Copy-Fixture $Name -Folder $folder
            Assert-OneError { Compare-QedImage $bad $path } $Id $Category $bad $Message
            # The pipeline item is the target of the error; the message names the faulty file.
            Assert-OneError { Compare-QedImage $path $bad } $Id $Category $path "*$bad*"
        }

        It 'writes one error about a reference that is missing, a folder or not a file' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            Assert-OneError { Compare-QedImage $path $missing } 'QedFileNotFound' 'ObjectNotFound' $path "*$missing*"
            Assert-OneError { Compare-QedImage $path $folder } 'QedNotAFile' 'InvalidArgument' $path "*$folder*a folder*"
            Assert-OneError { Compare-QedImage $path 'Env:PATH' } 'QedPath' 'InvalidArgument' $path '*Env:PATH*'
        }

        It 'continues with the next file, and throws with -ErrorAction Stop' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            $recorded = Invoke-Recorded { $missing, $path | Compare-QedImage -ReferencePath $path }
            $recorded.Errors | ForEach-Object { $_.TargetObject } | Should -Be $missing
            $recorded.Output | ForEach-Object { $_.AreEqual } | Should -BeTrue
            { Compare-QedImage $missing $path -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileNotFound,QedTools.Commands.CompareQedImageCommand'
        }

        It 'refuses disks that are open for writing, on either side, unless -ForceShare is given' {
            $stream = Open-QedImage $path -ReadWrite
            try {
                Assert-OneError { Compare-QedImage $path $overlay } 'QedImageInUse' 'ResourceBusy' $path '*-ForceShare*'
                Assert-OneError { Compare-QedImage $overlay $path } 'QedImageInUse' 'ResourceBusy' $overlay "*$path*-ForceShare*"
                (Compare-QedImage $overlay $path -ForceShare).AreEqual | Should -BeFalse
            }
            finally { $stream.Dispose() }
        }

        It 'has neither -WhatIf nor -Confirm because it changes nothing' {
            (Get-Command Compare-QedImage).Parameters.ContainsKey('WhatIf') | Should -BeFalse
        }
    }

    Context 'compared with qemu-img' {
        It 'agrees with qemu-img compare about <First> and <Second>' -ForEach @(
            @{ First = 'over-qed.qed'; Second = 'base.qed' }, @{ First = 'over-qed.qed'; Second = 'three-middle.qed' }
            @{ First = 'base.qed'; Second = 'base.qed' }, @{ First = 'data-zero-hole.qed'; Second = 'over-qed.qed' }
        ) {
            Skip-TestWithout QemuImg
            $one = [System.IO.Path]::Combine($folder, $First)
            $two = [System.IO.Path]::Combine($folder, $Second)
            $theirs = Invoke-Native qemu-img compare -U -f qed -F qed $one $two
            $ours = Compare-QedImage $one $two
            $ours.AreEqual | Should -Be ($theirs.ExitCode -eq 0)
            if (-not $ours.AreEqual) { "$($theirs.Output)" | Should -Match "offset $($ours.FirstDifference)!" }
        }
    }
}
