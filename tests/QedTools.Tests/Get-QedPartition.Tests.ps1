# Get-QedPartition, -Partition of the other cmdlets, and what Resize-QedImage says about partitions. Tables and file systems are tested with the
# engine; what the fixtures hold, sfdisk, partx and blkid say (tests/fixtures/partitions).
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    function Get-Table {
        param([string] $File)
        [System.IO.File]::ReadAllLines([System.IO.Path]::Combine($PSScriptRoot, '..', 'fixtures', 'partitions', 'tables.tsv')) |
            ConvertFrom-Csv -Delimiter "`t" | Where-Object { $_.file -eq $File }
    }
}

Describe 'Get-QedPartition' {
    BeforeEach {
        $folder = New-Folder 'partition'
        $gpt = Expand-Fixture 'partitions/gpt.img.gz' -Folder $folder
        $mbr = Expand-Fixture 'partitions/mbr.img.gz' -Folder $folder
        $disk = (Convert-QedImage $gpt ([System.IO.Path]::Combine($folder, 'disk.qed'))).Path
    }

    It 'accepts its parameters as documented' {
        $rest = 'Snapshot', 'SourceBackingFile', 'SourceFormat'
        Get-OwnParameter Get-QedPartition Path | Should -Be ('AllowUnc', 'BackingFolder', 'ForceShare', 'Path!@0 value property' + $rest)
        Get-OwnParameter Get-QedPartition LiteralPath | Should -Be ('AllowUnc', 'BackingFolder', 'ForceShare', 'LiteralPath! property' + $rest)
    }

    It 'gives what partx gives for <_>' -ForEach 'gpt.img', 'mbr.img', 'gpt-hybrid.img' {
        $image = Expand-Fixture "partitions/$_.gz" -Folder $folder
        $expected = @(Get-Table $_)
        $found = @(Get-QedPartition $image)
        $found.Number | Should -Be @($expected.number | ForEach-Object { [int]$_ })
        $found.Start | Should -Be @($expected.start | ForEach-Object { [long]$_ * 512 })
        $found | ForEach-Object { $_.Length } | Should -Be @($expected.sectors | ForEach-Object { [long]$_ * 512 })
        @($found.TypeId | ForEach-Object { $_.ToLowerInvariant() -replace '^0x0', '0x' }) | Should -Be @($expected.type)
        @($found.Name | ForEach-Object { "$_" }) | Should -Be @($expected.name)
        $found[0] | Should -BeOfType ([QedTools.QedPartition])
        $found.Path | Select-Object -Unique | Should -BeExactly $image
    }

    It 'finds the file systems on partitions, in any format' {
        $ext4 = Expand-Fixture 'partitions/ext4.img.gz' -Folder $folder
        $stream = Open-QedImage $disk -ReadWrite -Partition 2
        try {
            $bytes = [System.IO.File]::ReadAllBytes($ext4)
            $stream.Write($bytes, 0, $bytes.Length)
        }
        finally { $stream.Dispose() }

        $vhdx = (Convert-QedImage $disk ([System.IO.Path]::Combine($folder, 'disk.vhdx'))).Path
        foreach ($image in $disk, $vhdx) {
            $found = Get-QedPartition $image | Where-Object FileSystem
            $found | Should -HaveCount 1
            $found.Number | Should -Be 2
            $found.FileSystem | Should -BeExactly 'ext4'
            $found.Label | Should -BeExactly '0123456789abcdef'
            $found.FileSystemId | Should -BeExactly '12345678-9abc-4def-8123-456789abcdef'
            $found.UsedBytes | Should -Be 2380800
            "$($found.Guid)" | Should -Be '00000002-9abc-4def-8123-456789abcdef'
            $found.Type | Should -BeExactly 'Linux filesystem'
        }
    }

    It 'gives the whole disk as number 0 if there is no table' {
        $image = Expand-Fixture 'partitions/ext2.img.gz' -Folder $folder
        $found = Get-QedPartition $image
        $found | Should -HaveCount 1
        $found.Number | Should -Be 0
        "$($found.Table)" | Should -Be 'None'
        $found.Type | Should -BeExactly 'none'
        $found.FileSystem | Should -BeExactly 'ext2'
        "$found" | Should -BeExactly 'whole disk (my ext2, ext2, 4 KiB)'
    }

    It 'warns about what is wrong with a table' {
        $bytes = [System.IO.File]::ReadAllBytes($gpt)
        $bytes[530] = $bytes[530] -bxor 1
        [System.IO.File]::WriteAllBytes($gpt, $bytes)
        $recorded = Invoke-Recorded { Get-QedPartition $gpt -SourceFormat Raw }
        $recorded.Output | Should -HaveCount 3
        $recorded.Warnings | Should -HaveCount 1
        $recorded.Warnings[0] | Should -BeLike "'$gpt': The first copy of the partition table (GPT) has a header with a wrong checksum; the backup*"
    }

    It 'takes several files from the pipeline, and goes on after an error' {
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        $recorded = Invoke-Recorded { $disk, $missing, $mbr | Get-QedPartition -WarningAction Ignore }
        $recorded.Output | Should -HaveCount 9
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedFileNotFound,*'
    }

    It 'refuses a disk that is open for writing, unless -ForceShare is given' {
        Skip-TestWithout WriterLock
        $stream = Open-QedImage $disk -ReadWrite
        try {
            Assert-OneError { Get-QedPartition $disk } 'QedImageInUse' 'ResourceBusy' $disk
            Get-QedPartition $disk -ForceShare | Should -HaveCount 3
        }
        finally { $stream.Dispose() }
    }

    It 'changes nothing' {
        $before = Get-FolderState $folder
        $null = Get-QedPartition $disk
        $null = Get-QedPartition $mbr
        Get-FolderState $folder | Should -Be $before
    }

    It 'is displayed as a table and survives a job' {
        $screen = @(Get-Screen @(Get-QedPartition $gpt))
        $screen[0] | Should -Be "   Path: $gpt"
        $screen[1] | Should -Be 'Number     Length       Used FileSystem Type                   Name'
        $screen[3] | Should -Be '     1      1 MiB                       EFI system             EFI'
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-QedPartition $gpt), 1))
        $copy.Number | Should -Be 1, 2, 3
        "$($copy[0].Guid)" | Should -Be '00000001-9abc-4def-8123-456789abcdef'
    }
}

