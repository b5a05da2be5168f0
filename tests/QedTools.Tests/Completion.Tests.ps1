# Tab completion: images and folders, sizes of a geometry with the resulting limits, backups.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $oddNames = @(Get-OddName)
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # The completions at the end of a line, in the current location.
    function Get-Completion {
        param([Parameter(Mandatory)][string] $Line)

        [System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches
    }

    # The same in a folder, as text.
    function Get-CompletionIn {
        param([Parameter(Mandatory)][string] $Folder, [Parameter(Mandatory)][string] $Line)

        Invoke-InFolder $Folder { Get-Completion $Line } | ForEach-Object { $_.CompletionText }
    }
}

Describe 'The name of an image' {
    BeforeAll {
        $folder = New-Folder 'names'
        $null = New-Folder 'names/inside'
        $null = New-Folder 'names/.hidden'
        foreach ($name in 'b.qed', 'a.qed', '.secret.qed') { $null = Copy-Fixture 'images/table-1.qed' -Folder $folder -As $name }
        $null = Copy-Fixture 'images/table-1.qed' -Folder $folder -As 'renamed.bin'
        $null = Copy-Fixture 'images/table-1.qed' -Folder ([System.IO.Path]::Combine($folder, 'inside')) -As 'deep.qed'
        $null = Copy-Fixture 'chains/base.raw' -Folder $folder
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'notes.txt'), 'no image')
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'empty.dat'), '')
    }

    It 'completes to QED images, then folders, then files with QED contents: <_>' -ForEach @(
        'Test-QedImage -Path ', 'Test-QedImage -LiteralPath ', 'Repair-QedImage ', 'Resize-QedImage ', 'Merge-QedImage ', 'Optimize-QedImage '
        'Set-QedBackingFile ', 'New-QedImage '
    ) {
        Get-CompletionIn $folder $_ | Should -Be 'a.qed', 'b.qed', 'inside', 'renamed.bin'
    }

    It 'completes to disks of any format where any is accepted: <_>' -ForEach 'Get-QedInfo ', 'Get-QedAllocationMap -LiteralPath ', 'Get-QedPartition ', 'Get-QedImageHash ', 'Start-QedNbdServer ', 'Measure-QedImage ', 'Convert-QedImage ', 'Compare-QedImage ', 'Open-QedImage ', 'Compare-QedImage a.qed -ReferencePath ', 'New-QedImage x.qed -BackingFile ' {
        Get-CompletionIn $folder $_ | Should -Be 'a.qed', 'b.qed', 'base.raw', 'inside', 'renamed.bin'
    }

    It 'begins with the typed text, ignoring case: <Typed>' -ForEach @(
        @{ Typed = 'A'; Found = @('a.qed') }
        @{ Typed = 'inside/'; Found = @('inside/deep.qed') }
        @{ Typed = './inside/d'; Found = @('./inside/deep.qed') }
        @{ Typed = '../names/b'; Found = @('../names/b.qed') }
        @{ Typed = '.s'; Found = @('.secret.qed') }
        @{ Typed = "'a"; Found = @('a.qed') }
        @{ Typed = '"a'; Found = @('"a.qed"') }
    ) {
        Get-CompletionIn $folder "Test-QedImage $Typed" | Should -Be $Found
    }

    It 'has the full path as its tooltip' {
        $found = @(Invoke-InFolder $folder { Get-Completion 'Get-QedInfo a' })
        $found[0].ListItemText | Should -BeExactly 'a.qed'
        $found[0].ToolTip | Should -BeExactly ([System.IO.Path]::Combine($folder, 'a.qed'))
        $found[0].ResultType | Should -Be 'ProviderItem'
        (Invoke-InFolder $folder { Get-Completion 'Get-QedInfo in' }).ResultType | Should -Be 'ProviderContainer'
    }

    It 'is completed on a PowerShell drive' {
        $null = New-PSDrive -Name ImageDrive -PSProvider FileSystem -Root $folder -Scope Script
        try { Get-CompletionIn $TestDrive 'Get-QedInfo ImageDrive:/a' | Should -Be 'ImageDrive:/a.qed' }
        finally { Remove-PSDrive ImageDrive -Scope Script }
    }

    It 'keeps the path if a full path is typed' {
        $start = [System.IO.Path]::Combine($folder, 'a')
        Get-CompletionIn $TestDrive "Get-QedInfo $start" | Should -Be "$start.qed"
    }

    It 'is completed after a comma' { Get-CompletionIn $folder 'Test-QedImage a.qed, b' | Should -Be 'b.qed' }

    It 'is not completed for other providers or missing folders' {
        Get-CompletionIn $folder 'Get-QedInfo Env:/PA' | Should -BeNullOrEmpty
        Get-CompletionIn $folder 'Get-QedInfo nowhere/a' | Should -BeNullOrEmpty
    }

    It 'does not read the contents of many files without an extension' {
        $many = New-Folder 'many'
        foreach ($number in 1..40) { $null = Copy-Fixture 'images/table-1.qed' -Folder $many -As "disk$number" }
        $null = Copy-Fixture 'images/table-1.qed' -Folder $many -As 'x.qed'
        Get-CompletionIn $many 'Get-QedInfo ' | Should -Be 'x.qed'
        @(Get-CompletionIn $many 'Get-QedInfo disk1') | Should -HaveCount 11
    }

    It 'is not offered if it would disturb the screen' {
        Skip-TestWithout Unix
        $bad = New-Folder 'bad'
        $null = Copy-Fixture 'images/table-1.qed' -Folder $bad -As "x$([char]27)[2J.qed"
        Get-CompletionIn $bad 'Get-QedInfo ' | Should -BeNullOrEmpty
    }

    Context 'like <_>' -ForEach $oddNames {
        BeforeAll {
            $name = $_
            $odd = New-Folder 'odd'
            $path = Copy-Fixture 'images/table-1.qed' -Folder $odd -As $name
        }

        It 'names exactly this file for -<_>' -ForEach 'Path', 'LiteralPath' {
            $parameter = $_
            $text = @(Get-CompletionIn $odd "Get-QedInfo -$parameter ")
            $text | Should -HaveCount 1
            $info = Invoke-InFolder $odd { [scriptblock]::Create("Get-QedInfo -$parameter $text").Invoke() }
            $info.Path | Should -BeExactly $path
        }

        It 'is completed from its beginning, inside quotes' {
            $start = $name.Substring(0, 2) -replace "'", "''"
            if ($start.StartsWith('[') -or $start.StartsWith('`')) { $start = $name.Substring(0, 1) }
            $text = @(Get-CompletionIn $odd "Get-QedInfo -LiteralPath '$start")
            $text | Should -HaveCount 1
            $info = Invoke-InFolder $odd { [scriptblock]::Create("Get-QedInfo -LiteralPath $text").Invoke() }
            $info.Path | Should -BeExactly $path
        }
    }

    It 'with wildcard characters is escaped only where wildcards are expanded' {
        $wild = New-Folder 'wild'
        $null = Copy-Fixture 'images/table-1.qed' -Folder $wild -As '[ab] x.qed'
        Get-CompletionIn $wild 'Get-QedInfo ' | Should -BeExactly "'``[ab``] x.qed'"
        Get-CompletionIn $wild 'Get-QedInfo -LiteralPath ' | Should -BeExactly "'[ab] x.qed'"
        Get-CompletionIn $wild 'Repair-QedImage ' | Should -BeExactly "'[ab] x.qed'"
    }
}

