# How the results are displayed: tables as printed, lists and wide views (which need the full shell), colours, text forms.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    $types = 'QedImageInfo', 'QedExtent', 'QedCheckResult', 'QedCorruption', 'QedRepairResult', 'QedRepair', 'QedMergeResult', 'QedOptimizeResult', 'QedComparison', 'QedDifference', 'DiskStream'
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    $format = [xml][System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'lib', 'QedTools.Format.ps1xml'))
    # The folder need not exist. Its name is short on every system, because PowerShell wraps a heading that is wider than the screen.
    $folder = [System.IO.Path]::GetFullPath('/vm/images')
    $escape = [string][char]27

    # The full path of a file that need not exist.
    function Get-Place { param([string] $Name) [System.IO.Path]::Combine($folder, $Name) }

    # Results created without an operation, so that their numbers do not depend on the file system.
    function New-Info {
        param([string] $Path, [string] $BackingFile, [long] $Size = 1MB, [long] $Usage = 28KB, [switch] $Dirty)

        [QedTools.QedImageInfo]@{
            Path = $Path; Format = 'QED'; VirtualSize = $Size; FileSize = 64KB; DiskUsage = $Usage; ClusterSize = 4KB; TableSize = 2; HeaderSize = 1
            Features = [QedTools.QedFeatures]::None; CompatFeatures = 0; AutoclearFeatures = 0; L1TableOffset = 4096; MaxVirtualSize = 4GB
            BackingFile = if ($BackingFile) { $BackingFile } else { [NullString]::Value }; NeedsCheck = [bool]$Dirty; InUse = $false; Depth = 0
        }
    }

    function New-Check {
        param([string] $Path, [string] $Status, [long] $Leaked, [QedTools.QedCorruption[]] $Corruptions = @(), [long] $Count = $Corruptions.Count)

        [QedTools.QedCheckResult]@{
            Path = $Path; Status = $Status; NeedsCheck = $Status -ne 'Clean'; TotalClusters = 3072; AllocatedClusters = 96; ZeroClusters = 1
            FragmentedClusters = 2; LeakedClusters = $Leaked; LeakedBytes = $Leaked * 4096; ReclaimableBytes = $Leaked * 4096; CorruptionCount = $Count; Corruptions = $Corruptions
            ImageEndOffset = 49152
        }
    }

    function New-Corruption { param([string] $Kind, [long] $L1, $L2, [long] $Offset, [uint64] $Value) [QedTools.QedCorruption]::new($Kind, $L1, $L2, $Offset, $Value) }

    function New-RepairResult {
        [QedTools.QedRepairResult]@{
            Path = Get-Place 'bad.qed'; Before = New-Check (Get-Place 'bad.qed') 'Corrupt' 10; After = New-Check (Get-Place 'bad.qed') 'Clean' 0
            RepairCount = 2; BackupPath = Get-Place 'bad.qed.1.qedundo'
            Repairs = [QedTools.QedRepair[]]@(
                [QedTools.QedRepair]::new('DataCopied', 16456, 36864, 4096, 'Copy data that two entries point to: the 4096 bytes from offset 36864 on are unchanged.')
                [QedTools.QedRepair]::new('LeaksRemoved', $null, $null, 40960, 'Free 40960 bytes of the file that nothing refers to.'))
        }
    }

    # An object as it is received from a job or another machine.
    function ConvertTo-Remote {
        param([Parameter(Mandatory)][object] $InputObject)

        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($InputObject, 1))
    }
}