Describe '-Partition' {
    BeforeEach {
        $folder = New-Folder 'selection'
        $gpt = Expand-Fixture 'partitions/gpt.img.gz' -Folder $folder
        $bytes = [System.IO.File]::ReadAllBytes($gpt)
        for ($i = 1MB; $i -lt 9MB; $i += 64KB) { $bytes[$i] = $i / 64KB }
        [System.IO.File]::WriteAllBytes($gpt, $bytes)
        $disk = (Convert-QedImage $gpt ([System.IO.Path]::Combine($folder, 'disk.qed'))).Path
        $second = [System.IO.Path]::Combine($folder, 'second.raw')
        $part = [byte[]]::new(2MB)
        [System.Buffer]::BlockCopy($bytes, 2MB, $part, 0, 2MB)
        [System.IO.File]::WriteAllBytes($second, $part)
    }

    It 'of Get-QedImageHash is the hash of the partition, also from the pipeline' {
        (Get-QedImageHash $disk -Partition 2).Hash | Should -BeExactly (Get-QedImageHash $second).Hash
        $all = @(Get-QedPartition $disk | Get-QedImageHash)
        $all.Partition | Should -Be 1, 2, 3
        $all[1].Hash | Should -BeExactly (Get-QedImageHash $second).Hash
        $all[1].VirtualSize | Should -Be 2MB
        (Get-QedImageHash $disk -Partition 0).Hash | Should -BeExactly (Get-QedImageHash $gpt).Hash
    }

    It 'of Compare-QedImage compares the partition with a file of it, and with another partition' {
        (Compare-QedImage $disk $second -Partition 2 -Strict).AreEqual | Should -BeTrue
        (Compare-QedImage $second $disk -ReferencePartition 2 -Strict).AreEqual | Should -BeTrue
        $result = Compare-QedImage $disk $gpt -Partition 2 -ReferencePartition 1
        $result.AreEqual | Should -BeFalse
        $result.Partition | Should -Be 2
        $result.ReferencePartition | Should -Be 1
        (Compare-QedImage $disk $gpt -Partition 2).AreEqual | Should -BeFalse
    }

    It 'of Convert-QedImage makes a disk of the partition' {
        $result = Convert-QedImage $disk ([System.IO.Path]::Combine($folder, 'part.qcow2')) -Partition 2 -Verify
        $result.VirtualSize | Should -Be 2MB
        (Compare-QedImage $result.Path $second -Strict).AreEqual | Should -BeTrue
        $parts = New-Folder 'parts'
        $names = Get-QedPartition $disk | Convert-QedImage -DestinationPath $parts -Format Raw | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) }
        $names | Should -Be 'disk-part1.raw', 'disk-part2.raw', 'disk-part3.raw'
        Test-SameBytes ([System.IO.File]::ReadAllBytes([System.IO.Path]::Combine($parts, 'disk-part2.raw'))) $part | Should -BeTrue
        Assert-WhatIf { Convert-QedImage $disk ([System.IO.Path]::Combine($folder, 'w.qed')) -Partition 2 -WhatIf } $folder "Convert partition 2 of '$disk', a disk of 2 MiB, to the QED file *", '*the result needs up to*'
        Assert-OneError { Convert-QedImage $disk $parts -Chain -Format Qcow2 -Partition 2 } 'QedRequest' 'InvalidArgument' '' '*cannot be chosen for chains*'
    }

    It 'of Measure-QedImage measures what the conversion makes' {
        $measured = Measure-QedImage $disk -Partition 2 -Format Qcow2 -ScanZeroes
        $measured.VirtualSize | Should -Be 2MB
        $measured.RequiredBytes | Should -Be (Convert-QedImage $disk ([System.IO.Path]::Combine($folder, 'm.qcow2')) -Partition 2).FileSize
    }

    It 'of Open-QedImage is a stream of the partition, which writes nothing else' {
        $stream = Open-QedImage $disk -Partition 2
        try { Test-SameBytes (Read-Stream $stream) $part | Should -BeTrue }
        finally { $stream.Dispose() }

        $stream = Open-QedImage $disk -Partition 2 -ReadWrite
        try {
            $stream.Length | Should -Be 2MB
            $stream.Position = 2MB - 1
            $stream.WriteByte(0x77)
            { $stream.WriteByte(0x77) } | Should -Throw
            { $stream.SetLength(4MB) } | Should -Throw
        }
        finally { $stream.Dispose() }

        $compared = Compare-QedImage $disk $gpt
        $compared.DifferingBytes | Should -Be 1
        $compared.FirstDifference | Should -Be (4MB - 1)
    }

    It 'of Start-QedNbdServer serves the partition, and several of one disk' {
        $server = Start-QedNbdServer $disk -Partition 2 -Port 0
        try {
            $server.Exports | Should -HaveCount 1
            $server.Exports[0].Size | Should -Be 2MB
            $server.Exports[0].Name | Should -BeExactly 'disk.qed-part2'
        }
        finally { $server | Stop-QedNbdServer -GracePeriodSeconds 0 }

        $server = Get-QedPartition $disk | Start-QedNbdServer -Port 0
        try {
            $server.Exports.Name | Should -Be 'disk.qed-part1', 'disk.qed-part2', 'disk.qed-part3'
            $server.Exports.Size | Should -Be 1MB, 2MB, 1MB
        }
        finally { $server | Stop-QedNbdServer -GracePeriodSeconds 0 }
    }

    It 'that is not there is an error that names those that are: <_>' -ForEach 'Get-QedImageHash', 'Open-QedImage', 'Measure-QedImage' {
        $command = $_
        Assert-OneError { & $command $disk -Partition 7 } 'QedPartitionNotFound' 'ObjectNotFound' $disk "'$disk' has no partition 7. It has 1 (EFI, EFI system, 1 MiB), 2 (root Gr*"
    }

    It 'is completed with what the partitions are' {
        $found = @(Invoke-InFolder $folder {
                $line = 'Get-QedImageHash disk.qed -Partition '
                (TabExpansion2 $line $line.Length).CompletionMatches
            })
        $found.CompletionText | Should -Be '1', '2', '3'
        $found[0].ToolTip | Should -BeExactly '1 (EFI, EFI system, 1 MiB)'
        $reference = @(Invoke-InFolder $folder {
                $line = 'Compare-QedImage nowhere.qed disk.qed -ReferencePartition 3'
                (TabExpansion2 $line $line.Length).CompletionMatches
            })
        $reference.CompletionText | Should -Be '3'
    }
}

