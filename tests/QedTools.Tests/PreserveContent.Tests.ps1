# Set-QedBackingFile -PreserveContent: changes the backing file and keeps the contents of the disk. Set-QedBackingFile.Tests.ps1
# tests the cmdlet without it.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $disks = @(
        @{ Name = 'over-raw'; Size = 32768; Shown = '0+4K 0x21, 4K+4K 0x71, 12K+512 0x73, 12800+512 0x22, 13K+3K 0x73, 16K+4K 0x74, 20K+4K 0x75, 24K+4K 0x76, 28K+4K 0x77' }
        @{ Name = 'over-qed'; Size = 1048576; Shown = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32' }
        @{ Name = 'three-top'; Size = 1048576; Shown = '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43' }
        @{ Name = 'over-shorter'; Size = 65536; Shown = '0+10000 0x53, 11K+512 0x51, 32K+4K 0x52' }
        @{ Name = 'over-longer'; Size = 18432; Shown = '0+4K 0x70, 4K+4K 0x53, 8K+4K 0x72, 12K+4K 0x73, 16K+2K 0x74' }
        @{ Name = 'plain'; Size = 6291456; Shown = '0+8K 0x11, 24K+4K 0x12, 64K+4K 0x13' }
    )
    $changes = foreach ($disk in $disks) {
        foreach ($to in 'base.raw', 'short.raw', 'base.qed', 'three-middle.qed', 'large.raw') { $disk + @{ To = $to } }
    }
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Set-QedBackingFile -PreserveContent' {
    BeforeEach {
        $folder = New-Folder 'preserve'
        $null = Copy-Fixture 'chains/base.raw', 'chains/short.raw', 'chains/base.qed', 'chains/three-middle.qed' -Folder $folder
        $null = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder -As 'plain.qed'
        $null = New-RawFile ([System.IO.Path]::Combine($folder, 'large.raw')) 7MB '0+7M 0xe7'
        $path = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
        $reads = '0+4K 0x11, 4K+4K 0x31, 8K+8K 0x11, 68K+12K 0x12, 512K+4K 0x32'
        $null = Copy-Fixture 'chains/over-raw.qed', 'chains/three-top.qed', 'chains/over-shorter.qed', 'chains/over-longer.qed' -Folder $folder
    }

    Context 'moves <Name>.qed to the backing file <To>' -ForEach $changes {
        It 'and keeps its contents' {
            $image = [System.IO.Path]::Combine($folder, "$Name.qed")
            $others = @(foreach ($file in [System.IO.Directory]::GetFiles($folder)) { if ($file -ne $image) { $file } })
            $before = @($others | ForEach-Object { Get-Sha256 $_ })
            $info = Set-QedBackingFile $image $To -PreserveContent -PassThru
            $info.BackingFile | Should -BeExactly $To
            "$($info.BackingFormat)" | Should -Be $(if ($To -like '*.raw') { 'Raw' } else { 'Probe' })
            $info.InUse | Should -BeFalse
            $info.NeedsCheck | Should -BeFalse
            $info.VirtualSize | Should -Be $Size
            Assert-Disk $image $Size $Shown
            Assert-Clean $image -Qemu
            @($others | ForEach-Object { Get-Sha256 $_ }) | Should -Be $before
        }
    }

    Context 'makes <Name>.qed standalone with -Remove' -ForEach $disks {
        It 'and keeps its contents without any other file' {
            $image = [System.IO.Path]::Combine($folder, "$Name.qed")
            $info = Set-QedBackingFile $image -Remove -PreserveContent -PassThru
            $info.BackingFile | Should -BeNullOrEmpty
            $info.BackingFormat | Should -BeNullOrEmpty
            foreach ($file in [System.IO.Directory]::GetFiles($folder)) { if ($file -ne $image) { [System.IO.File]::Delete($file) } }
            Assert-Disk $image $Size $Shown
            Assert-Clean $image -Qemu
        }
    }

    Context 'copies' {
        It 'only data that differs' {
            $twin = [System.IO.Path]::Combine($folder, 'twin.qed')
            $null = Convert-QedImage ([System.IO.Path]::Combine($folder, 'base.qed')) $twin
            Set-DiskBytes $twin 8192 (New-Bytes 1 -Value 0xEE)
            Set-QedBackingFile $path twin.qed -PreserveContent
            Get-QedAllocationMap $path -State Data, Zero | ForEach-Object { "$($_.Start)+$($_.Length) $($_.State)" } |
                Should -Be '4096+4096 Data', '8192+4096 Data', '65536+4096 Zero', '524288+4096 Data'
            Assert-Disk $path 1MB $reads
        }

        It 'nothing if the new backing file has the same contents' {
            $null = Convert-QedImage ([System.IO.Path]::Combine($folder, 'base.qed')) ([System.IO.Path]::Combine($folder, 'twin.raw'))
            $before = @(Get-QedAllocationMap $path | ForEach-Object { "$_ $($_.FileOffset)" })
            Set-QedBackingFile $path twin.raw -PreserveContent
            @(Get-QedAllocationMap $path | ForEach-Object { "$_ $($_.FileOffset)" }) | Should -Be $before
            Assert-Disk $path 1MB $reads
        }

        It 'zeroes as zero entries, not as data' {
            Set-QedBackingFile $path large.raw -PreserveContent
            (Test-QedImage $path).AllocatedClusters | Should -Be 8
            Assert-Disk $path 1MB $reads
        }

        It 'the data of an intermediate layer that is removed from the chain' {
            $top = [System.IO.Path]::Combine($folder, 'three-top.qed')
            Set-QedBackingFile $top base.qed -PreserveContent
            Get-QedAllocationMap $top -State Data, Zero | ForEach-Object { "$($_.Start)+$($_.Length) $($_.State)" } |
                Should -Be '8192+4096 Data', '12288+4096 Data', '69632+4096 Zero', '262144+4096 Data'
            Get-QedInfo $top -BackingChain | Should -HaveCount 2
        }

        It 'nothing and changes nothing if the image already names that file' {
            [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::new(2020, 1, 2))
            $before = Get-FolderState $folder
            Set-QedBackingFile $path base.qed -PreserveContent
            Set-QedBackingFile ([System.IO.Path]::Combine($folder, 'plain.qed')) -Remove -PreserveContent
            Get-FolderState $folder | Should -Be $before
        }

        It 'into 64 KiB clusters that contain data from both files' {
            $wide = [System.IO.Path]::Combine($folder, 'wide.qed')
            $null = New-QedImage $wide -BackingFile base.qed
            Set-DiskBytes $wide 100000 (New-Bytes 10 -Value 0xE1)
            Set-QedBackingFile $wide short.raw -PreserveContent
            Assert-Disk $wide 1MB '0+16K 0x11, 64K+16K 0x12, 100000+10 0xe1'
            Assert-Clean $wide -Qemu
        }

        It 'a large, mostly unallocated disk quickly' {
            $null = Copy-Fixture 'images/scattered-default.qed' -Folder $folder
            $big = [System.IO.Path]::Combine($folder, 'big.qed')
            $null = New-QedImage $big -BackingFile scattered-default.qed
            Set-QedBackingFile $big -Remove -PreserveContent
            (Test-QedImage $big).AllocatedClusters | Should -Be 4
            (Compare-QedImage $big ([System.IO.Path]::Combine($folder, 'scattered-default.qed')) -Strict).AreEqual | Should -BeTrue
        }
    }

    Context 'accepts its parameters' {
        It 'in every parameter set, and writes output only with -PassThru' {
            foreach ($set in (Get-Command Set-QedBackingFile).ParameterSets) {
                @($set.Parameters | Where-Object { $_.Name -eq 'PreserveContent' }) | Should -HaveCount 1 -Because $set.Name
            }

            Set-QedBackingFile $path base.raw -PreserveContent | Should -BeNullOrEmpty
        }

        It 'for images from the pipeline' {
            $others = $path, ([System.IO.Path]::Combine($folder, 'three-top.qed'))
            $others | Set-QedBackingFile -BackingFile base.raw -PreserveContent -PassThru | ForEach-Object { $_.Path } | Should -Be $others
            Get-QedInfo $path | Set-QedBackingFile -Remove -PreserveContent
            Assert-Disk $path 1MB $reads
        }

        It 'with a backing file recorded as raw on request' {
            "$((Set-QedBackingFile $path base.raw -BackingFormat Raw -PreserveContent -PassThru).BackingFormat)" | Should -Be 'Raw'
            "$((Set-QedBackingFile $path plain.qed -BackingFormat Raw -PreserveContent -PassThru).BackingFormat)" | Should -Be 'Raw'
            Assert-Disk $path 1MB $reads
        }
    }

    Context 'with -WhatIf, -Confirm and -Verbose' {
        It 'reports with -WhatIf what it would do, and does nothing' {
            Assert-WhatIf { Set-QedBackingFile $path base.raw -PreserveContent -WhatIf } $folder "Change the backing file of '$path' from 'base.qed' to 'base.raw', and copy the data that differs into the image."
            Assert-WhatIf { Set-QedBackingFile $path -Remove -PreserveContent -WhatIf } $folder "Remove the backing file 'base.qed' from '$path', and copy the data that only it holds into the image."
        }

        It 'prompts with -Confirm' {
            Assert-Confirm { Set-QedBackingFile $path base.raw -PreserveContent -Confirm } $folder "*Change the backing file of '$path' from*to 'base.raw', and copy*"
            Assert-Disk $path 1MB $reads
        }

        It 'reports with -Verbose what it did' {
            $recorded = Invoke-Recorded { Set-QedBackingFile $path base.raw -PreserveContent -Verbose }
            @($recorded.Verbose -like "*$path*copy the data that differs into the image*") | Should -HaveCount 1
            @($recorded.Verbose -like "*'base.raw', recorded as Raw*") | Should -HaveCount 1
        }
    }

    Context 'leaves the image unchanged' {
        It 'if its current backing file is <How>: <Id>' -ForEach @(
            @{ How = 'missing'; Name = 'chains/name-missing.qed'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound'; Message = '*missing.qed*' }
            @{ How = 'on a network'; Name = 'chains/name-nbd.qed'; Id = 'QedBackingFileRefused'; Category = 'SecurityError'; Message = '*protocol*' }
            @{ How = 'the image itself'; Name = 'chains/cycle-self.qed'; Id = 'QedBackingChain'; Category = 'InvalidData'; Message = '*leads back*' }
        ) {
            $bad = Copy-Fixture $Name -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $bad base.raw -PreserveContent } $Id $Category $bad $Message
            Assert-OneError { Set-QedBackingFile $bad -Remove -PreserveContent } $Id $Category $bad $Message
            Get-FolderState $folder | Should -Be $before
            Assert-OneError { Set-QedBackingFile $bad -Remove -PreserveContent -WhatIf } $Id $Category $bad $Message
        }

        It 'if the new backing file is missing, even with -Force, because its contents are needed' {
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $path missing.raw -PreserveContent } 'QedBackingFileNotFound' 'ObjectNotFound' $path '*missing.raw*'
            $recorded = Invoke-Recorded { Set-QedBackingFile $path missing.raw -PreserveContent -Force }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].TargetObject | Should -BeExactly $path
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingFileNotFound,*'
            Get-FolderState $folder | Should -Be $before
            (Invoke-Recorded { Set-QedBackingFile $path missing.raw -PreserveContent -Force -WhatIf }).Errors | Should -HaveCount 1
        }

        It 'if the chain of the new backing file is broken' {
            $null = Copy-Fixture 'chains/name-missing.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $path name-missing.qed -PreserveContent } 'QedBackingFileNotFound' 'ObjectNotFound' $path '*missing.qed*'
            Get-FolderState $folder | Should -Be $before
            Assert-OneError { Set-QedBackingFile $path name-missing.qed -PreserveContent -WhatIf } 'QedBackingFileNotFound' 'ObjectNotFound' $path '*missing.qed*'
        }

        It 'if the chain of the new backing file leads back to the image' {
            $base = [System.IO.Path]::Combine($folder, 'base.qed')
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $base over-qed.qed -PreserveContent } 'QedBackingChain' 'InvalidData' $base '*leads back*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'if the new backing file is damaged where it is read' {
            $null = Copy-Fixture 'damaged/l2-past-end.qed' -Folder $folder
            $top = [System.IO.Path]::Combine($folder, 'three-top.qed')
            Assert-OneError { Set-QedBackingFile $top l2-past-end.qed -PreserveContent } 'QedCorrupt' 'InvalidData' $top '*l2-past-end.qed*Repair-QedImage*'
            (Get-QedInfo $top).BackingFile | Should -Be 'three-middle.qed'
            Assert-Disk $top 1MB '0+8K 0x11, 8K+4K 0x41, 12K+4K 0x42, 64K+4K 0x12, 72K+8K 0x12, 256K+4K 0x43'
            Assert-Clean $top
        }

        It 'if another program is writing to the new backing file' {
            $stream = Open-QedImage ([System.IO.Path]::Combine($folder, 'plain.qed')) -ReadWrite
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Set-QedBackingFile $path plain.qed -PreserveContent } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
            }
            finally { $stream.Dispose() }
        }

        It 'if the image itself is in use' {
            $stream = Open-QedImage $path
            try {
                $before = Get-FolderState $folder
                Assert-OneError { Set-QedBackingFile $path base.raw -PreserveContent } 'QedImageInUse' 'ResourceBusy' $path
                Get-FolderState $folder | Should -Be $before
            }
            finally { $stream.Dispose() }
        }

        It 'if the name is too long, or unknown features may use the space for it' {
            $compat = Copy-Fixture 'headers/compat-unknown.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $path ('./' * 508 + 'base.raw') -PreserveContent } 'QedLimit' 'InvalidArgument' $path '*1023*'
            Assert-OneError { Set-QedBackingFile $compat base.raw -PreserveContent } 'QedUnsupportedFeature' 'NotImplemented' $compat '*0x1*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'if the image is dirty and corrupt' {
            $bad = Copy-Fixture 'damaged/dirty-corrupt.qed' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Set-QedBackingFile $bad base.raw -PreserveContent } 'QedCorrupt' 'InvalidData' $bad '*Repair-QedImage*'
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'compared with qemu-img' {
        It 'gives <Name>.qed the same contents as qemu-img rebase' -ForEach @($disks | Where-Object { $_.Name -ne 'plain' }) {
            Skip-TestWithout QemuImg
            $image = [System.IO.Path]::Combine($folder, "$Name.qed")
            $theirs = [System.IO.Path]::Combine($folder, 'theirs.qed')
            [System.IO.File]::Copy($image, $theirs)
            (Invoke-Native qemu-img rebase -f qed -b large.raw -F raw $theirs).ExitCode | Should -Be 0
            Set-QedBackingFile $image large.raw -PreserveContent
            (Invoke-Native qemu-img compare -f qed -F qed $image $theirs).ExitCode | Should -Be 0
        }
    }
}