Describe 'A table' {
    It 'of images shows each with its backing file, grouped by folder' {
        Get-Screen @(
            New-Info (Get-Place 'top.qed') 'base.qed' -Dirty
            New-Info (Get-Place 'base.qed') -Size 20GB -Usage 1.5GB
            New-Info ([System.IO.Path]::Combine($folder, 'other', 'x.qed')) '../base.qed' -Size 1TB
        ) | Should -Be @(
            "   Directory: $folder"
            'Format VirtualSize   DiskUsage NeedsCheck InUse Name'
            '------ -----------   --------- ---------- ----- ----'
            'QED          1 MiB      28 KiB True       False top.qed -> base.qed'
            'QED         20 GiB     1.5 GiB False      False base.qed'
            "   Directory: $([System.IO.Path]::Combine($folder, 'other'))"
            'Format VirtualSize   DiskUsage NeedsCheck InUse Name'
            '------ -----------   --------- ---------- ----- ----'
            'QED          1 TiB      28 KiB False      False x.qed -> ../base.qed'
        )
    }

    It 'of a real chain is listed from the top down' {
        $real = New-Folder 'chain'
        $null = Copy-Fixture 'chains/base.qed', 'chains/three-middle.qed', 'chains/three-top.qed' -Folder $real
        $lines = Get-Screen @(Get-QedInfo "$real/three-top.qed" -BackingChain) -Width 200
        $lines | Should -HaveCount 6
        $lines[0] | Should -Be "   Directory: $real"
        ($lines[3..5] | ForEach-Object { $_.Substring(48) }) | Should -Be 'three-top.qed -> three-middle.qed', 'three-middle.qed -> base.qed', 'base.qed'
    }

    It 'uses the remaining width for the name, at <_> columns' -ForEach 80, 120 {
        # PowerShell leaves the last column of the screen free.
        $name = 'n' * ($_ - 1 - 48 - 4)
        $lines = Get-Screen @(New-Info (Get-Place "$name.qed")) -Width $_
        $lines[3].Length | Should -Be ($_ - 1)
        $lines[3] | Should -BeLike "*False $name.qed"
    }

    It 'of checks shows the status first' {
        Get-Screen @(
            New-Check (Get-Place 'good.qed') 'Clean'
            New-Check (Get-Place 'leaking.qed') 'Leaks' 300
            New-Check (Get-Place 'bad.qed') 'Corrupt' 10 -Count 1234567
        ) | Should -Be @(
            "   Directory: $folder"
            'Status  NeedsCheck Allocated      Leaked Corruptions Name'
            '------  ---------- ---------      ------ ----------- ----'
            ('Clean   False         {0:0.00} %         0 B           0 good.qed' -f 3.125)
            ('Leaks   True          {0:0.00} %    {1:0.##} MiB           0 leaking.qed' -f 3.125, 1.17)
            ('Corrupt True          {0:0.00} %      40 KiB     1234567 bad.qed' -f 3.125)
        )
    }

    It 'of a check of an empty disk does not divide by zero' {
        $check = [QedTools.QedCheckResult]@{ Path = Get-Place 'empty.qed'; Status = 'Clean'; Corruptions = [QedTools.QedCorruption[]]@() }
        (Get-Screen @($check))[3] | Should -Be 'Clean   False              -         0 B           0 empty.qed'
    }

    It 'of corruptions fits in 80 columns even with the largest values' {
        Get-Screen @(
            New-Corruption 'ReservedBits' 2 $null 8388608 1
            New-Corruption 'BeyondVirtualSize' 134217727 134217727 ([long]::MaxValue - 511) ([uint64]::MaxValue)
        ) | Should -Be @(
            'Kind                 L1Index    L2Index       VirtualOffset              Value'
            '----                 -------    -------       -------------              -----'
            'ReservedBits               2                        8388608                0x1'
            'BeyondVirtualSize  134217727  134217727 9223372036854775296 0xffffffffffffffff'
        )
    }

    It 'of a map shows offsets in bytes and lengths in readable units' {
        Get-Screen @(
            [QedTools.QedExtent]::new(0, 8192, 'Data', 12288, 2, (Get-Place 'base.qed'))
            [QedTools.QedExtent]::new(8192, 70368744169472, 'Unallocated', $null, 0, (Get-Place 'top.qed'))
            [QedTools.QedExtent]::new(70368744177664, 4096, 'Zero', $null, 1, (Get-Place 'middle.qed'))
        ) | Should -Be @(
            '          Start      Length State            FileOffset Depth Name'
            '          -----      ------ -----            ---------- ----- ----'
            '              0       8 KiB Data                  12288     2 base.qed'
            '           8192      64 TiB Unallocated                     0 top.qed'
            ' 70368744177664       4 KiB Zero                            1 middle.qed'
        )
    }

    It 'of a repair shows the status before and after, and the backup' {
        Get-Screen @(New-RepairResult) | Should -Be @(
            "   Directory: $folder"
            'Before  After   Repairs Name                        Backup'
            '------  -----   ------- ----                        ------'
            'Corrupt Clean         2 bad.qed                     bad.qed.1.qedundo'
        )
    }

    It 'of single repairs shows their offsets' {
        Get-Screen @((New-RepairResult).Repairs) | Should -Be @(
            'Kind                      VirtualOffset      Length          Offset'
            '----                      -------------      ------          ------'
            'DataCopied                        36864       4 KiB           16456'
            'LeaksRemoved                                 40 KiB'
        )
    }

    It 'of a merge names both files' {
        $merge = [QedTools.QedMergeResult]@{ Path = Get-Place 'top.qed'; BackingFilePath = Get-Place 'base.qed'; BytesMerged = 8192; BytesZeroed = 0; IsEmptied = $true }
        Get-Screen @($merge) | Should -Be @(
            "   Directory: $folder"
            '     Merged      Zeroed IsEmptied Name                   BackingFile'
            '     ------      ------ --------- ----                   -----------'
            '      8 KiB         0 B True      top.qed                base.qed'
        )
    }

    It 'of an optimization compares the sizes' {
        $result = [QedTools.QedOptimizeResult]@{ Path = Get-Place 'disk.qed'; FileSizeBefore = 3GB; FileSizeAfter = 2GB; LeakedClusters = 1; ZeroedClusters = 22; DroppedClusters = 333 }
        Get-Screen @($result) | Should -Be @(
            "   Directory: $folder"
            ' SizeBefore   SizeAfter   Leaked   Zeroed  Dropped Name'
            ' ----------   ---------   ------   ------  ------- ----'
            '      3 GiB       2 GiB        1       22      333 disk.qed'
        )
    }

    It 'of comparisons is grouped by the reference' {
        $reference = Get-Place 'golden.raw'
        Get-Screen @(
            [QedTools.QedComparison]@{ Path = Get-Place 'a.qed'; ReferencePath = $reference; AreEqual = $true; VirtualSize = 1MB; ReferenceVirtualSize = 1MB }
            [QedTools.QedComparison]@{ Path = Get-Place 'b.qed'; ReferencePath = $reference; AreEqual = $false; FirstDifference = 4096; DifferingBytes = 2048; VirtualSize = 1MB; ReferenceVirtualSize = 1MB }
        ) | Should -Be @(
            "   Reference: $reference"
            'AreEqual FirstDifference DifferingBytes Name'
            '-------- --------------- -------------- ----'
            'True                                0 B a.qed'
            'False               4096          2 KiB b.qed'
        )
    }

    It 'of a stream shows its image, and remains a table after the stream is closed' {
        $real = New-Folder 'stream'
        $path = Copy-Fixture 'images/table-1.qed' -Folder $real
        $stream = Open-QedImage $path
        try {
            $null = $stream.Seek(4096, 'Begin')
            Get-Screen @($stream) -Width 200 | Should -Be @(
                "   Directory: $real"
                '     Length        Position CanWrite Name'
                '     ------        -------- -------- ----'
                '      3 MiB            4096 False    table-1.qed'
            )
        }
        finally { $stream.Dispose() }
        (Get-Screen @($stream) -Width 200)[3] | Should -Be '                            False    table-1.qed'
    }

    It 'shows symbols for control characters in a name from an image' {
        $lines = Get-Screen @(New-Info (Get-Place 'x.qed') "$escape[31mred`r`n.qed") -Color
        "$lines" | Should -Not -Match "$escape\[31m"
        $lines[3] | Should -BeLike "*x.qed -> $([char]0x241B)``[31mred$([char]0x240D)$([char]0x240A).qed"
    }

    It 'shows symbols for control characters of <Name>' -ForEach @(
        @{ Name = 'a partition'; Make = { [QedTools.QedPartition]@{ Path = $odd; Number = 1; Name = $odd; Table = 'Gpt'; Type = 'none'; Start = 0; Length = 1; Label = $odd; FileSystemId = $odd } } }
        @{ Name = 'format details'; Make = { [QedTools.QedFormatDetails]@{ Subformat = $odd; Version = $odd; LogicalSectorSize = 512; Identifier = $odd; ParentIdentifier = $odd; Compression = $odd; DataFiles = [string[]]@($odd, $odd); Snapshots = [QedTools.QedSnapshot[]]@([QedTools.QedSnapshot]::new($odd, $odd, '2026-01-02', 1MB)) } } }
        @{ Name = 'a snapshot'; Make = { [QedTools.QedSnapshot]::new($odd, $odd, [datetime]::new(2026, 1, 2), 1MB) } }
        @{ Name = 'an export'; Make = { [QedTools.QedNbdExport]::new($odd, $odd, 1MB, $true, $false) } }
    ) {
        $odd = "$escape[31mred$([char]7)"
        $object = & $Make
        $text = Get-Screen @($object) -Color
        "$text" | Should -Match 'red'
        "$text" | Should -Not -Match "$escape\[31m|$([char]7)"
        $remote = ConvertTo-Remote $object
        "$(Get-Screen @($remote) -Color)" | Should -Not -Match "$escape\[31m|$([char]7)"
    }

    It 'leaves no text of a result as it is, unless that is never from a file' {
        # What these hold is the module's own: names of formats and types, identifiers of a table, hashes, descriptions.
        $own = 'Format', 'Type', 'TypeId', 'FileSystem', 'Hash', 'Description', 'Colored'
        $shown = foreach ($view in $format.SelectNodes('//View')) {
            $type = [QedTools.QedImageInfo].Assembly.GetType($view.SelectSingleNode('ViewSelectedBy/TypeName').InnerText)
            foreach ($property in $view.SelectNodes('.//PropertyName')) {
                if ($type -and $type.GetProperty($property.InnerText).PropertyType -eq [string]) { $property.InnerText }
            }
        }
        $shown | Where-Object { $_ -notin $own } | Should -BeNullOrEmpty
        $shown | Should -Contain 'TypeId'
    }

    It 'is the same for an object from a job or another machine: <Name>' -ForEach @(
        @{ Name = 'image'; Make = { New-Info (Get-Place 'top.qed') 'base.qed' } }
        @{ Name = 'check'; Make = { New-Check (Get-Place 'bad.qed') 'Corrupt' 10 -Count 3 } }
        @{ Name = 'corruption'; Make = { New-Corruption 'DataAndData' 0 9 36864 28672 } }
        @{ Name = 'extent'; Make = { [QedTools.QedExtent]::new(0, 8192, 'Data', 12288, 2, (Get-Place 'base.qed')) } }
        @{ Name = 'repair'; Make = { New-RepairResult } }
    ) {
        $object = & $Make
        $remote = ConvertTo-Remote $object
        $remote.PSObject.TypeNames[0] | Should -BeLike 'Deserialized.QedTools.*'
        Get-Screen @($remote) | Should -Be (Get-Screen @($object))
    }
}

