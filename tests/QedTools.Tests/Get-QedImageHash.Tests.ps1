# Get-QedImageHash: the hash of a disk, the same in every format. Its definition is tested with the engine.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Get-QedImageHash' {
    BeforeEach {
        $folder = New-Folder 'hash'
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $null = Copy-Fixture 'chains/base.qed', 'chains/base.raw' -Folder $folder
        $overlay = Copy-Fixture 'chains/over-qed.qed' -Folder $folder
    }

    It 'accepts its parameters as documented' {
        $names = 'Algorithm', 'AllowUnc', 'BackingFolder', 'BlockSizeBytes', 'ForceShare'
        $rest = 'Plain', 'Snapshot', 'SourceBackingFile', 'SourceFormat'
        Get-OwnParameter Get-QedImageHash Path | Should -Be ($names + 'Partition property' + 'Path!@0 value property' + $rest)
        Get-OwnParameter Get-QedImageHash LiteralPath | Should -Be ($names + 'LiteralPath! property' + 'Partition property' + $rest)
    }

    # By the reference program of blkhash on the same 32 KiB.
    It 'gives the hash that blksum gives' {
        $hash = Get-QedImageHash ([System.IO.Path]::Combine($folder, 'base.raw'))
        $hash | Should -BeOfType ([QedTools.QedImageHash])
        $hash.Hash | Should -BeExactly '489C2403761A6B4C2CED2D560AB6095062912F44FEEE8E6CEDF0BBA951D6FFA3'
        "$($hash.Algorithm)" | Should -BeExactly 'SHA256'
        $hash.BlockSizeBytes | Should -Be 64KB
        $hash.VirtualSize | Should -Be 32KB
        $hash.Path | Should -BeExactly ([System.IO.Path]::Combine($folder, 'base.raw'))
        "$hash" | Should -BeExactly $hash.Hash
    }

    It 'is the same for a chain and what it is converted to: <Format>' -ForEach @(
        @{ Format = 'Qed' }, @{ Format = 'Raw' }, @{ Format = 'Vhdx' }, @{ Format = 'Qcow2' }, @{ Format = 'Vdi' }, @{ Format = 'Vmdk' }
    ) {
        $result = Convert-QedImage $overlay ([System.IO.Path]::Combine($folder, "new.$Format")) -Format $Format -Verify -WarningAction Ignore
        $expected = (Get-QedImageHash $overlay).Hash
        (Get-QedImageHash $result.Path -SourceFormat $Format).Hash | Should -BeExactly $expected
        $result.Hash | Should -BeExactly $expected
    }

    It 'gives with -Plain what Get-FileHash gives for a raw file: <_>' -ForEach 'SHA256', 'SHA512', 'SHA1', 'MD5' {
        $raw = (Convert-QedImage $path ([System.IO.Path]::Combine($folder, 'plain.raw'))).Path
        $hash = Get-QedImageHash $path -Plain -Algorithm $_
        $hash.Hash | Should -BeExactly (Get-FileHash $raw -Algorithm $_).Hash
        $hash.BlockSizeBytes | Should -BeNullOrEmpty
    }

    It 'takes several files from the pipeline, and goes on after an error' {
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        $recorded = Invoke-Recorded { $path, $missing, $overlay | Get-QedImageHash }
        $recorded.Output.Path | Should -Be $path, $overlay
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedFileNotFound,*'
        Get-ChildItem -LiteralPath $folder -Filter *.qed | Get-QedImageHash | Should -HaveCount 3
    }

    It 'refuses block sizes that are not possible, and completes those that are' {
        Assert-OneError { Get-QedImageHash $path -BlockSizeBytes 1000 } 'QedLimit' 'InvalidArgument' $path "*block size of 1000 bytes*power of two from 512 to 16777216*"
        $line = 'Get-QedImageHash a.qed -BlockSizeBytes 6'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be '64KB'
        (Get-QedImageHash $path -BlockSizeBytes 4KB).Hash | Should -Not -Be (Get-QedImageHash $path).Hash
    }

    It 'refuses an image that is being written to, unless -ForceShare is given' {
        $stream = Open-QedImage $path -ReadWrite
        try {
            Assert-OneError { Get-QedImageHash $path } 'QedImageInUse' 'ResourceBusy' $path
            (Get-QedImageHash $path -ForceShare).Hash | Should -HaveCount 1
        }
        finally { $stream.Dispose() }
    }

    It 'shows the whole hash' {
        $hash = Get-QedImageHash ([System.IO.Path]::Combine($folder, 'base.qed'))
        Get-Screen $hash | Should -Be @(
            "   Directory: $folder"
            "$('Hash'.PadRight(64)) Name"
            "$('----'.PadRight(64)) ----"
            "$($hash.Hash) base.qed")
        $long = Get-QedImageHash $hash.Path -Algorithm SHA512
        (Get-Screen $long)[-2..-1].Trim() | Should -Be "$($long.Hash.Substring(0, 64)) base.qed", $long.Hash.Substring(64)
        (Get-Screen ($hash | Format-List)) -join "`n" | Should -BeLike "*BlockSizeBytes : 64 KiB (65536 bytes)*Hash*: $($hash.Hash.Substring(0, 40))*"
    }
}