Describe 'The name of a backing file' {
    BeforeAll {
        $folder = New-Folder 'backing'
        $inside = New-Folder 'backing/inside'
        $null = Copy-Fixture 'images/table-1.qed' -Folder $folder -As 'outer.qed'
        $null = Copy-Fixture 'images/table-1.qed' -Folder $inside -As 'inner.qed'
    }

    It 'is relative to the folder of the overlay: <Line>' -ForEach @(
        @{ Line = 'New-QedImage inside/new.qed -BackingFile '; Found = @('inner.qed') }
        @{ Line = 'New-QedImage new.qed -BackingFile '; Found = @('outer.qed', 'inside') }
        @{ Line = 'Set-QedBackingFile inside/inner.qed '; Found = @('inner.qed') }
        @{ Line = 'Set-QedBackingFile inside/inner.qed ../o'; Found = @('../outer.qed') }
        @{ Line = 'Convert-QedImage outer.qed inside/new.qed -BackingFile '; Found = @('inner.qed') }
        @{ Line = 'Convert-QedImage outer.qed inside -BackingFile '; Found = @('inner.qed') }
    ) {
        Get-CompletionIn $folder $Line | Should -Be $Found
    }

    It 'is a full path if a tilde is typed, because stored names do not support it' {
        $provider = Get-PSProvider FileSystem
        $homeBefore = $provider.Home
        try {
            $provider.Home = $inside
            Get-CompletionIn $folder 'New-QedImage new.qed -BackingFile ~/i' | Should -Be ([System.IO.Path]::Combine($inside, 'inner.qed'))
            $null = New-Folder 'backing/~'
            $null = Copy-Fixture 'images/table-1.qed' -Folder ([System.IO.Path]::Combine($folder, '~')) -As 'real.qed'
            Get-CompletionIn $folder 'New-QedImage new.qed -BackingFile ~/' | Should -Not -Contain ([System.IO.Path]::Combine($inside, 'inner.qed'))
        }
        finally {
            $provider.Home = $homeBefore
        }
    }
}

