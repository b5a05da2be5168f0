# Open-QedImage: the contents of a disk as a stream.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $odd = "$([char]0xDC)berlagerung $([char]0x91CD)$([char]0x306D).qed"
    $disks = @(
        @{ Name = 'images/data-zero-hole.qed'; Size = 6291456; Reads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13' }
        @{ Name = 'images/checkerboard.qed'; Size = 1048576; Reads = '0+4K 0x20, 8K+4K 0x21, 16K+4K 0x22, 24K+4K 0x23, 32K+4K 0x24, 40K+4K 0x25' }
        @{ Name = 'images/backwards.qed'; Size = 1048576; Reads = '0+4K 0x30, 4K+4K 0x31, 8K+4K 0x32, 12K+4K 0x33, 16K+4K 0x34, 20K+4K 0x35' }
        @{ Name = 'images/allocated-zeroes.qed'; Size = 1048576; Reads = '20479+1 0x41, 32K+4K 0x42' }
        @{ Name = 'images/table-1.qed'; Size = 3145728; Reads = '0+4K 0x71, 4K+4K 0x72, 2044K+4K 0x73, 2M+4K 0x74' }
        @{ Name = 'images/header-2.qed'; Size = 8388608; Reads = '0+4K 0x81, 4K+4K 0x82, 4M+4K 0x83' }
        @{ Name = 'images/l1-at-end.qed'; Size = 1048576; Reads = '8K+4K 0x91' }
        @{ Name = 'images/size-unaligned.qed'; Size = 1050112; Reads = '0+4K 0xa2, 1M+1536 0xa1' }
        @{ Name = 'images/across-l2-contiguous.qed'; Size = 8388608; Reads = '4088K+16K 0xb2' }
        @{ Name = 'images/size-zero.qed'; Size = 0; Reads = '' }
        @{ Name = 'chains/over-raw.qed'; Size = 32768; Reads = '0+4K 0x21, 4K+4K 0x71, 12K+512 0x73, 12800+512 0x22, 13K+3K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = 'chains/over-raw-probed.qed'; Size = 32768; Reads = '0+4K 0x21, 4K+4K 0x71, 12K+512 0x73, 12800+512 0x22, 13K+3K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = 'chains/over-qed.qed'; Size = 1048576; Reads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32' }
        @{ Name = 'chains/three-top.qed'; Size = 1048576; Reads = '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43' }
        @{ Name = 'chains/over-shorter.qed'; Size = 65536; Reads = '0+10000 0x53, 11K+512 0x51, 32K+4K 0x52' }
        @{ Name = 'chains/over-longer.qed'; Size = 18432; Reads = '0+4K 0x70, 4K+4K 0x53, 8K+4K 0x72, 12K+4K 0x73, 16K+2K 0x74' }
        @{ Name = 'chains/over-name-cluster-2.qed'; Size = 32768; Reads = '0+4K 0x70, 4K+4K 0x71, 8K+4K 0x72, 12K+4K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = "chains/$odd"; Size = 32768; Reads = '0+4K 0x70, 4K+4K 0x61, 8K+4K 0x72, 12K+4K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # The exception that a .NET call throws, without PowerShell's wrapper.
    function Get-Thrown {
        param([scriptblock] $Script)

        try { $null = & $Script }
        catch { return $_.Exception.GetBaseException() }
        throw 'Nothing was thrown.'
    }
}

Describe 'Open-QedImage' {
    BeforeEach {
        $folder = New-Folder 'open'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/base.qed', 'chains/three-middle.qed', "chains/Basis mit Gr$([char]0xF6)$([char]0xDF)e $([char]0x57FA)$([char]0x5E95).raw" -Folder $folder
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $opened = [System.Collections.Generic.List[System.IDisposable]]::new()
    }

    AfterEach { foreach ($stream in $opened) { $stream.Dispose() } }

    Context 'accepts its parameters' {
        It 'as documented' {
            Get-OwnParameter Open-QedImage Path | Should -Be 'AllowUnc', 'BackingFolder', 'Force', 'ForceShare', 'Partition property', 'Path!@0 value property', 'ReadWrite', 'Snapshot', 'SourceBackingFile', 'SourceFormat'
            Get-OwnParameter Open-QedImage LiteralPath | Should -Be 'AllowUnc', 'BackingFolder', 'Force', 'ForceShare', 'LiteralPath! property', 'Partition property', 'ReadWrite', 'Snapshot', 'SourceBackingFile', 'SourceFormat'
        }

        It 'from the pipeline as strings and result objects, one stream for each' {
            $path, $overlay | Open-QedImage | ForEach-Object { $opened.Add($_); $_.Length } | Should -Be 6291456, 1048576
            Get-QedInfo $path | Open-QedImage | ForEach-Object { $opened.Add($_); $_.Length } | Should -Be 6291456
            Test-QedImage $overlay | Open-QedImage | ForEach-Object { $opened.Add($_); $_.Length } | Should -Be 1048576
        }

        It 'as files from Get-ChildItem' {
            Get-ChildItem -LiteralPath $folder -Filter 'data*.qed' | Open-QedImage | ForEach-Object { $opened.Add($_); $_.Length } | Should -Be 6291456
        }

        It 'as a pattern' {
            Open-QedImage ([System.IO.Path]::Combine($folder, 'd*.qed')) | ForEach-Object { $opened.Add($_); $_.Length } | Should -Be 6291456
        }
    }

    Context 'returns a stream' {
        It 'with the contents of the fixture <Name>' -ForEach $disks {
            Assert-Disk (Copy-Fixture $Name -Folder $folder) $Size $Reads
        }

        It 'that is a System.IO.Stream, and that the pipeline does not unroll' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            $stream | Should -HaveCount 1
            $stream -is [System.IO.Stream] | Should -BeTrue
            $stream.GetType().FullName | Should -Be 'QedTools.DiskStream'
        }

        It 'that is readable and seekable, starts at 0 and has a length' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            $stream.CanRead | Should -BeTrue
            $stream.CanSeek | Should -BeTrue
            $stream.CanWrite | Should -BeFalse
            $stream.Position | Should -Be 0
            $stream.Length | Should -Be 6291456
        }

        It 'whose position follows reads and seeks from either end and from the current position' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            $buffer = [byte[]]::new(8192)
            $stream.Read($buffer, 4096, 4096) | Should -Be 4096
            $stream.Position | Should -Be 4096
            Test-AllBytes $buffer[4096..8191] 0x11 | Should -BeTrue
            Test-AllBytes $buffer[0..4095] 0 | Should -BeTrue
            $stream.Seek(-4096, 'Current') | Should -Be 0
            $stream.Seek(-10, 'End') | Should -Be 6291446
            $stream.Read($buffer, 0, 100) | Should -Be 10
            $stream.Read($buffer, 0, 100) | Should -Be 0
            $stream.Position = 24KB
            $stream.ReadByte() | Should -Be 0x12
            $stream.Position | Should -Be (24KB + 1)
        }

        It 'that reads nothing past the end, and cannot seek before the start' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            $stream.Seek(100, 'End') | Should -Be (6291456 + 100)
            $stream.Read([byte[]]::new(10), 0, 10) | Should -Be 0
            $stream.ReadByte() | Should -Be -1
            Get-Thrown { $stream.Seek(-1, 'Begin') } | Should -BeOfType ([System.IO.IOException])
            $stream.Position | Should -Be (6291456 + 100)
        }

        It 'that reads any number of bytes across clusters, tables and layers' {
            $stream = Open-QedImage $overlay
            $opened.Add($stream)
            $expected = New-DiskBytes 1MB '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
            foreach ($range in @(4095, 2), @(0, 1), @(1, 16385), @(65535, 4098), @(69631, 20001), @(1048575, 1)) {
                $bytes = Read-Stream $stream $range[0] $range[1]
                $wanted = [byte[]]::new($range[1])
                [System.Buffer]::BlockCopy($expected, $range[0], $wanted, 0, $range[1])
                Test-SameBytes $bytes $wanted | Should -BeTrue -Because "these are $($range[1]) bytes at $($range[0])"
            }
        }

        It 'that works with CopyTo and asynchronous methods' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            $copy = [System.IO.MemoryStream]::new()
            $stream.CopyTo($copy)
            Test-SameBytes $copy.ToArray() (New-DiskBytes 6291456 '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13') | Should -BeTrue
            $stream.Position = 64KB
            $buffer = [byte[]]::new(10)
            $stream.ReadAsync($buffer, 0, 10).GetAwaiter().GetResult() | Should -Be 10
            Test-AllBytes $buffer 0x13 | Should -BeTrue
            $stream.Position | Should -Be (64KB + 10)
        }

        It 'that reads the end of a disk of terabytes' {
            $big = Copy-Fixture 'images/clusters-1m.qed' -Folder $folder
            $stream = Open-QedImage $big
            $opened.Add($stream)
            $stream.Length | Should -Be 1TB
            Test-AllBytes (Read-Stream $stream (1TB - 100) 100) 0 | Should -BeTrue
        }

        It 'that refuses invalid arguments' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            Get-Thrown { $stream.Read($null, 0, 1) } | Should -BeOfType ([System.ArgumentNullException])
            Get-Thrown { $stream.Read([byte[]]::new(4), 2, 3) } | Should -BeOfType ([System.ArgumentException])
            Get-Thrown { $stream.Read([byte[]]::new(4), -1, 1) } | Should -BeOfType ([System.ArgumentException])
        }

        It 'that cannot be used after it is closed' {
            $stream = Open-QedImage $path
            $stream.Dispose()
            $stream.CanRead | Should -BeFalse
            $stream.CanSeek | Should -BeFalse
            $stream.CanWrite | Should -BeFalse
            Get-Thrown { $stream.ReadByte() } | Should -BeOfType ([System.ObjectDisposedException])
            Get-Thrown { $stream.get_Length() } | Should -BeOfType ([System.ObjectDisposedException])
            Get-Thrown { $stream.Seek(0, 'Begin') } | Should -BeOfType ([System.ObjectDisposedException])
            $stream.Dispose()
        }
    }

    Context 'without -ReadWrite' {
        It 'refuses writes, and says why' {
            $before = Get-FolderState $folder
            $stream = Open-QedImage $path
            $opened.Add($stream)
            (Get-Thrown { $stream.Write([byte[]]::new(1), 0, 1) }).Message | Should -BeLike '*reading only*'
            Get-Thrown { $stream.WriteByte(1) } | Should -BeOfType ([System.NotSupportedException])
            Get-Thrown { $stream.SetLength(512) } | Should -BeOfType ([System.NotSupportedException])
            $stream.Flush()
            $stream.Dispose()
            Get-FolderState $folder | Should -Be $before
        }

        It 'reads <_> and does not change it' -ForEach 'dirty-clean', 'dirty-leaks', 'leak-table', 'tail' {
            $dirty = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $before = Get-FolderState $folder
            $null = Get-DiskBytes $dirty
            Get-FolderState $folder | Should -Be $before
        }

        It 'reads the readable parts of a damaged image, and reports the damage where it is' {
            $bad = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            $stream = Open-QedImage $bad
            $opened.Add($stream)
            Test-AllBytes (Read-Stream $stream 0 4096) 0xc0 | Should -BeTrue
            Test-AllBytes (Read-Stream $stream 8192 4096) 0xc2 | Should -BeTrue
            $thrown = Get-Thrown { Read-Stream $stream 4096 1 }
            $thrown.GetType().FullName | Should -Be 'QedTools.QedCorruptException'
            $thrown.Message | Should -BeLike '*0x11000*'
            "$($thrown.Remedy)" | Should -Be 'RepairImage'
        }

        It 'keeps writers out while it is open' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            Assert-OneError { Open-QedImage $path -ReadWrite } 'QedImageInUse' 'ResourceBusy' $path
            Assert-OneError { Resize-QedImage $path 8MB } 'QedImageInUse' 'ResourceBusy' $path
            $stream.Dispose()
            $again = Open-QedImage $path -ReadWrite
            $opened.Add($again)
            $again.CanWrite | Should -BeTrue
        }

        It 'lets others read at the same time' {
            $stream = Open-QedImage $path
            $opened.Add($stream)
            $second = Open-QedImage $path
            $opened.Add($second)
            $second.ReadByte() | Should -Be 0x11
            "$((Test-QedImage $path).Status)" | Should -Be 'Clean'
        }

        It 'keeps writers out of the layers below too' {
            $stream = Open-QedImage $overlay
            $opened.Add($stream)
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            Assert-OneError { Open-QedImage $base -ReadWrite } 'QedImageInUse' 'ResourceBusy' $base
            $stream.Dispose()
            $opened.Add((Open-QedImage $base -ReadWrite -Force))
        }

        It 'refuses to write to an image that has overlays, and names them' {
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            Assert-OneError { Open-QedImage $base -ReadWrite } 'QedBackingFileShared' 'ResourceBusy' $base "*$overlay*-Force*"
        }
    }

    Context 'for an image with the extension of a raw disk' {
        BeforeEach {
            $folder = New-Folder 'raw-name'
            $named = Copy-Fixture 'images/table-1.qed' -Folder $folder -As 'disk.img'
        }

        It 'warns, and reads the file as raw' {
            $recorded = Invoke-Recorded { Open-QedImage $named }
            $opened.Add($recorded.Output[0])
            $recorded.Output[0].Length | Should -Be ([System.IO.FileInfo]::new($named)).Length
            $recorded.Warnings | Should -HaveCount 1
            $recorded.Warnings[0] | Should -BeLike "*$named*raw*begins like a QED file*"
        }

        It 'names the parameter that specifies the format, and does not warn if it is given' {
            $recorded = Invoke-Recorded { Open-QedImage $named }
            $opened.Add($recorded.Output[0])
            $recorded.Warnings[0] | Should -BeLike '*-SourceFormat Qed*-SourceFormat Raw*'
            foreach ($case in @{ Format = 'Qed'; Size = (Get-QedInfo $named).VirtualSize }, @{ Format = 'Raw'; Size = ([System.IO.FileInfo]::new($named)).Length }) {
                $recorded = Invoke-Recorded { Open-QedImage $named -SourceFormat $case.Format }
                $opened.Add($recorded.Output[0])
                $recorded.Output[0].Length | Should -Be $case.Size
                $recorded.Warnings | Should -BeNullOrEmpty
            }
        }

        It 'writes to the image in the file if -SourceFormat is Qed' {
            $stream = Open-QedImage $named -ReadWrite -SourceFormat Qed
            $opened.Add($stream)
            $stream.Write((New-Bytes 100 -Value 0xE1), 0, 100)
            $stream.Dispose()
            (Test-QedImage $named).Status | Should -Be 'Clean'
            $again = Open-QedImage $named -SourceFormat Qed
            $opened.Add($again)
            $again.ReadByte() | Should -Be 0xE1
        }

        It 'refuses to write to it unless -Force is given' {
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded { Open-QedImage $named -ReadWrite }
            $recorded.Output | Should -BeNullOrEmpty
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedRequest,*'
            $recorded.Errors[0].ToString() | Should -BeLike '*QED file*destroy*extension*-Force*'
            Get-FolderState $folder | Should -Be $before
            $stream = Open-QedImage $named -ReadWrite -Force -WarningAction SilentlyContinue
            $opened.Add($stream)
            $stream.CanWrite | Should -BeTrue
        }
    }

    Context 'with -ReadWrite' {
        It 'writes in place, into holes and over zeroes, and reads the data back' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $stream.CanWrite | Should -BeTrue
            foreach ($range in @(100, 50, 0xE1), @(14KB, 4KB, 0xE2), @(5MB, 1, 0xE3), @(30KB, 100KB, 0xE4)) {
                $null = $stream.Seek($range[0], 'Begin')
                $stream.Write((New-Bytes $range[1] -Value $range[2]), 0, $range[1])
                $stream.Position | Should -Be ($range[0] + $range[1])
            }

            $reads = '0+8K 0x11, 24K+4K 0x12, 100+50 0xe1, 14K+4K 0xe2, 5M+1 0xe3, 30K+100K 0xe4'
            Test-SameBytes (Read-Stream $stream) (New-DiskBytes 6291456 $reads) | Should -BeTrue
            $stream.Dispose()
            Assert-Disk $path 6291456 $reads
            Assert-Clean $path -Qemu
        }

        It 'writes into an overlay, fills the rest of the clusters from its backing file, and does not change that file' {
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            $before = Get-Sha256 $base
            $stream = Open-QedImage $overlay -ReadWrite
            $opened.Add($stream)
            foreach ($range in @(100, 10, 0xE1), @(65KB, 1KB, 0xE2), @(75000, 9000, 0xE3), @(200KB, 4KB, 0xE4)) {
                $null = $stream.Seek($range[0], 'Begin')
                $stream.Write((New-Bytes $range[1] -Value $range[2]), 0, $range[1])
            }

            $stream.Dispose()
            Assert-Disk $overlay 1MB '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32, 100+10 0xe1, 65K+1K 0xe2, 75000+9000 0xe3, 200K+4K 0xe4'
            Get-Sha256 $base | Should -Be $before
            Assert-Clean $overlay
        }

        It 'writes into a cluster in which the raw backing file ends' {
            $shorter = Copy-Fixture 'chains/over-shorter.qed' -Folder $folder
            Set-DiskBytes $shorter 5000 (New-Bytes 200 -Value 0xE1)
            Set-DiskBytes $shorter 13000 (New-Bytes 200 -Value 0xE2)
            Assert-Disk $shorter 65536 '0+10000 0x53, 11K+512 0x51, 32K+4K 0x52, 5000+200 0xe1, 13000+200 0xe2'
        }

        It 'writes the last bytes of a disk that ends inside a cluster' {
            $unaligned = Copy-Fixture 'images/size-unaligned.qed' -Folder $folder
            Set-DiskBytes $unaligned 1050111 (New-Bytes 1 -Value 0xE1)
            Assert-Disk $unaligned 1050112 '0+4K 0xa2, 1M+1536 0xa1, 1050111+1 0xe1'
            Assert-Clean $unaligned -Qemu
        }

        It 'refuses to write past the end, and changes nothing' {
            $before = Get-FolderState $folder
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $null = $stream.Seek(-10, 'End')
            (Get-Thrown { $stream.Write([byte[]]::new(11), 0, 11) }).Message | Should -BeLike '*end of the disk*'
            $stream.Position | Should -Be 6291446
            $stream.Dispose()
            Get-FolderState $folder | Should -Be $before
        }

        It 'leaves the image unchanged if nothing was written' {
            [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $stream.ReadByte() | Should -Be 0x11
            $stream.Flush()
            $stream.Dispose()
            Get-FolderState $folder | Should -Be $before
        }

        It 'marks the image as needing a check from the first allocation until it is closed' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            (Get-RawHeader $path).features | Should -Be 0
            $null = $stream.Seek(1MB, 'Begin')
            $stream.WriteByte(1)
            (Get-RawHeader $path).features | Should -Be 2
            $stream.Dispose()
            (Get-RawHeader $path).features | Should -Be 0
        }

        It 'has flushed data on the disk before it is closed' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $null = $stream.Seek(1MB, 'Begin')
            $stream.Write((New-Bytes 5000 -Value 0xE1), 0, 5000)
            $stream.Flush()
            $copy = [System.IO.Path]::Combine($folder, 'copy.qed')
            [System.IO.File]::Copy($path, $copy)
            Test-AllBytes (Get-DiskBytes $copy 1MB 5000) 0xE1 | Should -BeTrue
            (Get-QedInfo $copy).NeedsCheck | Should -BeTrue
            "$((Test-QedImage $copy).Status)" | Should -Not -Be 'Corrupt'
        }

        It 'writes asynchronously' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $null = $stream.WriteAsync((New-Bytes 100 -Value 0xE1), 0, 100).GetAwaiter().GetResult()
            $null = $stream.FlushAsync().GetAwaiter().GetResult()
            $stream.Position | Should -Be 100
            Test-AllBytes (Read-Stream $stream 0 100) 0xE1 | Should -BeTrue
        }

        It 'keeps readers and writers out while it is open' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            Assert-OneError { Open-QedImage $path -ReadWrite } 'QedImageInUse' 'ResourceBusy' $path '*in use*Close*'
            Assert-OneError { Open-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path '*-ForceShare*'
            (Get-QedInfo $path).InUse | Should -BeTrue
            $stream.Dispose()
            (Get-QedInfo $path).InUse | Should -BeFalse
            $opened.Add((Open-QedImage $path))
        }

        It 'allows reading with -ForceShare at the same time' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $beside = Open-QedImage $path -ForceShare
            $opened.Add($beside)
            $beside.CanWrite | Should -BeFalse
            $beside.ReadByte() | Should -Be 0x11
        }

        It 'lets others read the backing file, but not write to it' {
            $opened.Add((Open-QedImage $overlay -ReadWrite))
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            "$((Test-QedImage $base).Status)" | Should -Be 'Clean'
            Assert-OneError { Open-QedImage $base -ReadWrite } 'QedImageInUse' 'ResourceBusy' $base
        }

        It 'checks <_>.qed first, then writes, and leaves it clean' -ForEach 'dirty-clean', 'dirty-leaks' {
            $dirty = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $reads = Get-DiskBytes $dirty
            Set-DiskBytes $dirty 100 (New-Bytes 1 -Value 0xE1)
            $reads[100] = 0xE1
            (Get-QedInfo $dirty).NeedsCheck | Should -BeFalse
            Test-SameBytes (Get-DiskBytes $dirty) $reads | Should -BeTrue
            "$((Test-QedImage $dirty).Status)" | Should -Not -Be 'Corrupt'
        }

        It 'refuses <_>.qed, which is dirty and corrupt, advises Repair-QedImage, changes nothing and holds no lock' -ForEach 'dirty-corrupt', 'several' {
            $dirty = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Open-QedImage $dirty -ReadWrite } 'QedCorrupt' 'InvalidData' $dirty '*Repair-QedImage*'
            (Get-QedInfo $dirty).InUse | Should -BeFalse
            Get-FolderState $folder | Should -Be $before
        }

        It 'clears unknown autoclear features with the first change' {
            $auto = Copy-Fixture 'headers/autoclear-unknown.qed' -Folder $folder
            Set-DiskBytes $auto 0 (New-Bytes 1 -Value 1)
            (Get-RawHeader $auto).autoclear_features | Should -Be 0
        }
    }

    Context 'with SetLength' {
        It 'grows the disk with zeroes' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $stream.SetLength(8MB + 512)
            $stream.Length | Should -Be (8MB + 512)
            $stream.Position = 8MB
            $stream.Write((New-Bytes 512 -Value 0xE1), 0, 512)
            $stream.Dispose()
            Assert-Disk $path (8MB + 512) '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13, 8M+512 0xe1'
            Assert-Clean $path -Qemu
        }

        It 'shrinks the disk, and the position with it' {
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            $stream.Position = 5MB
            $stream.SetLength(10KB)
            $stream.Length | Should -Be 10KB
            $stream.Position | Should -Be 10KB
            $stream.SetLength(1MB)
            $stream.Dispose()
            Assert-Disk $path 1MB '0+8K 0x11'
            Assert-Clean $path -Qemu
        }

        It 'refuses sizes that a disk cannot have, and keeps the current one' {
            $before = Get-FolderState $folder
            $stream = Open-QedImage $path -ReadWrite
            $opened.Add($stream)
            foreach ($size in 1000, -512, (4GB + 512)) {
                $thrown = Get-Thrown { $stream.SetLength($size) }
                $thrown.GetType().FullName | Should -BeIn 'QedTools.QedLimitException', 'System.ArgumentOutOfRangeException'
            }

            $stream.Length | Should -Be 6291456
            $stream.Dispose()
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'on errors' {
        It 'writes one error about <Name> and keeps no file open: <Id>' -ForEach @(
            @{ Name = 'chains/name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*Set-QedBackingFile*' }
            @{ Name = 'chains/name-nbd.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'chains/name-json.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'chains/name-file-protocol.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ Name = 'chains/cycle-self.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
            @{ Name = 'headers/feature-bit-3.qed'; Id = 'QedUnsupportedFeature'; Category = 'NotImplemented'; Message = '*0x8*' }
        ) {
            $bad = Copy-Fixture $Name -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Open-QedImage $bad } $Id $Category $bad $Message
            Assert-OneError { Open-QedImage $bad -ReadWrite } $Id $Category $bad $Message
            Get-FolderState $folder | Should -Be $before
            [System.IO.File]::Delete($bad)
        }

        It 'writes one error about a file whose format neither its extension nor its contents tell' {
            $bad = [System.IO.Path]::Combine($folder, 'notes')
            [System.IO.File]::WriteAllText($bad, 'not a disk')
            Assert-OneError { Open-QedImage $bad } 'QedNotAnImage' 'InvalidData' $bad '*not a QED image*'
            Assert-OneError { Open-QedImage $bad -ReadWrite } 'QedNotAnImage' 'InvalidData' $bad '*not a QED image*'
            [System.IO.File]::ReadAllText($bad) | Should -BeExactly 'not a disk'
        }

        It 'writes no error for a raw disk, which is opened as its name says' {
            $disk = Copy-Fixture 'foreign/pattern.raw' -Folder $folder
            $stream = Open-QedImage $disk
            $stream.Length | Should -Be ([System.IO.FileInfo]::new($disk).Length)
            $stream.ReadByte() | Should -Be ([System.IO.File]::ReadAllBytes($disk)[0])
            $stream.Dispose()
        }

        It 'writes one error about a format that is not supported' {
            $bad = [System.IO.Path]::Combine($folder, 'disk.luks')
            [System.IO.File]::WriteAllBytes($bad, [byte[]](0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE) + [byte[]]::new(1018))
            Assert-OneError { Open-QedImage $bad } 'QedUnsupportedFormat' 'NotImplemented' $bad '*LUKS*'
        }

        It 'continues with the next image, and throws with -ErrorAction Stop' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            $recorded = Invoke-Recorded { $missing, $path | Open-QedImage }
            $recorded.Output | ForEach-Object { $opened.Add($_); $_.Length } | Should -Be 6291456
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].TargetObject | Should -BeExactly $missing
            { Open-QedImage $missing -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileNotFound,QedTools.Commands.OpenQedImageCommand'
        }

        It 'reports with -Verbose how it opened an image' {
            $recorded = Invoke-Recorded { Open-QedImage $path -Verbose | ForEach-Object { $_.Dispose() } }
            "$($recorded.Verbose)" | Should -BeLike "*$path*for reading, 6 MiB*"
            $recorded = Invoke-Recorded { Open-QedImage $path -ReadWrite -Verbose | ForEach-Object { $_.Dispose() } }
            "$($recorded.Verbose)" | Should -BeLike "*$path*reading and writing, 6 MiB*"
        }
    }

    Context 'compared with qemu-io' {
        It 'reads what qemu-io writes' {
            Skip-TestWithout QemuImg
            (Invoke-Native qemu-io -f qed -c 'write -P 0xe1 100k 70000' -c 'write -z 4k 8k' $overlay).ExitCode | Should -Be 0
            Assert-Disk $overlay 1MB '0+4K 0x11, 12K+4K 0x11, 68K+12K 0x12, 512K+4K 0x32, 100K+70000 0xe1'
        }

        It 'writes what qemu-io reads' {
            Skip-TestWithout QemuImg
            Set-DiskBytes $overlay 100KB (New-Bytes 70000 -Value 0xE1)
            Set-DiskBytes $overlay 69KB (New-Bytes 512 -Value 0xE2)
            $read = Invoke-Native qemu-io -r -f qed -c 'read -P 0xe1 100k 70000' -c 'read -P 0xe2 69k 512' -c 'read -P 0x12 68k 1k' -c 'read -P 0x31 4k 4k' $overlay
            $read.ExitCode | Should -Be 0
            "$($read.Output)" | Should -Not -Match 'verification failed'
            Assert-Clean $overlay -Qemu
        }

        It 'refuses access that conflicts with qemu-io, which <How>' -ForEach @(@{ How = 'writes'; ReadOnly = $false }, @{ How = 'reads'; ReadOnly = $true }) {
            Skip-TestWithout QemuLocks
            $before = Get-FolderState $folder
            $process = Open-InQemu $path -ReadOnly:$ReadOnly
            try {
                Assert-OneError { Open-QedImage $path -ReadWrite } 'QedImageInUse' 'ResourceBusy' $path
                if ($ReadOnly) { $opened.Add((Open-QedImage $path)) }
                else { Assert-OneError { Open-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path }
            }
            finally { Close-Qemu $process }
            Get-FolderState $folder | Should -Be $before
        }

        It 'keeps qemu-io from writing while it <How>' -ForEach @(@{ How = 'writes'; More = @{ ReadWrite = $true } }, @{ How = 'reads'; More = @{} }) {
            Skip-TestWithout QemuLocks
            $opened.Add((Open-QedImage $path @More))
            $write = Invoke-Native qemu-io -f qed -c 'write -P 1 0 512' $path
            "$($write.Output)" | Should -Match 'lock'
            foreach ($stream in $opened) { $stream.Dispose() }
            Assert-Disk $path 6291456 '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'
        }
    }
}