Describe 'An object from a job or another machine' {
    It 'keeps the corruptions of a check, and the checks of a repair' {
        $check = ConvertTo-Remote (New-Check (Get-Place 'bad.qed') 'Corrupt' 0 @(New-Corruption 'DataAndData' 0 9 36864 28672))
        $check.Corruptions[0].VirtualOffset | Should -Be 36864
        $repair = ConvertTo-Remote (New-RepairResult)
        $repair.Before.Status.ToString() | Should -Be 'Corrupt'
        $repair.Before.LeakedClusters | Should -Be 10
        $repair.Repairs[0].Length | Should -Be 4096
    }
}

Describe 'A list' {
    It 'of an image shows sizes in readable units and in bytes' {
        $text = New-Info (Get-Place 'top.qed') 'base.qed' | Format-List | Out-String -Width 120
        foreach ($line in "Path              : $(Get-Place 'top.qed')", 'VirtualSize       : 1 MiB (1048576 bytes)', 'DiskUsage         : 28 KiB (28672 bytes)', 'ClusterSize       : 4 KiB', 'CompatFeatures    : 0x0', 'BackingFile       : base.qed') {
            $text | Should -Match "(?m)^$([regex]::Escape($line))\s*$"
        }
    }

    It 'of a check shows up to ten corruptions, one per line' {
        $text = New-Check (Get-Place 'bad.qed') 'Corrupt' 0 @(1..12 | ForEach-Object { New-Corruption 'DataAndData' 0 $_ ($_ * 4096) 28672 }) | Format-List | Out-String -Width 120
        $text | Should -Match '(?m)^Corruptions        : DataAndData: L1\[0\] L2\[1\] = 0x7000, virtual offset 4096\s*$'
        $text | Should -Match '(?m)^                     DataAndData: L1\[0\] L2\[10\] = 0x7000, virtual offset 40960\s*$'
        $text | Should -Match '(?m)^                     \.\.\. and 2 more\s*$'
    }

    It 'of a repair shows each repair on a line, and the status before and after' {
        $text = New-RepairResult | Format-List | Out-String -Width 120
        $text | Should -Match '(?m)^Before        : Corrupt\s*$'
        $text | Should -Match '(?m)^After         : Clean\s*$'
        $text | Should -Match '(?m)^                Free 40960 bytes of the file that nothing refers to\.\s*$'
    }
}