Describe 'The name of a backup' {
    It 'completes to the backups of the image' {
        $folder = New-Folder 'backups'
        foreach ($name in 'a.qed.1.qedundo', 'b.qed.1.qedundo', 'a.qed') { [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, $name), '') }
        Get-CompletionIn $folder 'Repair-QedImage a.qed -RestoreFrom ' | Should -Be 'a.qed.1.qedundo'
    }
}

Describe 'The sizes of a geometry' {
    It 'for clusters are all that the format allows, with the maximum disk size' {
        $found = @(Get-Completion 'New-QedImage x 1GB -ClusterSizeBytes ')
        ($found | ForEach-Object { $_.CompletionText }) | Should -Be '4KB', '8KB', '16KB', '32KB', '64KB', '128KB', '256KB', '512KB', '1MB', '2MB', '4MB', '8MB', '16MB', '32MB', '64MB'
        $found[0].ToolTip | Should -BeExactly 'Clusters of 4 KiB, tables of 4 clusters: disks of up to 16 GiB'
        $found[4].ToolTip | Should -BeExactly 'Clusters of 64 KiB, tables of 4 clusters (the default): disks of up to 64 TiB'
        $found[14].ToolTip | Should -BeExactly 'Clusters of 64 MiB, tables of 4 clusters: disks of up to 8 EiB'
    }

    It 'for tables are all that the format allows, with the maximum disk size' {
        $found = @(Get-Completion 'New-QedImage x 1GB -TableSize ')
        ($found | ForEach-Object { $_.CompletionText }) | Should -Be '1', '2', '4', '8', '16'
        ($found | ForEach-Object { $_.ToolTip }) | Should -Be @(
            'Clusters of 64 KiB, tables of 1 cluster: disks of up to 4 TiB'
            'Clusters of 64 KiB, tables of 2 clusters: disks of up to 16 TiB'
            'Clusters of 64 KiB, tables of 4 clusters (the default): disks of up to 64 TiB'
            'Clusters of 64 KiB, tables of 8 clusters: disks of up to 256 TiB'
            'Clusters of 64 KiB, tables of 16 clusters: disks of up to 1 PiB'
        )
    }

    It 'take the other size into account if it is already typed: <Line>' -ForEach @(
        @{ Line = 'New-QedImage x -TableSize 16 -ClusterSizeBytes 4K'; Tip = 'Clusters of 4 KiB, tables of 16 clusters: disks of up to 256 GiB' }
        @{ Line = 'New-QedImage x -ClusterSizeBytes 1MB -TableSize 2'; Tip = 'Clusters of 1 MiB, tables of 2 clusters: disks of up to 64 PiB' }
        @{ Line = 'New-QedImage x -ClusterSize 4KB -TableSize 1'; Tip = 'Clusters of 4 KiB, tables of 1 cluster: disks of up to 1 GiB' }
        @{ Line = 'Convert-QedImage a b -TableSize 8 -ClusterSizeBytes 8K'; Tip = 'Clusters of 8 KiB, tables of 8 clusters: disks of up to 512 GiB' }
        @{ Line = 'New-QedImage x -TableSize 3 -ClusterSizeBytes 4K'; Tip = 'Clusters of 4 KiB, tables of 4 clusters: disks of up to 16 GiB' }
    ) {
        (@(Get-Completion $Line)[0]).ToolTip | Should -BeExactly $Tip
    }

    It 'show which are too small for the requested disk' {
        $found = @(Get-Completion 'New-QedImage x 100TB -ClusterSizeBytes ')
        $found[4].ToolTip | Should -BeExactly 'Clusters of 64 KiB, tables of 4 clusters (the default): disks of up to 64 TiB, too small for 100 TiB'
        $found[5].ToolTip | Should -BeExactly 'Clusters of 128 KiB, tables of 4 clusters: disks of up to 512 TiB'
    }

    It 'begin with the typed text' {
        (Get-Completion 'New-QedImage x -ClusterSizeBytes 6' | ForEach-Object { $_.CompletionText }) | Should -Be '64KB', '64MB'
    }
}

