# Optimize-QedImage: makes an image smaller in place without changing its contents.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $images = @(
        'images/empty-default', 'images/size-zero', 'images/data-zero-hole', 'images/checkerboard', 'images/backwards', 'images/allocated-zeroes'
        'images/table-16', 'images/table-1', 'images/header-2', 'images/l1-at-end', 'images/size-unaligned', 'images/across-l2', 'images/across-l2-contiguous'
        'images/base-4k', 'chains/over-raw', 'chains/over-qed', 'chains/three-top', 'chains/over-shorter', 'chains/over-longer', 'chains/over-name-cluster-2'
        'damaged/dirty-clean', 'damaged/dirty-leaks', 'damaged/leak-at-end', 'damaged/leak-in-middle', 'damaged/leak-table', 'damaged/tail', 'damaged/tail-leak'
        'headers/autoclear-unknown', 'headers/compat-unknown'
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Optimize-QedImage' {
    BeforeEach {
        $folder = New-Folder 'optimize'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/base.qed', 'chains/three-middle.qed' -Folder $folder
        $path = Copy-Fixture 'images/allocated-zeroes.qed' -Folder $folder
        $leaky = Copy-Fixture 'damaged/leak-table.qed' -Folder $folder
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $overlayReads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'

        # Optimizes an image, and fails unless -WhatIf said exactly what then happened.
        function Optimize-AsForetold {
            param([string] $Image, [switch] $AgainstBackingFile)

            $check = Test-QedImage $Image
            $foretold = (Invoke-OnScreen { Optimize-QedImage $Image -AgainstBackingFile:$AgainstBackingFile -WhatIf }).Screen
            $result = Optimize-QedImage $Image -AgainstBackingFile:$AgainstBackingFile
            $matching = if ($AgainstBackingFile) { ", $($result.DroppedClusters) that match" } else { '' }
            $bytes = $result.FileSizeBefore - $result.FileSizeAfter
            "$foretold" | Should -BeLike "*($($result.LeakedClusters) leaked, $($result.ZeroedClusters) of zeroes$matching)*: by $bytes byte*"
            if ($result.ZeroedClusters + $result.DroppedClusters -eq 0) { $check.ReclaimableBytes | Should -Be $bytes }
            $result
        }
    }

    Context 'accepts its parameters' {
        It 'as documented' {
            Get-OwnParameter Optimize-QedImage Path | Should -Be 'AgainstBackingFile', 'AllowUnc', 'Path!@0 value property'
            Get-OwnParameter Optimize-QedImage LiteralPath | Should -Be 'AgainstBackingFile', 'AllowUnc', 'LiteralPath! property'
        }

        It 'from the pipeline as strings and result objects' {
            $path, $leaky | Optimize-QedImage | ForEach-Object { $_.Path } | Should -Be $path, $leaky
            (Get-QedInfo $overlay | Optimize-QedImage).Path | Should -BeExactly $overlay
            (Test-QedImage $overlay | Optimize-QedImage -AgainstBackingFile).Path | Should -BeExactly $overlay
            (Optimize-QedImage -LiteralPath $path).Path | Should -BeExactly $path
        }

        It 'as files from Get-ChildItem' {
            Get-ChildItem -LiteralPath $folder -Filter 'allocated*' | Optimize-QedImage | ForEach-Object { $_.ZeroedClusters } | Should -Be 4
        }
    }

    Context 'keeps the contents' {
        It 'of <_>.qed, and leaves it clean and no larger' -ForEach $images {
            $image = Copy-Fixture "$_.qed" -Folder $folder
            if ((Get-QedInfo $image).VirtualSize -le 16MB) { $reads = Get-DiskBytes $image } else { $reads = $null }
            $length = [System.IO.FileInfo]::new($image).Length
            $result = Optimize-AsForetold $image
            $result.FileSizeBefore | Should -Be $length
            $result.FileSizeAfter | Should -Be ([System.IO.FileInfo]::new($image).Length)
            $result.FileSizeAfter | Should -BeLessOrEqual $length
            if ($reads) { Test-SameBytes (Get-DiskBytes $image) $reads | Should -BeTrue }
            Assert-Clean $image -Qemu:($_ -notmatch 'table-1$')
        }

        It 'of <_>.qed with -AgainstBackingFile' -ForEach 'over-raw', 'over-raw-probed', 'over-qed', 'three-top', 'over-shorter', 'over-longer' {
            $image = Copy-Fixture "chains/$_.qed" -Folder $folder
            $reads = Get-DiskBytes $image
            $null = Optimize-AsForetold $image -AgainstBackingFile
            Test-SameBytes (Get-DiskBytes $image) $reads | Should -BeTrue
            Assert-Clean $image -Qemu
        }
    }

    Context 'frees' {
        It 'clusters that are all zeroes, and reports how many' {
            $result = Optimize-QedImage $path
            $result | Should -HaveCount 1
            $result.PSObject.TypeNames[0] | Should -Be 'QedTools.QedOptimizeResult'
            $result.Path | Should -BeExactly $path
            $result.ZeroedClusters | Should -Be 4
            $result.LeakedClusters | Should -Be 0
            $result.DroppedClusters | Should -Be 0
            $result.FileSizeBefore | Should -Be (11 * 4096)
            # Header, L1 table, one L2 table, two clusters of data.
            $result.FileSizeAfter | Should -Be (7 * 4096)
            $check = Test-QedImage $path
            $check.AllocatedClusters | Should -Be 2
            $check.ZeroClusters | Should -Be 0
            Assert-Disk $path 1MB '20479+1 0x41, 32K+4K 0x42'
        }

        It 'clusters of zeroes over a backing file, and replaces them with zero clusters' {
            Set-DiskBytes $overlay 0 (New-Bytes 8192 -Value 0)
            $result = Optimize-AsForetold $overlay
            $result.ZeroedClusters | Should -Be 2
            (Test-QedImage $overlay).ZeroClusters | Should -Be 3
            Assert-Disk $overlay 1MB '8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
            Assert-Clean $overlay -Qemu
        }

        It 'the leaks of <Name>.qed' -ForEach @(
            @{ Name = 'leak-at-end'; Leaked = 3 }, @{ Name = 'leak-in-middle'; Leaked = 1 }, @{ Name = 'leak-table'; Leaked = 5 }, @{ Name = 'dirty-leaks'; Leaked = 2 }, @{ Name = 'tail-leak'; Leaked = 1 }
        ) {
            $image = Copy-Fixture "damaged/$Name.qed" -Folder $folder
            $result = Optimize-QedImage $image
            $result.LeakedClusters | Should -Be $Leaked
            $result.FileSizeBefore - $result.FileSizeAfter | Should -BeGreaterOrEqual ($Leaked * 4096)
            (Test-QedImage $image).LeakedClusters | Should -Be 0
        }

        It 'space on the host' {
            Skip-TestWithout Unix
            $big = [System.IO.Path]::Combine($folder, 'big.qed')
            $null = New-QedImage $big 16MB
            Set-DiskBytes $big 0 (New-Bytes 8MB -Value 0xE1)
            Set-DiskBytes $big 0 (New-Bytes 7MB -Value 0)
            $result = Optimize-QedImage $big
            $result.ZeroedClusters | Should -Be 112
            $result.DiskUsageBefore - $result.DiskUsageAfter | Should -BeGreaterOrEqual 6MB
            $result.DiskUsageAfter | Should -Be (Get-QedInfo $big).DiskUsage
            Test-AllBytes (Get-DiskBytes $big 7MB 1MB) 0xE1 | Should -BeTrue
            Test-AllBytes (Get-DiskBytes $big 0 7MB) 0 | Should -BeTrue
        }

        It 'nothing in an image without free clusters, and does not change it' {
            $fine = Copy-Fixture 'images/backwards.qed' -Folder $folder
            [System.IO.File]::SetLastWriteTimeUtc($fine, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            $result = Optimize-QedImage $fine
            $result.LeakedClusters, $result.ZeroedClusters, $result.DroppedClusters | Should -Be 0, 0, 0
            $result.FileSizeAfter | Should -Be $result.FileSizeBefore
            Get-FolderState $folder | Should -Be $before
        }

        It 'nothing more in a second run' {
            $null = Optimize-QedImage $path
            $hash = Get-Sha256 $path
            $result = Optimize-QedImage $path
            $result.ZeroedClusters | Should -Be 0
            $result.FileSizeAfter | Should -Be $result.FileSizeBefore
            Get-Sha256 $path | Should -Be $hash
        }
    }

    Context 'with -AgainstBackingFile' {
        It 'frees clusters with the same contents as the backing file' {
            Set-DiskBytes $overlay 0 (New-Bytes 4096 -Value 0x11)
            Set-DiskBytes $overlay 4096 (New-Bytes 4096 -Value 0x11)
            Set-DiskBytes $overlay 200KB (New-Bytes 4096 -Value 0)
            $reads = Get-DiskBytes $overlay
            $result = Optimize-AsForetold $overlay -AgainstBackingFile
            $result.DroppedClusters | Should -Be 3
            $result.ZeroedClusters | Should -Be 0
            Get-QedAllocationMap $overlay -State Data, Zero | ForEach-Object { "$($_.Start)+$($_.Length) $($_.State)" } | Should -Be '65536+4096 Zero', '524288+4096 Data'
            Test-SameBytes (Get-DiskBytes $overlay) $reads | Should -BeTrue
            Assert-Clean $overlay -Qemu
        }

        It 'keeps such clusters without the parameter' {
            Set-DiskBytes $overlay 0 (New-Bytes 4096 -Value 0x11)
            $result = Optimize-QedImage $overlay
            $result.DroppedClusters | Should -Be 0
            (Test-QedImage $overlay).AllocatedClusters | Should -Be 3
        }

        It 'compares with all layers below' {
            $top = Copy-Fixture 'chains/three-top.qed' -Folder $folder
            Set-DiskBytes $top 0 (New-Bytes 4096 -Value 0x11)
            Set-DiskBytes $top 8KB (New-Bytes 4096 -Value 0x41)
            (Optimize-QedImage $top -AgainstBackingFile).DroppedClusters | Should -Be 2
            Assert-Disk $top 1MB '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43'
        }

        It 'compares with zeroes past the end of the backing file' {
            $shorter = Copy-Fixture 'chains/over-shorter.qed' -Folder $folder
            Set-DiskBytes $shorter 11264 (New-Bytes 512 -Value 0)
            Set-DiskBytes $shorter 32KB (New-Bytes 4096 -Value 0)
            (Optimize-QedImage $shorter -AgainstBackingFile).DroppedClusters | Should -Be 2
            Assert-Disk $shorter 65536 '0+10000 0x53'
        }

        It 'does no harm to an image without a backing file' {
            $result = Optimize-QedImage $path -AgainstBackingFile
            $result.ZeroedClusters | Should -Be 4
            $result.DroppedClusters | Should -Be 0
            Assert-Disk $path 1MB '20479+1 0x41, 32K+4K 0x42'
        }
    }

    Context 'with -WhatIf, -Confirm and -Verbose' {
        It 'reports with -WhatIf what it would do, and does nothing' {
            Assert-WhatIf { Optimize-QedImage $path -WhatIf } $folder "Free the clusters of '$path' that are leaked or contain only zeroes (0 leaked, 4 of zeroes), and shrink the file of 44 KiB to 28 KiB: by 16384 bytes."
            Assert-WhatIf { Optimize-QedImage $overlay -AgainstBackingFile -WhatIf } $folder "Free the clusters of '$overlay' that are leaked, contain only zeroes or match the backing file (0 leaked, 0 of zeroes, 0 that match), and shrink the file of * KiB to * KiB: by 0 bytes."
        }

        It 'refuses <Name> with -WhatIf too: <Id>' -ForEach @(
            @{ Name = 'damaged/l2-past-end.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*Repair-QedImage*' }
            @{ Name = 'damaged/double-one-table.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*Repair-QedImage*' }
            @{ Name = 'damaged/dirty-corrupt.qed'; Id = 'QedCorrupt'; Category = 'InvalidData'; Message = '*Repair-QedImage*' }
            @{ Name = 'chains/name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*' }
            @{ Name = 'headers/table-size-3.qed'; Id = 'QedHeaderInvalid'; Category = 'InvalidData'; Message = '*table_size*' }
        ) {
            $bad = Copy-Fixture $Name -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Optimize-QedImage $bad -AgainstBackingFile } $Id $Category $bad $Message
            Get-FolderState $folder | Should -Be $before
            Assert-OneError { Optimize-QedImage $bad -AgainstBackingFile -WhatIf } $Id $Category $bad $Message
            Get-FolderState $folder | Should -Be $before
        }

        It 'prompts with -Confirm' {
            Assert-Confirm { Optimize-QedImage $path -Confirm } $folder "*Free the clusters*$path*"
            Assert-Disk $path 1MB '20479+1 0x41, 32K+4K 0x42'
        }

        It 'does not prompt with -Confirm:$false, regardless of $ConfirmPreference' {
            $ConfirmPreference = 'Low'
            (Optimize-QedImage $path -Confirm:$false).ZeroedClusters | Should -Be 4
        }

        It 'reports with -Verbose how much smaller the file became' {
            $recorded = Invoke-Recorded { Optimize-QedImage $path -Verbose }
            @($recorded.Verbose -like "*${path}: 44 KiB before, 28 KiB now*") | Should -HaveCount 1
        }

        It 'writes a result that can be converted to JSON' {
            (Optimize-QedImage $path | ConvertTo-Json | ConvertFrom-Json).ZeroedClusters | Should -Be 4
        }
    }

    Context 'on errors' {
        It 'refuses an image in use, and changes nothing' {
            $stream = Open-QedImage $path
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Optimize-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
                Assert-OneError { Optimize-QedImage $path -WhatIf } 'QedImageInUse' 'ResourceBusy' $path
            }
            finally { $stream.Dispose() }
        }

        It 'refuses an image that qemu-io has open' {
            Skip-TestWithout QemuLocks
            $process = Open-InQemu $path
            try { Assert-OneError { Optimize-QedImage $path } 'QedImageInUse' 'ResourceBusy' $path }
            finally { Close-Qemu $process }
        }

        It 'does not follow the backing file name without -AgainstBackingFile' {
            Set-QedBackingFile $leaky 'missing.qed' -Force
            $recorded = Invoke-Recorded { Optimize-QedImage $leaky }
            $recorded.Errors | Should -BeNullOrEmpty
            (Test-QedImage $leaky).LeakedClusters | Should -Be 0
        }

        It 'continues with the next image after an error, and throws with -ErrorAction Stop' {
            $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
            $recorded = Invoke-Recorded { $missing, $path | Optimize-QedImage }
            $recorded.Errors | ForEach-Object { $_.TargetObject } | Should -Be $missing
            $recorded.Output | ForEach-Object { $_.Path } | Should -Be $path
            { Optimize-QedImage $missing -ErrorAction Stop } | Should -Throw -ErrorId 'QedFileNotFound,QedTools.Commands.OptimizeQedImageCommand'
        }
    }

    Context 'compared with qemu-io' {
        It 'frees clusters that qemu-io wrote and then zeroed' {
            Skip-TestWithout QemuImg
            (Invoke-Native qemu-io -f qed -c 'write -P 0xe1 256k 64k' -c 'write -P 0 256k 60k' $path).ExitCode | Should -Be 0
            (Optimize-QedImage $path).ZeroedClusters | Should -Be 19
            $read = Invoke-Native qemu-io -r -f qed -c 'read -P 0xe1 316k 4k' -c 'read -P 0 256k 60k' -c 'read -P 0x42 32k 4k' $path
            "$($read.Output)" | Should -Not -Match 'verification failed'
            Assert-Clean $path -Qemu
        }
    }
}
