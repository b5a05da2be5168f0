# Resize-QedImage: changes the virtual size of a disk.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Resize-QedImage' {
    BeforeEach {
        $folder = New-Folder 'resize'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/base.qed' -Folder $folder
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $pathReads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $longer = Copy-Fixture 'chains/over-longer.qed' -Folder $folder
        $longerReads = '0+4K 0x70, 4K+4K 0x53, 8K+4K 0x72, 12K+4K 0x73, 16K+2K 0x74'
    }

    Context 'accepts its parameters' {
        It 'as documented' {
            Get-OwnParameter Resize-QedImage Path | Should -Be 'AllowUnc', 'Force', 'PassThru', 'Path!@0 value property', 'Shrink', 'SizeBytes!@1 property'
            Get-OwnParameter Resize-QedImage LiteralPath | Should -Be 'AllowUnc', 'Force', 'LiteralPath! property', 'PassThru', 'Shrink', 'SizeBytes!@1 property'
        }

        It 'by position, and from the pipeline as a string or a result object' {
            Resize-QedImage $path 7MB
            (Get-RawHeader $path).image_size | Should -Be 7MB
            $path | Resize-QedImage -SizeBytes 8MB
            (Get-RawHeader $path).image_size | Should -Be 8MB
            Get-QedInfo $path | Resize-QedImage -Size 9MB
            (Get-RawHeader $path).image_size | Should -Be 9MB
            Test-QedImage $path | Resize-QedImage -SizeBytes '10MB'
            (Get-RawHeader $path).image_size | Should -Be 10MB
            Resize-QedImage -LiteralPath $path 11MB
            (Get-RawHeader $path).image_size | Should -Be 11MB
        }

        It 'for several images at once' {
            Resize-QedImage $path, $overlay 20MB -PassThru | ForEach-Object { "$($_.Path) $($_.VirtualSize)" } | Should -Be "$path 20971520", "$overlay 20971520"
        }

        It 'as files from Get-ChildItem' {
            Get-ChildItem -LiteralPath $folder -Filter '*zero*.qed' | Resize-QedImage -SizeBytes 7MB -PassThru | ForEach-Object { $_.VirtualSize } | Should -Be 7MB
        }
    }

    Context 'grows a disk' {
        It 'with zeroes, writes no output, and keeps the contents' {
            Resize-QedImage $path 12MB | Should -BeNullOrEmpty
            (Get-RawHeader $path).image_size | Should -Be 12MB
            Assert-Disk $path 12MB $pathReads
            Assert-Clean $path -Qemu
        }

        It 'whose last cluster is partial, without exposing the bytes past the end' {
            $unaligned = Copy-Fixture 'images/size-unaligned.qed' -Folder $folder
            # The bytes of a cluster past the end of the disk do not matter until the disk grows.
            $bytes = [System.IO.File]::ReadAllBytes($unaligned)
            for ($i = 3 * 4096 + 1536; $i -lt 4 * 4096; $i++) { $bytes[$i] = 0xEE }
            [System.IO.File]::WriteAllBytes($unaligned, $bytes)
            Resize-QedImage $unaligned 2MB
            Assert-Disk $unaligned 2MB '0+4K 0xa2, 1M+1536 0xa1'
            Assert-Clean $unaligned -Qemu
        }

        It 'with zeroes even if the backing file is longer: to <Size>' -ForEach @(
            @{ Size = 18944 }, @{ Size = 20480 }, @{ Size = 20992 }, @{ Size = 32768 }, @{ Size = 100KB }, @{ Size = 5MB }
        ) {
            $before = Get-Sha256 ([System.IO.Path]::Combine($folder, 'base.raw'))
            Resize-QedImage $longer $Size
            Assert-Disk $longer $Size $longerReads
            Get-Sha256 ([System.IO.Path]::Combine($folder, 'base.raw')) | Should -Be $before
            Assert-Clean $longer -Qemu
        }

        It 'over a longer QED image with many tables' {
            $null = Copy-Fixture 'images/base-4k.qed' -Folder $folder
            $small = [System.IO.Path]::Combine($folder, 'small.qed')
            $null = New-QedImage $small 4KB -BackingFile base-4k.qed -ClusterSizeBytes 4KB -TableSize 1
            Resize-QedImage $small 12MB
            Assert-Disk $small 12MB '0+4K 0xc0'
            Assert-Clean $small -Qemu:$false
        }

        It 'again after it was shrunk, without the old contents' {
            Resize-QedImage $path 4KB -Shrink
            Resize-QedImage $path 6MB
            Assert-Disk $path 6MB '0+4K 0x11'
            Assert-Clean $path -Qemu
        }

        It 'of an overlay again after it was shrunk, without exposing the backing file' {
            Resize-QedImage $overlay 6KB -Shrink
            Resize-QedImage $overlay 1MB
            Assert-Disk $overlay 1MB '0+4K 0x11, 4K+2K 0x31'
            Assert-Clean $overlay -Qemu
        }

        It 'to the limit of its geometry, and names the limit in an error beyond it' {
            Resize-QedImage $path 4GB
            (Get-RawHeader $path).image_size | Should -Be 4GB
            $before = Get-FolderState $folder
            foreach ($size in (4GB + 1), 5GB, [long]::MaxValue) {
                Assert-OneError { Resize-QedImage $path $size } 'QedLimit' 'InvalidArgument' $path "A size of $size bytes*4294967296 bytes*"
                Assert-OneError { Resize-QedImage $path $size -WhatIf } 'QedLimit' 'InvalidArgument' $path
            }

            Get-FolderState $folder | Should -Be $before
        }

        It 'from a size of 0' {
            $empty = Copy-Fixture 'images/size-zero.qed' -Folder $folder
            Resize-QedImage $empty 1MB
            Assert-Disk $empty 1MB ''
            Assert-Clean $empty -Qemu
        }

        It 'using hardly any more space' {
            Skip-TestWithout Unix
            $before = (Get-QedInfo $path).DiskUsage
            Resize-QedImage $path 4GB
            (Get-QedInfo $path).DiskUsage | Should -BeLessOrEqual ($before + 64KB)
        }

        It 'and clears unknown autoclear features' {
            $auto = Copy-Fixture 'headers/autoclear-unknown.qed' -Folder $folder
            Resize-QedImage $auto 2MB
            (Get-RawHeader $auto).autoclear_features | Should -Be 0
        }
    }

    Context 'rounds sizes' {
        It 'up to a multiple of 512, and reports it with -Verbose' {
            $recorded = Invoke-Recorded { Resize-QedImage $path 7000001 -Verbose -PassThru }
            $recorded.Output[0].VirtualSize | Should -Be 7000064
            @($recorded.Verbose -like "*$path*7000001*512*7000064*") | Should -HaveCount 1
        }

        It 'and reports nothing if the size was not rounded' {
            $recorded = Invoke-Recorded { Resize-QedImage $path 7MB -Verbose }
            $recorded.Verbose -match 'round' | Should -BeNullOrEmpty
        }

        It 'before it checks whether the disk would shrink' {
            Resize-QedImage $path 6291455
            (Get-RawHeader $path).image_size | Should -Be 6291456
        }

        It 'and refuses less than a sector, and says that sizes are bytes' {
            Assert-OneError { Resize-QedImage $path 20 -Shrink } 'QedLimit' 'InvalidArgument' $path '*Sizes are in bytes*write 20GB.'
            Assert-OneError { Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'x.raw')) -SizeBytes 20 } 'QedLimit' 'InvalidArgument' '' '*Sizes are in bytes*write 20GB.'
            Assert-OneError { Measure-QedImage $path -SizeBytes 20 } 'QedLimit' 'InvalidArgument' $path '*Sizes are in bytes*write 20GB.'
            (Get-RawHeader $path).image_size | Should -Be 6291456
        }

        It 'and refuses <_> bytes' -ForEach -1, -512 {
            $before = Get-FolderState $folder
            $size = $_
            Assert-OneError { Resize-QedImage $path $size -Shrink } 'QedLimit' 'InvalidArgument' $path (Get-RequestPattern SizeBytes $size)
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'shrinks a disk' {
        It 'only with -Shrink, which the error names' {
            $before = Get-FolderState $folder
            Assert-OneError { Resize-QedImage $path 1MB } 'QedShrinkRefused' 'InvalidArgument' $path '*6291456*-Shrink*'
            Assert-OneError { Resize-QedImage $path 1MB -WhatIf } 'QedShrinkRefused' 'InvalidArgument' $path '*6291456*-Shrink*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'to <Size> bytes: keeps the contents before the new end, and removes the rest from the file' -ForEach @(
            @{ Size = 512; Reads = '0+512 0x11'; Allocated = 1; Zero = 0 }
            @{ Size = 4096; Reads = '0+4K 0x11'; Allocated = 1; Zero = 0 }
            @{ Size = 26112; Reads = '0+8K 0x11, 24K+1536 0x12'; Allocated = 3; Zero = 2 }
            @{ Size = 1048576; Reads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'; Allocated = 4; Zero = 2 }
            @{ Size = 5246976; Reads = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13'; Allocated = 4; Zero = 3 }
        ) {
            Resize-QedImage $path $Size -Shrink
            (Get-RawHeader $path).image_size | Should -Be $Size
            Assert-Disk $path $Size $Reads
            $check = Test-QedImage $path
            $check.AllocatedClusters | Should -Be $Allocated
            $check.ZeroClusters | Should -Be $Zero
            Assert-Clean $path -Qemu
        }

        It 'and makes the file shorter' {
            $before = (Get-QedInfo $path).FileSize
            (Resize-QedImage $path 4096 -Shrink -PassThru).FileSize | Should -BeLessThan $before
        }

        It 'but can also grow it with -Shrink' {
            Resize-QedImage $path 7MB -Shrink
            (Get-RawHeader $path).image_size | Should -Be 7MB
        }

        It 'that is an overlay' {
            Resize-QedImage $overlay 70KB -Shrink
            Assert-Disk $overlay 71680 '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+2K 0x12'
            Assert-Clean $overlay -Qemu
        }

        It 'that is an overlay even if its backing file is missing, because it is not needed' {
            [System.IO.File]::Delete([System.IO.Path]::Combine($folder, 'base.qed'))
            $recorded = Invoke-Recorded { Resize-QedImage $overlay 8KB -Shrink }
            $recorded.Errors | Should -BeNullOrEmpty
            (Get-RawHeader $overlay).image_size | Should -Be 8192
        }
    }

    Context 'leaves a disk that already has the size' {
        It 'unchanged' {
            [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            (Resize-QedImage $path 6291456 -PassThru).VirtualSize | Should -Be 6291456
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'with -PassThru' {
        It 'describes the image after the change' {
            $info = Resize-QedImage $path 7MB -PassThru
            $info | Should -HaveCount 1
            $info.PSObject.TypeNames[0] | Should -Be 'QedTools.QedImageInfo'
            $info.Path | Should -BeExactly $path
            $info.VirtualSize | Should -Be 7MB
            $info.InUse | Should -BeFalse
            $info.NeedsCheck | Should -BeFalse
            $info.FileSize | Should -Be ([System.IO.FileInfo]::new($path).Length)
            $info.MaxVirtualSize | Should -Be 4GB
        }

        It 'writes a result that can be piped to other cmdlets' {
            "$((Get-QedInfo $path | Resize-QedImage -SizeBytes 7MB -PassThru | Test-QedImage).Status)" | Should -Be 'Clean'
        }
    }

    Context 'with -WhatIf, -Confirm and -Verbose' {
        It 'reports with -WhatIf what it would do, and does nothing' {
            Assert-WhatIf { Resize-QedImage $path 12MB -WhatIf -PassThru } $folder "Grow the disk '$path' from 6 MiB to 12 MiB."
        }

        It 'says that a disk of that size stays as it is' {
            Assert-WhatIf { Resize-QedImage $path 6MB -WhatIf } $folder "Leave the disk '$path' at 6 MiB."
        }

        It 'reports the <Lost> bytes that shrinking to <Size> would lose' -ForEach @(
            @{ Size = 5MB; Lost = 0 }, @{ Size = 68KB; Lost = 0 }, @{ Size = 64KB; Lost = 4096 }, @{ Size = 66048; Lost = 3584 }
            @{ Size = 26112; Lost = 6656 }, @{ Size = 512; Lost = 15872 }
        ) {
            Assert-WhatIf { Resize-QedImage $path $Size -Shrink -WhatIf } $folder "Shrink the disk '$path' from 6 MiB to *, and discard *$Lost bytes* of stored data."
        }

        It 'counts the data that the overlay itself would lose, not that of its backing file' {
            Assert-WhatIf { Resize-QedImage $overlay 4KB -Shrink -WhatIf } $folder '*(8192 bytes)*'
        }

        It 'prompts with -Confirm' {
            Assert-Confirm { Resize-QedImage $path 64KB -Shrink -Confirm } $folder "*Shrink the disk '$path' from 6 MiB to 64 KiB, and discard 4 KiB (4096 bytes) of stored data."
            Assert-Disk $path 65536 '0+8K 0x11, 24K+4K 0x12'
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            Resize-QedImage $path 7MB -Confirm:$false
            (Get-RawHeader $path).image_size | Should -Be 7MB
        }

        It 'reports with -Verbose what it does' {
            $recorded = Invoke-Recorded { Resize-QedImage $path 64KB -Shrink -Verbose }
            @($recorded.Verbose -like "Shrink the disk '$path' from 6 MiB to 64 KiB, and discard 4 KiB (4096 bytes) of stored data.") | Should -HaveCount 1
        }

        It 'refuses <Name> with -WhatIf too: <Id>' -ForEach @(
            @{ Name = 'damaged/dirty-corrupt.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*Repair-QedImage*' }
            @{ Name = 'chains/name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*' }
            @{ Name = 'chains/name-nbd.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
        ) {
            $bad = Copy-Fixture $Name -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Resize-QedImage $bad 20MB } $Id $Category $bad $Message
            Assert-OneError { Resize-QedImage $bad 20MB -WhatIf } $Id $Category $bad $Message
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'on errors' {
        It 'refuses an image in use, and changes nothing' {
            $stream = Open-QedImage $path
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Resize-QedImage $path 7MB } 'QedImageInUse' 'ResourceBusy' $path
                Assert-OneError { Resize-QedImage $path 7MB -WhatIf } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
            }
            finally { $stream.Dispose() }
            Resize-QedImage $path 7MB
        }

        It 'refuses an image in use by qemu-io' {
            Skip-TestWithout QemuLocks
            $process = Open-InQemu $path
            try { Assert-OneError { Resize-QedImage $path 7MB } 'QedImageInUse' 'ResourceBusy' $path }
            finally { Close-Qemu $process }
        }

        It 'refuses a raw file' {
            $raw = [System.IO.Path]::Combine($folder, 'base.raw')
            Assert-OneError { Resize-QedImage $raw 1MB } 'QedNotAnImage' 'InvalidData' $raw
            [System.IO.FileInfo]::new($raw).Length | Should -Be 32768
        }

        It 'continues with the next image after an error' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            $recorded = Invoke-Recorded { $missing, $path | Resize-QedImage -SizeBytes 7MB -PassThru }
            $recorded.Errors | ForEach-Object { $_.TargetObject } | Should -Be $missing
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be $path
            [System.IO.File]::Exists($missing) | Should -BeFalse
        }

        It 'throws with -ErrorAction Stop' {
            { Resize-QedImage $path 1MB -ErrorAction Stop } | Should -Throw -ErrorId 'QedShrinkRefused,QedTools.Commands.ResizeQedImageCommand'
        }

        It 'checks <_>.qed first, then resizes it and leaves it clean' -ForEach 'dirty-clean', 'dirty-leaks' {
            $dirty = Copy-Fixture "damaged/$_.qed" -Folder $folder
            $reads = Get-DiskBytes $dirty
            Resize-QedImage $dirty ($reads.Length + 1MB)
            (Get-QedInfo $dirty).NeedsCheck | Should -BeFalse
            Test-SameBytes (Get-DiskBytes $dirty 0 $reads.Length) $reads | Should -BeTrue
            Test-AllBytes (Get-DiskBytes $dirty $reads.Length 1MB) 0 | Should -BeTrue
        }
    }

    Context 'compared with qemu-img' {
        It 'gives the same result as qemu-img resize' {
            Skip-TestWithout QemuImg
            $theirs = [System.IO.Path]::Combine($folder, 'theirs.qed')
            [System.IO.File]::Copy($path, $theirs)
            (Invoke-Native qemu-img resize -f qed $theirs 12M).ExitCode | Should -Be 0
            Resize-QedImage $path 12MB
            (Invoke-Native qemu-img compare -s -f qed -F qed $path $theirs).ExitCode | Should -Be 0
        }

        It 'reads zeroes over a longer backing file, like qemu-io' {
            Skip-TestWithout QemuImg
            Resize-QedImage $longer 32768
            $read = Invoke-Native qemu-io -r -f qed -c 'read -P 0x74 16k 2k' -c 'read -P 0 18k 14k' $longer
            "$($read.Output)" | Should -Not -Match 'verification failed'
            $read.ExitCode | Should -Be 0
        }
    }
}