Describe 'The sizes that a format accepts' {
    It 'depend on the format of the result: <Line>' -ForEach @(
        @{ Line = 'Convert-QedImage a b.qcow2 -ClusterSizeBytes '; Sizes = '512', '1KB', '2KB', '4KB', '8KB', '16KB', '32KB', '64KB', '128KB', '256KB', '512KB', '1MB', '2MB' }
        @{ Line = 'Convert-QedImage a b -Format Qcow2 -ClusterSizeBytes 1'; Sizes = '1KB', '16KB', '128KB', '1MB' }
        @{ Line = 'Convert-QedImage a b.qcow2 -Format Qed -ClusterSizeBytes 5'; Sizes = '512KB' }
        @{ Line = 'Convert-QedImage a b.qed -ClusterSizeBytes 5'; Sizes = '512KB' }
        @{ Line = 'Convert-QedImage a b.vhdx -BlockSizeBytes '; Sizes = '1MB', '2MB', '4MB', '8MB', '16MB', '32MB', '64MB', '128MB', '256MB' }
        @{ Line = 'Convert-QedImage a b.vhd -BlockSizeBytes '; Sizes = '512KB', '2MB' }
        @{ Line = 'Compare-QedImage a b -Extent -BlockSizeBytes '; Sizes = '512', '1KB', '2KB', '4KB', '8KB', '16KB', '32KB', '64KB', '128KB', '256KB', '512KB', '1MB', '2MB', '4MB', '8MB', '16MB', '32MB', '64MB' }
        @{ Line = 'Convert-QedImage a b.vhdx -LogicalSectorSizeBytes '; Sizes = '512', '4096' }
        @{ Line = 'Convert-QedImage a b.qed -TableSize 1'; Sizes = '1', '16' }
    ) {
        (Get-Completion $Line | ForEach-Object { $_.CompletionText }) | Should -Be $Sizes
    }

    It 'are explained in tooltips: <Line>' -ForEach @(
        @{ Line = 'Convert-QedImage a b.qcow2 -ClusterSizeBytes 64'; Tip = 'Clusters of 64 KiB (the default): qcow2 disks of up to 1.88 PiB' }
        @{ Line = 'Convert-QedImage a b.qcow2 -ClusterSizeBytes 512'; Tip = 'Clusters of 512 B: qcow2 disks of up to 120 GiB' }
        @{ Line = 'Convert-QedImage a b.vhdx -BlockSizeBytes 32'; Tip = 'VHDX blocks of 32 MiB (the default)' }
        @{ Line = 'Convert-QedImage a b.vhd -BlockSizeBytes 5'; Tip = 'VHD blocks of 512 KiB' }
        @{ Line = 'Convert-QedImage a b.vhdx -LogicalSectorSizeBytes 5'; Tip = 'Sectors of 512 bytes, which every guest supports (the default)' }
    ) {
        (@(Get-Completion $Line)[0]).ToolTip | Should -BeExactly $Tip
    }

    It 'are not offered if the format does not use them: <Line>' -ForEach @(
        @{ Line = 'Convert-QedImage a b.vhdx -ClusterSizeBytes 6' }
        @{ Line = 'Convert-QedImage a b.qcow2 -TableSize 1' }
        @{ Line = 'Convert-QedImage a b.qed -BlockSizeBytes 3' }
        @{ Line = 'Convert-QedImage a b.vhd -LogicalSectorSizeBytes 5' }
    ) {
        @(Get-Completion $Line | Where-Object { $_.CompletionText -match '^[0-9]' }) | Should -HaveCount 0
    }
}

