# Measure-QedImage: how large the result of a conversion will be.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Measure-QedImage' {
    BeforeEach {
        $folder = New-Folder 'measure'
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $null = Copy-Fixture 'chains/base.raw', 'chains/base.qed' -Folder $folder
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
    }

    It 'has every parameter of Convert-QedImage that is about the new file or the source' {
        $own = 'DestinationPath', 'Chain', 'IntoExisting', 'TargetIsZero', 'Force', 'Verify', 'NoFlush', 'WhatIf', 'Confirm'
        $theirs = (Get-Command Convert-QedImage).Parameters.Keys | Where-Object { $_ -notin $own }
        (Get-Command Measure-QedImage).Parameters.Keys | Sort-Object | Should -Be ($theirs | Sort-Object)
    }

    It 'agrees with the conversion that follows: <Format>' -ForEach @(
        @{ Format = 'Qed' }, @{ Format = 'Raw' }, @{ Format = 'Vhdx' }, @{ Format = 'Vhd' }, @{ Format = 'Qcow2' }, @{ Format = 'Vdi' }, @{ Format = 'Vmdk' }
    ) {
        $measure = Measure-QedImage $overlay -Format $Format -ScanZeroes
        [System.IO.Directory]::GetFiles($folder) | Should -HaveCount 4
        $result = Convert-QedImage $overlay ([System.IO.Path]::Combine($folder, 'out')) -Format $Format
        $measure.RequiredBytes | Should -Be $result.FileSize
        $measure.VirtualSize | Should -Be $result.VirtualSize
        $measure.Format | Should -Be $result.Format
        $measure.IsUpperBound | Should -BeFalse
        $measure.Path | Should -BeExactly $overlay
    }

    It 'agrees with qemu-img measure about <Format>' -ForEach @(@{ Format = 'Qcow2'; Theirs = 'qcow2' }, @{ Format = 'Raw'; Theirs = 'raw' }) {
        Skip-TestWithout QemuImg
        $text = (Invoke-Native qemu-img measure -O $Theirs -f qed $path).Output -join "`n"
        $ours = Measure-QedImage $path -Format $Format -ScanZeroes
        # Both preallocate nothing, but the refcounts that QEMU counts for a full disk differ by a few clusters.
        [System.Math]::Abs($ours.RequiredBytes - [long][regex]::Match($text, 'required size: (\d+)').Groups[1].Value) | Should -BeLessOrEqual $(if ($Format -eq 'Raw') { 6MB } else { 256KB })
        [System.Math]::Abs($ours.FullyAllocatedBytes - [long][regex]::Match($text, 'fully allocated size: (\d+)').Groups[1].Value) | Should -BeLessOrEqual 256KB
    }

    It 'measures an overlay, whose backing file is named as seen from here' {
        Invoke-InFolder $folder {
            $measure = Measure-QedImage over-qed.qed -BackingFile base.qed -ScanZeroes
            $measure.Format | Should -Be 'QED'
            $measure.BackingFile | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.qed'))
            $measure.RequiredBytes | Should -Be (Convert-QedImage over-qed.qed again.qed -BackingFile base.qed).FileSize
        }
    }

    It 'says that a measure is an upper bound where data was not read, and with compression' {
        (Measure-QedImage $path -Format Qcow2).IsUpperBound | Should -BeTrue
        (Measure-QedImage $path -Format Qcow2 -ScanZeroes).IsUpperBound | Should -BeFalse
        (Measure-QedImage $path -Format Qcow2 -ScanZeroes -Compress).IsUpperBound | Should -BeTrue
        (Measure-QedImage $path -Format Vhd -Fixed).IsUpperBound | Should -BeFalse
    }

    It 'takes files from the pipeline, and sorts and sums' {
        $found = Get-ChildItem -LiteralPath $folder -Filter '*.qed' | Measure-QedImage -Format Vdi | Sort-Object RequiredBytes
        $found | Should -HaveCount 3
        ($found | Measure-Object AllocatedBytes -Sum).Sum | Should -BeGreaterThan 0
        "$($found[0])" | Should -BeLike 'VDI, *'
    }

    It 'refuses what the conversion would refuse' {
        Assert-OneError { Measure-QedImage $path -Format Raw -ClusterSizeBytes 64KB } 'QedRequest' 'InvalidArgument' $path
        Assert-OneError { Measure-QedImage (Get-Fixture 'damaged/l1-huge.qed') -Format Raw } 'QedCorrupt' 'InvalidData' (Get-Fixture 'damaged/l1-huge.qed')
    }
}