Describe 'A wide view' {
    It 'of images shows names' {
        (New-Info (Get-Place 'a.qed')), (New-Info (Get-Place 'b.qed')) | Format-Wide | Out-String -Width 80 | Should -Match 'a\.qed +b\.qed'
    }

    It 'of checks shows statuses and names' {
        New-Check (Get-Place 'a.qed') 'Leaks' 1 | Format-Wide | Out-String -Width 80 | Should -Match 'Leaks a\.qed'
    }
}

Describe 'The views' {
    It 'of <_> are a table, a list and a wide view, in this order' -ForEach $types {
        $name = $_
        $views = @($format.Configuration.ViewDefinitions.View | Where-Object { $_.ViewSelectedBy.TypeName -eq "QedTools.$name" })
        ($views | ForEach-Object { if ($_.TableControl) { 'table' } elseif ($_.ListControl) { 'list' } elseif ($_.WideControl) { 'wide' } }) | Should -Be 'table', 'list', 'wide'
    }

    # The name is left out because the path ends with it.
    It 'of <_> include a list of all properties except the name, in declaration order' -ForEach ($types | Where-Object { $_ -ne 'DiskStream' }) {
        $name = $_
        $properties = ("QedTools.$name" -as [type]).GetProperties() | ForEach-Object { $_.Name } | Where-Object { $_ -notin 'EqualityContract', 'Name' }
        $view = $format.Configuration.ViewDefinitions.View | Where-Object { $_.Name -eq "${name}List" }
        $listed = $view.ListControl.ListEntries.ListEntry.ListItems.ListItem | ForEach-Object { if ($_.Label) { $_.Label } else { $_.PropertyName } }
        $listed | Should -Be $properties
    }

    It 'have tables with a fixed first column width, because otherwise the first rows would determine it' {
        foreach ($view in $format.Configuration.ViewDefinitions.View | Where-Object { $_.TableControl }) {
            $view.TableControl.TableHeaders.TableColumnHeader[0].Width | Should -Not -BeNullOrEmpty -Because $view.Name
        }
    }

    It 'exist for all types that the cmdlets write' {
        $written = (Get-Module QedTools).ExportedCmdlets.Values | ForEach-Object { $_.OutputType } | ForEach-Object { $_.Type } | Where-Object { $_.Namespace -eq 'QedTools' }
        $viewed = $format.Configuration.ViewDefinitions.View | ForEach-Object { $_.ViewSelectedBy.TypeName }
        foreach ($type in $written) { $viewed | Should -Contain $type.FullName }
    }
}