Describe 'Resize-QedImage of a disk with partitions' {
    BeforeEach {
        $folder = New-Folder 'resize'
        $gpt = Expand-Fixture 'partitions/gpt.img.gz' -Folder $folder
        $disk = (Convert-QedImage $gpt ([System.IO.Path]::Combine($folder, 'disk.qed'))).Path
    }

    It 'says how much room there is behind the last one' {
        Assert-WhatIf { Resize-QedImage $disk 20MB -WhatIf } $folder "Grow the disk '$disk' from 10 MiB to 20 MiB, which leaves 14.98 MiB free behind the last partition, 3 (Linux swap, 1 MiB)."
    }

    It 'warns that the backup of a GPT will not be at the end, and says what to do: <Size>' -ForEach @(
        @{ Size = 20MB; Options = @{ }; Before = @(); Says = 'will not be at the end of the disk any more, so the new room cannot be used*' }
        @{ Size = 5MB; Options = @{ Shrink = $true }; Before = @(); Says = 'will be cut off*' }
        @{ Size = 4MB; Options = @{ Shrink = $true; Force = $true }; Before = @("'*': partition 3 (*) loses what lies beyond the new end of the disk.*"); Says = 'will be cut off*' }
    ) {
        $state = Get-FolderState $folder
        $expected = "The backup of the partition table (GPT) of '$disk' ${Says}afterwards*sgdisk -e*"
        $planned = Invoke-Recorded { Resize-QedImage $disk $Size @Options -WhatIf }
        $planned.Warnings | Should -HaveCount ($Before.Count + 1)
        $planned.Warnings[0] | Should -BeLike @($Before + $expected)[0]
        $planned.Warnings[-1] | Should -BeLike $expected
        Get-FolderState $folder | Should -Be $state
        $recorded = Invoke-Recorded { Resize-QedImage $disk $Size @Options }
        $recorded.Errors | Should -BeNullOrEmpty
        $recorded.Warnings | Should -Be $planned.Warnings
        (Get-QedInfo $disk).VirtualSize | Should -Be $Size
    }

    It 'says of a backup that was not at the end before where it will be' {
        Resize-QedImage $disk 20MB -WarningAction Ignore
        $recorded = Invoke-Recorded { Resize-QedImage $disk 15MB -Shrink -WhatIf }
        $recorded.Warnings[-1] | Should -BeLike '*will still not be at the end of the disk*sgdisk -e*'
        $recorded = Invoke-Recorded { Resize-QedImage $disk 10MB -Shrink -WhatIf }
        $recorded.Warnings -like '*sgdisk -e*' | Should -BeNullOrEmpty
    }

    It 'refuses to cut one off without -Force' {
        $before = Get-FolderState $folder
        Assert-OneError { Resize-QedImage $disk 4MB -Shrink } 'QedShrinkRefused' 'InvalidArgument' $disk "A size of 4194304 bytes for '$disk' would cut off data of partition 3 (Linux swap, 1 MiB).*use -Force*"
        Get-FolderState $folder | Should -Be $before
        Assert-WhatIf { Resize-QedImage $disk 4MB -Shrink -Force -WhatIf -WarningAction Ignore } $folder "Shrink the disk '$disk' * of stored data, cutting off a part of partition 3 (Linux swap, 1 MiB)."
        (Resize-QedImage $disk 4MB -Shrink -Force -PassThru -WarningAction Ignore).VirtualSize | Should -Be 4MB
    }

    It 'shrinks to the end of the last one' {
        (Resize-QedImage $disk 5MB -Shrink -PassThru -WarningAction Ignore).VirtualSize | Should -Be 5MB
    }
}