Describe 'The size of a disk' {
    It 'completes to common sizes, or adds a unit to the typed number: <Line>' -ForEach @(
        @{ Line = 'New-QedImage x.qed 20'; Sizes = '20GB', '20MB', '20TB' }
        @{ Line = 'New-QedImage x.qed -SizeBytes 7'; Sizes = '7GB', '7MB', '7TB' }
        @{ Line = 'New-QedImage x.qed -Size 1t'; Sizes = '1TB' }
    ) {
        (Get-Completion $Line | ForEach-Object { $_.CompletionText }) | Should -Be $Sizes
    }

    It 'shows the current size' {
        $folder = New-Folder 'sizes'
        $null = Copy-Fixture 'images/table-1.qed' -Folder $folder
        $found = Invoke-InFolder $folder { Get-Completion 'Resize-QedImage table-1.qed 4' }
        $found[0].CompletionText | Should -Be '4GB'
        $found[0].ToolTip | Should -Be 'A disk of 4 GiB (4294967296 bytes); the current size is 3 MiB'
    }
}

Describe 'The name of a picture' {
    It 'completes to pictures and folders' {
        $folder = New-Folder 'pictures'
        $null = New-Folder 'pictures/inside'
        $null = Copy-Fixture 'images/table-1.qed' -Folder $folder
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'map.svg'), '<svg/>')
        Get-CompletionIn $folder 'Show-QedAllocationMap table-1.qed -OutFile ' | Should -Be 'map.svg', 'inside'
    }
}

Describe 'A format' {
    It 'is completed by name: <Line>' -ForEach @(
        @{ Line = 'Convert-QedImage a b -Format '; Names = [QedTools.QedDiskFormat].GetEnumNames() }
        @{ Line = 'Convert-QedImage a b -SourceFormat '; Names = [QedTools.QedDiskFormat].GetEnumNames() }
        @{ Line = 'Open-QedImage a -SourceFormat '; Names = [QedTools.QedDiskFormat].GetEnumNames() }
        @{ Line = 'Compare-QedImage a b -SourceFormat '; Names = [QedTools.QedDiskFormat].GetEnumNames() }
        @{ Line = 'Compare-QedImage a b -ReferenceFormat '; Names = [QedTools.QedDiskFormat].GetEnumNames() }
        @{ Line = 'New-QedImage a -BackingFormat '; Names = [QedTools.QedBackingFormat].GetEnumNames() }
        @{ Line = 'Set-QedBackingFile a b -BackingFormat '; Names = [QedTools.QedBackingFormat].GetEnumNames() }
    ) {
        $found = [string[]]@(Get-Completion $Line | ForEach-Object { $_.CompletionText })
        $names = [string[]]$Names
        [System.Array]::Sort($found)
        [System.Array]::Sort($names)
        $found | Should -Be $names
    }
}

Describe 'A snapshot' {
    BeforeAll {
        $folder = New-Folder 'snapshots'
        $file = Expand-Fixture 'qcow2/snapshot.qcow2.gz' -Folder $folder
        [System.IO.File]::Copy($file, [System.IO.Path]::Combine($folder, 'cloud.img'))
        $null = Copy-Fixture 'chains/base.qed' -Folder $folder
    }

    It 'completes to those in the file: <Line>' -ForEach @(
        @{ Line = 'Convert-QedImage snapshot.qcow2 x.raw -Snapshot ' }, @{ Line = 'Open-QedImage -LiteralPath snapshot.qcow2 -Snapshot be' }
        @{ Line = 'Open-QedImage cloud.img -SourceFormat Qcow2 -Snapshot ' }, @{ Line = 'Compare-QedImage base.qed snapshot.qcow2 -ReferenceSnapshot ' }
        @{ Line = 'Compare-QedImage snapshot.qcow2 base.qed -Snapshot ' }
        @{ Line = 'Compare-QedImage base.qed cloud.img -ReferenceFormat Qcow2 -ReferenceSnapshot ' }
    ) {
        $found = @(Invoke-InFolder $folder { Get-Completion $Line })
        $found | Should -HaveCount 1
        $found[0].CompletionText | Should -BeExactly 'before'
        $found[0].ToolTip | Should -BeLike "Snapshot 1, 'before', of *a disk of 1 MiB"
    }

    It 'is not offered if there is none: <Line>' -ForEach @(
        @{ Line = 'Convert-QedImage base.qed x.raw -Snapshot b' }, @{ Line = 'Convert-QedImage missing.qcow2 x.raw -Snapshot b' }
        @{ Line = 'Open-QedImage snapshot.qcow2 -Snapshot x' }, @{ Line = 'Open-QedImage Env:PATH -Snapshot b' }
    ) {
        @(Get-CompletionIn $folder $Line | Where-Object { $_ -eq 'before' }) | Should -BeNullOrEmpty
    }
}