Describe 'Colours' {
    BeforeAll {
        function New-Style {
            param([string] $Rendering)

            [pscustomobject]@{
                OutputRendering = $Rendering; Reset = '</>'
                Formatting      = [pscustomobject]@{ Error = '<error>'; Warning = '<warning>'; FormatAccent = '<accent>' }
            }
        }
    }

    It 'come from the settings of the user for <Status>' -ForEach @(
        @{ Status = 'Corrupt'; Shown = '<error>Corrupt</>' }
        @{ Status = 'Leaks'; Shown = '<warning>Leaks</>' }
        @{ Status = 'Clean'; Shown = '<accent>Clean</>' }
    ) {
        [QedTools.StatusColor]::Apply($Status, (New-Style 'Ansi'), $Host) | Should -BeExactly $Shown
        [QedTools.StatusColor]::Apply("${Status}: /some/where.qed", (New-Style 'Ansi'), $Host) | Should -BeExactly $Shown
    }

    It 'are not used <When>' -ForEach @(
        @{ When = 'without a $PSStyle, as in Windows PowerShell'; Style = { $null } }
        @{ When = 'if $PSStyle turns them off'; Style = { New-Style 'PlainText' } }
        @{ When = 'if the host does not support them'; Style = { New-Style 'Host' } }
    ) {
        [QedTools.StatusColor]::Apply('Corrupt', (& $Style), [RecordingHost]::new()) | Should -BeExactly 'Corrupt'
    }

    It 'are not used for text that is not a status' {
        [QedTools.StatusColor]::Apply('Else', (New-Style 'Ansi'), $Host) | Should -BeExactly 'Else'
        [QedTools.StatusColor]::Apply($null, (New-Style 'Ansi'), $Host) | Should -BeExactly ''
    }

    It 'appear in the table if $PSStyle requires them' {
        Skip-TestWithout PowerShell7.2
        $before = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'Ansi'
        try { $lines = Get-Screen @(New-Check (Get-Place 'bad.qed') 'Corrupt') -Color }
        finally { $PSStyle.OutputRendering = $before }
        $lines[3].StartsWith("$($PSStyle.Formatting.Error)Corrupt$($PSStyle.Reset)") | Should -BeTrue -Because $lines[3]
    }

    It 'do not appear on a host that does not support them' {
        (Get-Screen @(New-Check (Get-Place 'bad.qed') 'Corrupt') -Color)[3] | Should -BeLike 'Corrupt True *'
    }
}