Describe 'Convert-QedImage and the free space' {
    BeforeEach {
        if ($IsOnWindows -or -not (Test-Root)) { Set-ItResult -Skipped -Because 'only root on Linux mounts a small file system' }
        $small = New-Folder 'small'
        if ((Invoke-Native mount -t tmpfs -o size=1m tmpfs $small).ExitCode -ne 0) { Set-ItResult -Skipped -Because 'nothing can be mounted here' }
        $source = Join-TestDrive 'source.raw'
        $bytes = [byte[]]::new(4MB)
        [System.Random]::new(1).NextBytes($bytes)
        [System.IO.File]::WriteAllBytes($source, $bytes)
        $destination = [System.IO.Path]::Combine($small, 'result.qed')
    }

    # A test that was skipped before it had the folder has mounted nothing, and Windows has no such program.
    AfterEach { if ($small) { $null = Invoke-Native umount --lazy $small } }

    It 'refuses a result that does not fit, with both figures, before it writes anything' {
        foreach ($whatIf in $true, $false) {
            Assert-OneError { Convert-QedImage $source $destination -WhatIf:$whatIf } 'QedDiskFull' 'ResourceUnavailable' $source '*4.*MiB*may be needed*1 MiB (1048576 bytes) free*Nothing was written*-Force*'
        }
        Get-ChildItem -LiteralPath $small -Force | Should -BeNullOrEmpty
    }

    It 'tries it with -Force, and leaves nothing behind when it fails' {
        Assert-OneError { Convert-QedImage $source $destination -Force } 'QedDiskFull' 'ResourceUnavailable' $source '*No space left*'
        Get-ChildItem -LiteralPath $small -Force | Should -BeNullOrEmpty
    }

    It 'does not refuse an overlay, whose size only its contents decide' {
        $info = Convert-QedImage $source $destination -BackingFile $source
        $info.VirtualSize | Should -Be 4MB
        (Compare-QedImage $destination $source).AreEqual | Should -BeTrue
    }

    It 'compares the space for all files of chains, and writes none if it is too little' {
        $images = New-Folder 'images'
        Invoke-InFolder $images {
            $null = New-QedImage base.qed 2MB
            'a', 'b', 'c' | ForEach-Object {
                $null = New-QedImage "$_.qed" -BackingFile base.qed
                $stream = Open-QedImage "$_.qed" -ReadWrite
                $stream.Write($bytes, 0, 200KB)
                $stream.Dispose()
            }
        }
        $top = 'a', 'b', 'c' | ForEach-Object { [System.IO.Path]::Combine($images, "$_.qed") }
        foreach ($whatIf in $true, $false) {
            Assert-OneError { $top | Convert-QedImage -Chain -DestinationPath $small -Format Qcow2 -WhatIf:$whatIf } 'QedDiskFull' 'ResourceUnavailable' '' '*the results*1 MiB (1048576 bytes) free*Nothing was written*-Force*'
        }
        Get-ChildItem -LiteralPath $small -Force | Should -BeNullOrEmpty
        (Convert-QedImage $top[0] $small -Chain -Format Qcow2).Name | Should -Be 'base.qcow2', 'a.qcow2'
    }

    It 'advises nothing about zeroes where they take up space too' {
        $raw = [System.IO.Path]::Combine($small, 'result.raw')
        Assert-OneError { Convert-QedImage $source $raw -FullyAllocated } 'QedDiskFull' 'ResourceUnavailable' $source '*Nothing was written. Free some space*try again.'
    }

    It 'counts stored zeroes as data, which -Force overrides' {
        [System.IO.File]::WriteAllBytes($source, [byte[]]::new(4MB))
        Assert-OneError { Convert-QedImage $source $destination } 'QedDiskFull' 'ResourceUnavailable' $source '*Measure-QedImage -ScanZeroes*'
        (Measure-QedImage $source -ScanZeroes).AllocatedBytes | Should -BeLessThan 1MB
        (Convert-QedImage $source $destination -Force).VirtualSize | Should -Be 4MB
    }
}
