# Get-QedAllocationMap: the extents of an image. FileNames.Tests.ps1 tests how it handles file names. The extents are
# those of fixtures/README.md, which were determined without QedTools.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    # Start+Length State, and for data the file offset.
    $maps = @(
        @{ Name = 'empty-default'; Extents = , '0+1073741824 Unallocated' }
        @{ Name = 'size-zero'; Extents = @() }
        @{ Name = 'clusters-1m'; Extents = , '0+1099511627776 Unallocated' }
        @{ Name = 'size-at-limit'; Extents = '0+4294963200 Unallocated', '4294963200+4096 Data @12288' }
        @{ Name = 'data-zero-hole'; Extents = '0+8192 Data @12288', '8192+8192 Unallocated', '16384+8192 Zero', '24576+4096 Data @28672', '28672+36864 Unallocated', '65536+4096 Data @32768', '69632+5173248 Unallocated', '5242880+12288 Zero', '5255168+1036288 Unallocated' }
        @{ Name = 'checkerboard'; Extents = '0+4096 Data @20480', '4096+4096 Unallocated', '8192+4096 Data @24576', '12288+4096 Unallocated', '16384+4096 Data @28672', '20480+4096 Unallocated', '24576+4096 Data @32768', '28672+4096 Unallocated', '32768+4096 Data @36864', '36864+4096 Unallocated', '40960+4096 Data @40960', '45056+999424 Unallocated', '1044480+4096 Zero' }
        @{ Name = 'backwards'; Extents = '0+4096 Data @40960', '4096+4096 Data @36864', '8192+4096 Data @32768', '12288+4096 Data @28672', '16384+4096 Data @24576', '20480+4096 Data @12288', '24576+1024000 Unallocated' }
        @{ Name = 'allocated-zeroes'; Extents = '0+16384 Data @12288', '16384+4096 Data @36864', '20480+12288 Unallocated', '32768+4096 Data @40960', '36864+1011712 Unallocated' }
        @{ Name = 'table-16'; Extents = '0+4096 Data @69632', '4096+32501760 Unallocated', '32505856+8192 Data @139264', '32514048+2088960 Unallocated', '34603008+4096 Zero', '34607104+70250496 Unallocated' }
        @{ Name = 'scattered-default'; Extents = '0+65536 Data @327680', '65536+104792064 Unallocated', '104857600+65536 Data @655360', '104923136+968818688 Unallocated', '1073741824+65536 Data @720896', '1073807360+1610547200 Unallocated', '2684354560+65536 Data @786432', '2684420096+536805376 Unallocated' }
        @{ Name = 'table-1'; Extents = '0+4096 Data @8192', '4096+4096 Data @16384', '8192+4096 Unallocated', '12288+4096 Zero', '16384+2076672 Unallocated', '2093056+8192 Data @20480', '2101248+1044480 Unallocated' }
        @{ Name = 'header-2'; Extents = '0+4096 Data @16384', '4096+4096 Data @28672', '8192+4186112 Unallocated', '4194304+4096 Data @32768', '4198400+4190208 Unallocated' }
        @{ Name = 'l1-at-end'; Extents = '0+8192 Unallocated', '8192+4096 Data @12288', '12288+1036288 Unallocated' }
        @{ Name = 'size-unaligned'; Extents = '0+4096 Data @24576', '4096+1044480 Unallocated', '1048576+1536 Data @12288' }
        @{ Name = 'across-l2'; Extents = '0+4186112 Unallocated', '4186112+8192 Data @12288', '4194304+8192 Data @28672', '4202496+4186112 Unallocated' }
        @{ Name = 'across-l2-contiguous'; Extents = '0+4096 Zero', '4096+4182016 Unallocated', '4186112+16384 Data @28672', '4202496+1040384 Unallocated', '5242880+4096 Zero', '5246976+3141632 Unallocated' }
    )
    # The same for chains, each extent with its depth.
    $chains = @(
        @{ Name = 'over-raw'; Needs = , 'base.raw'; Extents = '0+4096 Data @12288 d0', '4096+4096 Data @4096 d1', '8192+4096 Zero d0', '12288+4096 Data @24576 d0', '16384+16384 Data @16384 d1' }
        @{ Name = 'over-raw-probed'; Needs = , 'base.raw'; Extents = '0+4096 Data @12288 d0', '4096+4096 Data @4096 d1', '8192+4096 Zero d0', '12288+4096 Data @24576 d0', '16384+16384 Data @16384 d1' }
        @{ Name = 'over-qed'; Needs = , 'base.qed'; Extents = '0+4096 Data @12288 d1', '4096+4096 Data @12288 d0', '8192+8192 Data @20480 d1', '16384+49152 Unallocated d0', '65536+4096 Zero d0', '69632+12288 Data @40960 d1', '81920+49152 Unallocated d0', '131072+4096 Zero d1', '135168+389120 Unallocated d0', '524288+4096 Data @24576 d0', '528384+520192 Unallocated d0' }
        @{ Name = 'three-top'; Needs = 'three-middle.qed', 'base.qed'; Extents = '0+8192 Data @12288 d2', '8192+4096 Data @12288 d1', '12288+4096 Data @12288 d0', '16384+49152 Unallocated d0', '65536+4096 Data @36864 d2', '69632+4096 Zero d1', '73728+8192 Data @45056 d2', '81920+49152 Unallocated d0', '131072+4096 Zero d2', '135168+126976 Unallocated d0', '262144+4096 Data @24576 d0', '266240+782336 Unallocated d0' }
        @{ Name = 'over-longer'; Needs = , 'base.raw'; Extents = '0+4096 Data @0 d1', '4096+4096 Data @12288 d0', '8192+10240 Data @8192 d1' }
        @{ Name = 'over-shorter'; Needs = , 'short.raw'; Extents = '0+8192 Data @0 d1', '8192+4096 Data @12288 d0', '12288+20480 Unallocated d0', '32768+4096 Data @24576 d0', '36864+28672 Unallocated d0' }
        @{ Name = 'over-disguised'; Needs = , 'disguised.raw'; Extents = , '0+12288 Data @0 d1' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # Extents in the notation of the tests.
    function Get-ExtentText {
        param([object[]] $Extent, [switch] $Depth)

        foreach ($item in $Extent) {
            $text = '{0}+{1} {2}' -f $item.Start, $item.Length, $item.State
            if ($null -ne $item.FileOffset) { $text += " @$($item.FileOffset)" }
            if ($Depth) { $text += " d$($item.Depth)" }
            $text
        }
    }

    # An image with 1,000 L2 tables of one entry each. It has 2,001 extents, with unallocated clusters between data clusters. The last
    # L1 entry is damaged, so that only a walk to the end reaches the damage.
    function New-LongImage {
        param([string] $Path)

        $null = New-QedImage $Path 4000MB -ClusterSizeBytes 4KB -TableSize 2 -Force
        $stream = [System.IO.File]::OpenWrite($Path)
        try {
            $l1 = [long[]]::new(1000)
            for ($i = 0; $i -lt 1000; $i++) {
                $table = (3L + 3 * $i) * 4096
                $l1[$i] = $table
                $stream.Position = $table + 4000
                $stream.Write([System.BitConverter]::GetBytes($table + 8192), 0, 8)
            }

            $stream.SetLength((3L + 3 * 1000) * 4096)
            $bytes = [byte[]]::new(8000)
            [System.Buffer]::BlockCopy($l1, 0, $bytes, 0, 7992)
            $bytes[7999] = 0x80
            $stream.Position = 4096
            $stream.Write($bytes, 0, 8000)
        }
        finally { $stream.Dispose() }
    }
}

Describe 'Get-QedAllocationMap' {
    Context 'for a single image' {
        It 'lists the extents of <Name>.qed' -ForEach $maps {
            $path = Get-Fixture "images/$Name.qed"
            $found = @(Get-QedAllocationMap $path)
            Get-ExtentText $found | Should -Be $Extents
            $found | Where-Object { $_.Path -cne $path -or $_.Depth -ne 0 } | Should -BeNullOrEmpty
        }

        It 'lists maximal extents without gaps to the end of the disk (<Name>.qed)' -ForEach @($maps | Where-Object { $_.Name -ne 'size-zero' }) {
            $path = Get-Fixture "images/$Name.qed"
            $end = 0L
            $last = $null
            foreach ($extent in Get-QedAllocationMap $path) {
                $extent.Start | Should -Be $end
                $extent.Length | Should -BeGreaterThan 0
                if ($last -and $last.State -eq $extent.State) {
                    "$($extent.State)" | Should -Be 'Data'
                    $extent.FileOffset | Should -Not -Be ($last.FileOffset + $last.Length)
                }
                $end += $extent.Length
                $last = $extent
            }
            $end | Should -Be (Get-QedInfo $path).VirtualSize
        }

        It 'does not open backing files: clusters that <_>.qed leaves to its backing file are unallocated' -ForEach 'name-missing', 'name-nbd', 'cycle-self' {
            $recorded = Invoke-Recorded { Get-QedAllocationMap (Get-Fixture "chains/$_.qed") }
            Get-ExtentText $recorded.Output | Should -Be '0+1048576 Unallocated'
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'reports numbers as numbers, and a file offset only for data' {
            $extents = @(Get-QedAllocationMap (Get-Fixture 'images/data-zero-hole.qed'))
            $extents[0].Start | Should -BeOfType long
            $extents[0].Length | Should -BeOfType long
            $extents[0].FileOffset | Should -BeOfType long
            $extents | Where-Object { $_.State -ne 'Data' -and $null -ne $_.FileOffset } | Should -BeNullOrEmpty
            @($extents[0].PSObject.Properties | ForEach-Object { $_.Name }) | Should -Be 'Start', 'Length', 'State', 'FileOffset', 'Depth', 'Path', 'Name'
        }

        It 'lists the single extent of the largest empty disk' {
            Skip-TestWithout Unix
            $path = Join-TestDrive 'largest.qed'
            $null = New-QedImage $path 9223372036854775296 -ClusterSizeBytes 64MB -TableSize 16
            Get-ExtentText (Get-QedAllocationMap $path) | Should -Be '0+9223372036854775296 Unallocated'
            [System.IO.File]::Delete($path)
        }
    }

    Context 'with -BackingChain' {
        It 'reports for <Name>.qed which layer holds each extent' -ForEach $chains {
            $path = Get-Fixture "chains/$Name.qed"
            $layers = @($path) + @(foreach ($item in $Needs) { Get-Fixture "chains/$item" })
            $found = @(Get-QedAllocationMap $path -BackingChain)
            Get-ExtentText $found -Depth | Should -Be $Extents
            foreach ($extent in $found) { $extent.Path | Should -BeExactly $layers[$extent.Depth] }
        }

        It 'gives the same result for an image without a backing file' {
            $path = Get-Fixture 'images/data-zero-hole.qed'
            Get-ExtentText (Get-QedAllocationMap $path -BackingChain) | Should -Be (Get-ExtentText (Get-QedAllocationMap $path))
        }

        It 'writes one error for <Name>.qed: <Id>' -ForEach @(
            @{ Name = 'name-missing'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*Set-QedBackingFile*' }
            @{ Name = 'name-nbd'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'cycle-self'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
        ) {
            $path = Get-Fixture "chains/$Name.qed"
            Assert-OneError { Get-QedAllocationMap $path -BackingChain } $Id $Category $path $Message
        }

        It 'continues with the next image after a broken chain' {
            $broken, $good = Get-Fixture 'chains/name-missing.qed', 'chains/over-qed.qed'
            $null = Get-Fixture 'chains/base.qed'
            $recorded = Invoke-Recorded { $broken, $good | Get-QedAllocationMap -BackingChain }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Output | Should -HaveCount 11
        }
    }

    Context 'with -Offset, -Length and -State' {
        BeforeAll { $path = Get-Fixture 'images/data-zero-hole.qed' }

        It 'clips the extents to -Offset <Offset> -Length <Length>' -ForEach @(
            @{ Offset = 0; Length = 4096; Extents = , '0+4096 Data @12288' }
            @{ Offset = 1000; Length = 20000; Extents = '1000+7192 Data @13288', '8192+8192 Unallocated', '16384+4616 Zero' }
            @{ Offset = 4096; Length = 4096; Extents = , '4096+4096 Data @16384' }
            @{ Offset = 8191; Length = 2; Extents = '8191+1 Data @20479', '8192+1 Unallocated' }
            @{ Offset = 17000; Length = 1; Extents = , '17000+1 Zero' }
            @{ Offset = 70000; Length = 5000000; Extents = , '70000+5000000 Unallocated' }
            @{ Offset = 6291455; Length = 1000; Extents = , '6291455+1 Unallocated' }
            @{ Offset = 6000000; Length = 9223372036854775807; Extents = , '6000000+291456 Unallocated' }
            @{ Offset = 6291456; Length = 1; Extents = @() }
            @{ Offset = 100; Length = 0; Extents = @() }
        ) {
            $recorded = Invoke-Recorded { Get-QedAllocationMap $path -Offset $Offset -Length $Length }
            $recorded.Errors | Should -BeNullOrEmpty
            Get-ExtentText $recorded.Output | Should -Be $Extents
        }

        It 'continues to the end without -Length' {
            Get-ExtentText (Get-QedAllocationMap $path -Offset 5242880) | Should -Be '5242880+12288 Zero', '5255168+1036288 Unallocated'
        }

        It 'writes one error for an offset past the end of the disk' {
            Assert-OneError { Get-QedAllocationMap $path -Offset 6291457 } 'QedLimit' 'InvalidArgument' $path 'An offset of 6291457 bytes*6291456*'
            Assert-OneError { Get-QedAllocationMap $path -Offset ([long]::MaxValue) -Length ([long]::MaxValue) } 'QedLimit' 'InvalidArgument' $path
        }

        It 'refuses negative numbers' {
            { Get-QedAllocationMap $path -Offset -1 } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
            { Get-QedAllocationMap $path -Length -1 } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
        }

        It 'lists only -State <State>' -ForEach @(
            @{ State = 'Data'; Starts = 0, 24576, 65536 }
            @{ State = 'Zero'; Starts = 16384, 5242880 }
            @{ State = 'Unallocated'; Starts = 8192, 28672, 69632, 5255168 }
            @{ State = 'Data', 'Zero'; Starts = 0, 16384, 24576, 65536, 5242880 }
        ) {
            Get-QedAllocationMap $path -State $State | ForEach-Object { $_.Start } | Should -Be $Starts
        }

        It 'combines the three parameters' {
            Get-ExtentText (Get-QedAllocationMap $path -State Zero, Data -Offset 20000 -Length 10000) | Should -Be '20000+4576 Zero', '24576+4096 Data @28672'
        }

        It 'refuses unknown states' {
            { Get-QedAllocationMap $path -State Full } | Should -Throw -ErrorId 'CannotConvertArgument*'
        }

        It 'works with chains' {
            $top, $base = Get-Fixture 'chains/over-qed.qed', 'chains/base.qed'
            Get-ExtentText (Get-QedAllocationMap $top -BackingChain -State Data -Offset 6000 -Length 70000) -Depth |
                Should -Be '6000+2192 Data @14192 d0', '8192+8192 Data @20480 d1', '69632+6368 Data @40960 d1'
        }
    }

    Context 'during the walk' {
        BeforeAll {
            $long = Join-TestDrive 'long.qed'
            New-LongImage $long
        }

        It 'writes each extent before it looks for the next ones' {
            # If the walk had reached the end, the damage there would be an error.
            $recorded = Invoke-Recorded {
                foreach ($once in 1) {
                    Get-QedAllocationMap $long | ForEach-Object { $_; break }
                }
            }
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'stops with the pipeline and releases the file' {
            $seen = [System.Collections.Generic.List[object]]::new()
            {
                Get-QedAllocationMap $long -ErrorAction Stop | ForEach-Object {
                    $seen.Add($_)
                    if ($seen.Count -eq 5) { throw 'enough' }
                }
            } | Should -Throw 'enough'
            $seen.Count | Should -Be 5
            (Get-QedInfo $long).InUse | Should -BeFalse
            Set-QedBackingFile $long 'x' -Force
            Set-QedBackingFile $long -Remove
        }

        It 'stops with Select-Object -First' {
            $recorded = Invoke-Recorded { Get-QedAllocationMap $long | Select-Object -First 3 }
            $recorded.Output | Should -HaveCount 3
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'keeps writers out' {
            $ids = @(Get-QedAllocationMap $long -Length 1MB | ForEach-Object { (Invoke-Recorded { Set-QedBackingFile $long -Remove }).Errors[0].FullyQualifiedErrorId })
            $ids[0] | Should -BeLike 'QedImageInUse,*'
        }

        It 'lists everything before the damage, then writes one error, then continues with the next image' {
            $next = Get-Fixture 'images/l1-at-end.qed'
            $recorded = Invoke-Recorded { Get-QedAllocationMap $long, $next }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -Be 'QedCorrupt,QedTools.Commands.GetQedAllocationMapCommand'
            "$($recorded.Errors[0].CategoryInfo.Category)" | Should -Be 'InvalidData'
            $recorded.Errors[0].TargetObject | Should -BeExactly $long
            $recorded.Errors[0].ToString() | Should -BeLike '*entry 999 of the L1 table*Test-QedImage*Repair-QedImage*'
            @($recorded.Output | Where-Object { $_.Path -eq $long -and $_.State -eq 'Data' }) | Should -HaveCount 999
            @($recorded.Output | Where-Object { $_.Path -eq $next }) | Should -HaveCount 3
        }

        It 'lists the unallocated extent before the damage too' {
            # The extent between the last data and the damaged table is known.
            $recorded = Invoke-Recorded { Get-QedAllocationMap $long }
            $last = $recorded.Output[-2]
            "$($last.State)" | Should -Be 'Unallocated'
            $last.Start + $last.Length | Should -Be (999L * 4MB)
        }
    }

    Context 'for damaged images' {
        It 'lists the damaged extent in <Name>.qed, continues after it, and writes one error' -ForEach @(
            @{ Name = 'l1-past-end'; Damaged = '4194304+4194304'; Message = '*entry 1 of the L1 table is 0x11000*' }
            @{ Name = 'l1-huge'; Damaged = '4194304+4194304'; Message = '*entry 1 of the L1 table is 0x800000000000a000*' }
            @{ Name = 'l1-overhangs'; Damaged = '6291456+2097152'; Message = '*the part of the L2 table for it is beyond the end of the file*' }
            @{ Name = 'truncated'; Damaged = '11534336+1048576'; Message = '*the part of the L2 table for it is beyond the end of the file*' }
            @{ Name = 'l2-huge'; Damaged = '4096+4096'; Message = '*entry 1 of L2 table 0 is 0x8000000000006000*' }
            @{ Name = 'l2-low-bits'; Damaged = '4096+4096'; Message = '*entry 1 of L2 table 0 is 0x6002*' }
            @{ Name = 'l2-partial-cluster'; Damaged = '6144+2048'; Message = '*the rest of the cluster at 0x11000 is beyond the end of the file*' }
        ) {
            $path = Get-Fixture "damaged/$Name.qed"
            $recorded = Invoke-Recorded { Get-QedAllocationMap $path }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedCorrupt,*'
            $recorded.Errors[0].ToString() | Should -BeLike $Message
            @($recorded.Output | Where-Object State -eq Damaged | ForEach-Object { "$($_.Start)+$($_.Length)" }) | Should -Be $Damaged
            $last = $recorded.Output[-1]
            $last.Start + $last.Length | Should -Be (Get-QedInfo $path).VirtualSize
        }

        It 'leaves out the damaged extent with -State Data, but still writes the error' {
            $recorded = Invoke-Recorded { Get-QedAllocationMap (Get-Fixture 'damaged/l2-past-end.qed') -State Data }
            $recorded.Errors | Should -HaveCount 1
            (Get-ExtentText $recorded.Output)[0, 1] | Should -Be '0+4096 Data @12288', '8192+4096 Data @28672'
        }

        It 'maps the area after the damage with -Offset' {
            $path = Get-Fixture 'damaged/l1-past-end.qed'
            $recorded = Invoke-Recorded { Get-QedAllocationMap $path -Offset 8MB }
            $recorded.Errors | Should -BeNullOrEmpty
            Get-ExtentText $recorded.Output | Should -Be '8388608+12288 Unallocated', '8400896+4096 Data @57344', '8404992+4177920 Unallocated'
        }

        It 'maps dirty and leaking images without errors (<_>)' -ForEach 'dirty-clean', 'dirty-leaks', 'leak-at-end', 'tail' {
            (Invoke-Recorded { Get-QedAllocationMap (Get-Fixture "damaged/$_.qed") }).Errors | Should -BeNullOrEmpty
        }
    }

    Context 'for an image in use' {
        It 'refuses an image that another program is writing, and says what to do' {
            Skip-TestWithout WriterLock
            $path = Get-Fixture 'images/base-4k.qed'
            $writer = Open-AsWriter $path
            try { Assert-OneError { Get-QedAllocationMap $path } 'QedImageInUse' 'ResourceBusy' $path '*open for writing elsewhere*-ForceShare*' }
            finally { $writer.Dispose() }
        }

        It 'maps such an image with -ForceShare' {
            Skip-TestWithout WriterLock
            $path = Get-Fixture 'images/base-4k.qed'
            $writer = Open-AsWriter $path
            try { Get-QedAllocationMap $path -ForceShare | Should -HaveCount 14 }
            finally { $writer.Dispose() }
        }

        It 'refuses a backing file that another program is writing if it is needed' {
            Skip-TestWithout WriterLock
            $top, $base = Get-Fixture 'chains/over-qed.qed', 'chains/base.qed'
            $writer = Open-AsWriter $base
            try {
                Get-QedAllocationMap $top | Should -HaveCount 7
                Assert-OneError { Get-QedAllocationMap $top -BackingChain } 'QedImageInUse' 'ResourceBusy' $top "*$base*"
            }
            finally { $writer.Dispose() }
        }

        It 'refuses an image that qemu-io is writing, maps it with -ForceShare, and again when it is closed' {
            Skip-TestWithout QemuLocks
            $path = Get-Fixture 'images/base-4k.qed'
            $qemu = Open-InQemu $path
            try {
                Assert-OneError { Get-QedAllocationMap $path } 'QedImageInUse' 'ResourceBusy' $path
                Get-QedAllocationMap $path -ForceShare | Should -HaveCount 14
            }
            finally { Close-Qemu $qemu }
            Get-QedAllocationMap $path | Should -HaveCount 14
        }

        It 'keeps qemu-io from opening the image for writing' {
            Skip-TestWithout QemuLocks
            $path = Get-Fixture 'images/base-4k.qed'
            $codes = @(Get-QedAllocationMap $path | ForEach-Object { (Invoke-Native qemu-io -f qed -c length $path).ExitCode })
            $codes[0] | Should -Not -Be 0
            (Invoke-Native qemu-io -f qed -c length $path).ExitCode | Should -Be 0
        }
    }

    Context 'compared with qemu-img' {
        It 'agrees with qemu-img map about <_>' -ForEach 'images/data-zero-hole.qed', 'images/scattered-default.qed', 'images/across-l2-contiguous.qed', 'chains/over-qed.qed', 'chains/three-top.qed', 'chains/over-raw.qed' {
            Skip-TestWithout QemuImg
            $null = Get-Fixture 'chains/base.raw', 'chains/base.qed', 'chains/three-middle.qed'
            $path = Get-Fixture $_
            $json = (Invoke-Native qemu-img map -f qed --output=json $path).Output -join ''
            $theirs = foreach ($match in [regex]::Matches($json, '\{[^}]*\}')) {
                $fields = @{}
                foreach ($pair in [regex]::Matches($match.Value, '"(\w+)": *("[^"]*"|\w+)')) { $fields[$pair.Groups[1].Value] = $pair.Groups[2].Value }
                # Only data: for other extents, QEMU 7.2 reports different depths, and it does not report "unallocated".
                if ($fields.data -eq 'true') { '{0}+{1} @{2} d{3}' -f $fields.start, $fields.length, $fields.offset, $fields.depth }
            }
            $ours = Get-QedAllocationMap $path -BackingChain -State Data | ForEach-Object { '{0}+{1} @{2} d{3}' -f $_.Start, $_.Length, $_.FileOffset, $_.Depth }
            $ours | Should -Be $theirs
        }
    }

    Context 'of images of other formats' {
        It 'agrees with qemu-img map about <Extension>' -ForEach @(
            @{ Extension = 'qcow2'; Theirs = 'qcow2' }, @{ Extension = 'vdi'; Theirs = 'vdi' }, @{ Extension = 'vmdk'; Theirs = 'vmdk' }
        ) {
            Skip-TestWithout QemuImg
            $path = Join-TestDrive "map.$Extension"
            $null = Invoke-Native qemu-img create -f $Theirs $path 40M
            (Invoke-Native qemu-io -f $Theirs -c 'write -P 1 0 64k' -c 'write -P 2 33M 128k' -c 'write -P 3 10M 1M' $path).ExitCode | Should -Be 0
            $json = (Invoke-Native qemu-img map -f $Theirs --output=json $path).Output -join ''
            $theirs = foreach ($match in [regex]::Matches($json, '"start": (\d+), "length": (\d+)[^}]*"data": true, "offset": (\d+)')) {
                '{0}+{1} @{2}' -f $match.Groups[1].Value, $match.Groups[2].Value, $match.Groups[3].Value
            }
            $theirs | Should -Not -BeNullOrEmpty
            Get-QedAllocationMap $path -State Data | ForEach-Object { '{0}+{1} @{2}' -f $_.Start, $_.Length, $_.FileOffset } | Should -Be $theirs
        }

        It 'maps a snapshot instead of the present state' {
            Skip-TestWithout QemuImg
            $path = Join-TestDrive 'snapshot.qcow2'
            $null = Invoke-Native qemu-img create -f qcow2 $path 1M
            $null = Invoke-Native qemu-img snapshot -c empty $path
            (Invoke-Native qemu-io -f qcow2 -c 'write -P 1 64k 64k' $path).ExitCode | Should -Be 0
            (Get-QedAllocationMap $path -State Data).Start | Should -Be 64KB
            Get-QedAllocationMap $path -Snapshot empty -State Data | Should -BeNullOrEmpty
        }

        It 'looks through a backing file that was moved' {
            $overlay = Copy-Fixture 'chains/name-missing.qed' -Folder (New-Folder 'moved')
            $base = Get-Fixture 'chains/base.raw'
            $found = @(Get-QedAllocationMap $overlay -SourceBackingFile $base)
            $found.Path | Should -Contain $base
        }
    }

    Context 'on the screen' {
        It 'is a table of numbers' {
            $text = Get-QedAllocationMap (Get-Fixture 'images/data-zero-hole.qed') | Out-String -Width 120
            $lines = @($text -split "`r?`n" | Where-Object { $_ })
            $lines[0] | Should -Match '^ +Start +Length +State +FileOffset +Depth +Name'
            $lines[2] | Should -Match '^ +0 +8 KiB +Data +12288 +0 +data-zero-hole\.qed$'
            $lines | Should -HaveCount 11
        }

        It 'is a list with Format-List' {
            $text = Get-QedAllocationMap (Get-Fixture 'images/data-zero-hole.qed') -Length 1 | Format-List | Out-String -Width 200
            foreach ($name in 'Start', 'Length', 'State', 'FileOffset', 'Depth', 'Path') { $text | Should -Match "(?m)^$name\s+:" }
        }

        It 'can be converted to CSV and summed' {
            $rows = Get-QedAllocationMap (Get-Fixture 'images/data-zero-hole.qed') | ConvertTo-Csv | ConvertFrom-Csv
            $rows | Should -HaveCount 9
            $rows[2].State | Should -Be 'Zero'
            ($rows | Measure-Object Length -Sum).Sum | Should -Be 6291456
        }
    }
}