Describe 'The text' {
    It 'of <Name> is <Text>' -ForEach @(
        @{ Name = 'an image'; Make = { New-Info '/i/x.qed' }; Text = '/i/x.qed' }
        @{ Name = 'a check'; Make = { New-Check '/i/x.qed' 'Leaks' 1 }; Text = 'Leaks: /i/x.qed' }
        @{ Name = 'a corruption'; Make = { New-Corruption 'DataAndData' 0 9 36864 28672 }; Text = 'DataAndData: L1[0] L2[9] = 0x7000, virtual offset 36864' }
        @{ Name = 'an extent'; Make = { [QedTools.QedExtent]::new(0, 8192, 'Data', 12288, 0, '/i/x.qed') }; Text = '0+8192 Data' }
        @{ Name = 'a repair'; Make = { [QedTools.QedRepair]::new('LeaksRemoved', $null, $null, 8, 'Give back.') }; Text = 'Give back.' }
        @{ Name = 'a merge'; Make = { [QedTools.QedMergeResult]@{ Path = '/i/x.qed'; BackingFilePath = '/i/b.qed' } }; Text = '/i/x.qed -> /i/b.qed' }
        @{ Name = 'an optimization'; Make = { [QedTools.QedOptimizeResult]@{ Path = '/i/x.qed' } }; Text = '/i/x.qed' }
        @{ Name = 'a comparison'; Make = { [QedTools.QedComparison]@{ Path = '/i/x.qed'; ReferencePath = '/i/y.qed'; AreEqual = $true } }; Text = '/i/x.qed equals /i/y.qed' }
        @{ Name = 'a plan to resize'; Make = { [QedTools.ImageResizePlan]::new(1MB, 2MB, 0) }; Text = '1 MiB -> 2 MiB' }
    ) {
        "$(& $Make)" | Should -BeExactly $Text
    }

    It 'of a stream is the path of its image' {
        $path = Copy-Fixture 'images/table-1.qed' -Folder (New-Folder 'text')
        $stream = Open-QedImage $path
        try {
            "$stream" | Should -BeExactly $path
            $stream.Path | Should -BeExactly $path
        }
        finally { $stream.Dispose() }
    }
}
