# Show-QedAllocationMap: the allocation map as a picture in the terminal or as SVG. The extents that it draws are those of
# fixtures/README.md; Get-QedAllocationMap.Tests.ps1 tests the extents themselves.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
    $escape = [char]27

    # Runs a script block with a decimal point, regardless of the culture.
    function Invoke-Invariant {
        param([Parameter(Mandatory)][scriptblock] $Drawing)

        $culture = [cultureinfo]::CurrentCulture
        [cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
        try { & $Drawing }
        finally { [cultureinfo]::CurrentCulture = $culture }
    }

    # The lines of a picture without colours: Show-Map $path -Width 40
    function Show-Map {
        $arguments = $args
        Invoke-Invariant { Show-QedAllocationMap @arguments -Color Never }
    }

    # Converts a picture from ASCII to block characters.
    function ConvertTo-Block {
        param([string] $Text)

        $blocks = @{ '.' = 0xB7; ':' = 0x2591; '+' = 0x2592; '*' = 0x2593; '#' = 0x2588 }
        -join $(foreach ($character in $Text.ToCharArray()) {
                if ($blocks.ContainsKey("$character")) { [char]$blocks["$character"] } else { $character }
            })
    }

    # An image with any number of 4 KiB clusters whose L1 entries all point to the same L2 table, so that the file stays small.
    # Every nth cluster is data. Other commands report it as damaged, but that does not matter for the map.
    function New-RepeatedImage {
        param([string] $Path, [long] $Clusters, [int] $Every)

        $null = New-QedImage $Path ($Clusters * 4KB) -ClusterSizeBytes 4KB -TableSize 16 -Force
        $table, $data = 69632, 135168
        $l1, $l2 = [long[]]::new(8192), [long[]]::new(8192)
        for ($i = 0; $i * 8192 -lt $Clusters; $i++) { $l1[$i] = $table }
        for ($i = 0; $i -lt 8192; $i += $Every) { $l2[$i] = $data }
        $bytes = [byte[]]::new(131072)
        [System.Buffer]::BlockCopy($l1, 0, $bytes, 0, 65536)
        [System.Buffer]::BlockCopy($l2, 0, $bytes, 65536, 65536)
        $stream = [System.IO.File]::OpenWrite($Path)
        try {
            $stream.Position = 4096
            $stream.Write($bytes, 0, $bytes.Length)
            $stream.SetLength($data + 4096)
        }
        finally { $stream.Dispose() }
        $Path
    }

    # An image with ten clusters of 64 KiB, of which 0, 3, 4 and 9 are data.
    function New-TenClusters {
        param([string] $Name = 'ten.qed')

        $path = Join-TestDrive $Name
        $null = New-QedImage $path 640KB -Force
        foreach ($cluster in 0, 3, 4, 9) { Set-DiskBytes $path ($cluster * 64KB) (New-Bytes 100 -Value 7) }
        $path
    }

    # Draws to a new file and reads it as XML.
    function Get-Svg {
        $arguments = $args
        $file = Join-TestDrive 'picture.svg'
        [System.IO.File]::Delete($file)
        $null = Invoke-Invariant { Show-QedAllocationMap @arguments -OutFile $file -ErrorAction Stop }
        Read-Svg $file
    }

    function Read-Svg {
        param([string] $Path)

        $xml = [System.Xml.XmlDocument]::new()
        $xml.XmlResolver = $null
        $xml.LoadXml([System.IO.File]::ReadAllText($Path))
        $xml
    }

    # The elements of an SVG document that match an XPath without namespace prefixes.
    function Find-Element {
        param([System.Xml.XmlDocument] $Svg, [string] $Path)

        $names = [System.Xml.XmlNamespaceManager]::new($Svg.NameTable)
        $names.AddNamespace('s', 'http://www.w3.org/2000/svg')
        foreach ($node in $Svg.SelectNodes(($Path -replace '(?<=/|^)(?=[a-z])', 's:'), $names)) { $node }
    }

    function Get-Number {
        param([System.Xml.XmlElement] $Element, [string] $Name)

        [double]::Parse($Element.GetAttribute($Name), [cultureinfo]::InvariantCulture)
    }
}

Describe 'Show-QedAllocationMap' {
    Context 'accepts its parameters' {
        It 'as documented' {
            $more = 'AllowUnc', 'Ascii', 'BackingChain', 'BackingFolder', 'Color', 'Force', 'ForceShare', 'Height', 'Length'
            Get-OwnParameter Show-QedAllocationMap Path | Should -Be ($more + 'Offset', 'OutFile property', 'Path!@0 value property', 'Snapshot', 'SourceBackingFile', 'SourceFormat', 'Width')
            Get-OwnParameter Show-QedAllocationMap LiteralPath | Should -Be ($more + 'LiteralPath! property', 'Offset', 'OutFile property', 'Snapshot', 'SourceBackingFile', 'SourceFormat', 'Width')
        }

        It 'by position, by wildcards, and from the pipeline as strings and result objects' {
            $folder = New-Folder 'names'
            $path = Copy-Fixture 'images/checkerboard.qed' -Folder $folder
            $expected = Show-Map $path
            Show-Map -LiteralPath $path | Should -Be $expected
            Show-Map ([System.IO.Path]::Combine($folder, '*.qed')) | Should -Be $expected
            Invoke-Invariant { $path | Show-QedAllocationMap -Color Never } | Should -Be $expected
            Invoke-Invariant { Get-QedInfo $path | Show-QedAllocationMap -Color Never } | Should -Be $expected
            Invoke-Invariant { [System.IO.FileInfo]::new($path) | Show-QedAllocationMap -Color Never } | Should -Be $expected
            Invoke-InFolder $folder { Show-Map 'checkerboard.qed' } | Should -Be $expected
            Show-Map 'TestDrive:/names/checkerboard.qed' | Should -Be $expected
        }

        It 'for images named <_>' -ForEach @(Get-OddName) {
            $path = Copy-Fixture 'images/checkerboard.qed' -As $_
            (Show-Map $path -Width 80)[0] | Should -BeExactly "${_}: 1 MiB, 24 KiB (2.34%) allocated"
            Show-Map -LiteralPath $path | Should -Be (Show-Map $path)
            [System.IO.File]::Delete($path)
        }

        It 'but refuses -<Name> <Value>' -ForEach @(
            @{ Name = 'Width'; Value = 19 }
            @{ Name = 'Width'; Value = 4001 }
            @{ Name = 'Height'; Value = 0 }
            @{ Name = 'Height'; Value = 501 }
            @{ Name = 'Offset'; Value = -1 }
            @{ Name = 'Length'; Value = -1 }
        ) {
            $arguments = @{ $Name = $Value }
            { Show-QedAllocationMap (Get-Fixture 'images/checkerboard.qed') @arguments } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
        }

        It 'and writes one error for <Fixture>: <Id>' -ForEach @(
            @{ Fixture = 'headers/magic-swapped.qed'; Id = 'QedNotAnImage' }
            @{ Fixture = 'headers/cut-4.qed'; Id = 'QedTruncated' }
        ) {
            $path = Get-Fixture $Fixture
            Assert-OneError { Show-QedAllocationMap $path } $Id 'InvalidData' $path
        }

        It 'and continues with the next image after an error' {
            $recorded = Invoke-Recorded { Show-Map (Join-TestDrive 'nothing.qed'), (Get-Fixture 'images/size-zero.qed') }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedFileNotFound,*'
            $recorded.Output | Should -Be 'size-zero.qed: 0 B, nothing to show'
        }

        It 'and reports with -Verbose what it drew' {
            $recorded = Invoke-Recorded { Show-Map (Get-Fixture 'images/checkerboard.qed') -Width 80 -Verbose }
            $recorded.Verbose[-1] | Should -BeLike '*checkerboard.qed: 256 cells of 4 KiB.'
        }
    }

    Context 'in the terminal' {
        BeforeAll {
            $board = Get-Fixture 'images/checkerboard.qed'
            $holes = Get-Fixture 'images/data-zero-hole.qed'
            $ten = New-TenClusters
        }

        It 'draws cells in rows, with row and column offsets and a legend' {
            Show-Map $holes -Width 80 -Ascii | Should -BeExactly @(
                'data-zero-hole.qed: 6 MiB, 16 KiB (0.26%) allocated'
                ''
                '         +0 KiB          +128 KiB        +256 KiB        +384 KiB'
                '   0 MiB #.0+....+.......................................................'
                ' 0.5 MiB ................................................................'
                '   1 MiB ................................................................'
                ' 1.5 MiB ................................................................'
                '   2 MiB ................................................................'
                ' 2.5 MiB ................................................................'
                '   3 MiB ................................................................'
                ' 3.5 MiB ................................................................'
                '   4 MiB ................................................................'
                ' 4.5 MiB ................................................................'
                '   5 MiB 0o..............................................................'
                ' 5.5 MiB ................................................................'
                ''
                '# data           16 KiB   0.26%  3 extents'
                '0 zero           20 KiB   0.33%  2 extents'
                '. unallocated  5.96 MiB  99.41%  4 extents'
                ''
                'One cell is 8 KiB, 2 clusters of 4 KiB. : + * #: less than one third of the cell'
                'is data, less than two thirds, less than all, all. o is a cell that is zero in'
                'part and has no data.'
            )
        }

        It 'draws the same in block characters' {
            Skip-TestWithout BlockCharacters
            $lines = @(Show-Map $holes -Width 80)
            $lines[3] | Should -BeExactly ('   0 MiB ' + (ConvertTo-Block ('#.0+....+' + '.' * 55)))
            $lines[13] | Should -BeExactly ('   5 MiB ' + (ConvertTo-Block ('0o' + '.' * 62)))
            $lines[16] | Should -BeExactly ((ConvertTo-Block '#') + ' data           16 KiB   0.26%  3 extents')
            $lines[18] | Should -BeExactly ((ConvertTo-Block '.') + ' unallocated  5.96 MiB  99.41%  4 extents')
            $lines[20] | Should -BeLike ('*4 KiB. ' + (ConvertTo-Block ': + * #') + ': less*')
        }

        It 'fits in 20 columns' {
            $lines = @(Show-Map $board -Width 20 -Ascii)
            $lines[0..5] | Should -BeExactly @(
                'checkerboard.qed:'
                '1 MiB, 24 KiB'
                '(2.34%) allocated'
                ''
                '  0 KiB ++++++..'
                ' 64 KiB ........'
            )
            $lines[19..24] | Should -BeExactly @(
                '960 KiB .......o'
                ''
                '# data         2.34%'
                '0 zero         0.39%'
                '. unallocated 97.27%'
                ''
            )
            $lines | Where-Object { $_.Length -gt 20 } | Should -BeNullOrEmpty
        }

        It 'uses 80 columns' {
            Show-Map $board -Width 80 -Ascii | Should -BeExactly @(
                'checkerboard.qed: 1 MiB, 24 KiB (2.34%) allocated'
                ''
                '        +0 KiB          +64 KiB         +128 KiB        +192 KiB        +256 KiB'
                '  0 KiB #.#.#.#.#.#.............................................................'
                '288 KiB ........................................................................'
                '576 KiB ........................................................................'
                '864 KiB .......................................0'
                ''
                '# data          24 KiB   2.34%  6 extents'
                '0 zero           4 KiB   0.39%  1 extent'
                '. unallocated  996 KiB  97.27%  6 extents'
                ''
                'One cell is one cluster of 4 KiB.'
            )
        }

        It 'uses 200 columns' {
            $lines = @(Show-Map $board -Width 200 -Ascii)
            $lines[2] | Should -BeLike '         +0 KiB          +64 KiB * +704 KiB'
            $lines[3] | Should -BeExactly ('   0 KiB #.#.#.#.#.#' + '.' * 173)
            $lines[4] | Should -BeExactly (' 736 KiB ' + '.' * 71 + '0')
            $lines | Should -HaveCount 11
        }

        It 'is never wider than -Width <_>' -ForEach 20, 21, 33, 40, 57, 80, 120, 133, 200, 1000 {
            $columns = $_
            foreach ($path in $board, $holes, $ten) {
                Show-Map $path -Width $columns -Ascii | Where-Object { $_.Length -gt $columns } | Should -BeNullOrEmpty
            }
        }

        It 'has at most -Height rows' {
            $lines = @(Show-Map $board -Width 20 -Height 2 -Ascii)
            $lines[4] | Should -BeExactly '  0 MiB +.......'
            $lines[5] | Should -BeExactly '0.5 MiB .......o'
            $lines[6] | Should -BeExactly ''
            @(Show-Map $board -Width 20 -Height 500 -Ascii)[4..5] | Should -BeExactly '  0 KiB #.#.#.#.', ' 32 KiB #.#.....'
        }

        It 'draws ten clusters as a long row' {
            Show-Map $ten -Width 80 -Ascii | Should -BeExactly @(
                'ten.qed: 640 KiB, 256 KiB (40%) allocated'
                ''
                '      +0 MiB          +0.25 MiB       +0.5 MiB'
                '0 KiB ####........########................####'
                ''
                '# data         256 KiB  40%  3 extents'
                '0 zero             0 B   0%  0 extents'
                '. unallocated  384 KiB  60%  2 extents'
                ''
                'One cell is 16 KiB; a cluster of 64 KiB takes 4 of them.'
            )
        }

        It 'draws a disk of one cluster, empty and full' {
            $path = Join-TestDrive 'one.qed'
            $null = New-QedImage $path 64KB -Force
            @(Show-Map $path -Width 40 -Ascii)[3] | Should -BeExactly ('0 KiB ' + '.' * 32)
            Set-DiskBytes $path 100 (New-Bytes 1 -Value 1)
            $lines = @(Show-Map $path -Width 40 -Ascii)
            $lines[0] | Should -BeExactly 'one.qed: 64 KiB, 64 KiB (100%) allocated'
            $lines[3] | Should -BeExactly ('0 KiB ' + '#' * 32)
        }

        It 'draws an empty disk' {
            $lines = @(Show-Map (Get-Fixture 'images/empty-default.qed') -Width 80 -Ascii)
            $lines[0] | Should -BeExactly 'empty-default.qed: 1 GiB, 0 B (0%) allocated'
            @($lines | Where-Object { $_ -match 'MiB \.{64}$' }) | Should -HaveCount 16
            $lines[-1] | Should -BeExactly 'One cell is 1 MiB, 16 clusters of 64 KiB.'
        }

        It 'reports that a disk of size 0 has nothing to show' {
            Show-Map (Get-Fixture 'images/size-zero.qed') | Should -BeExactly 'size-zero.qed: 0 B, nothing to show'
        }

        It 'shows a single cluster of data among a million' {
            $path = Join-TestDrive 'needle.qed'
            $null = New-QedImage $path 64GB -Force
            Set-DiskBytes $path (40GB + 12345) (New-Bytes 1 -Value 1)
            $lines = @(Show-Map $path -Width 80 -Ascii)
            $lines[0] | Should -BeExactly 'needle.qed: 64 GiB, 64 KiB (<0.01%) allocated'
            $lines[13] | Should -BeExactly ('  40 GiB :' + '.' * 63)
            @($lines | Where-Object { $_ -match 'GiB \.{64}$' }) | Should -HaveCount 15
            $lines | Should -Contain '. unallocated  64 GiB  >99.99%  2 extents'
        }

        It 'does not draw a cell as full if a single cluster is missing' {
            $path = New-RepeatedImage (Join-TestDrive 'full.qed') 8192 1
            @(Show-Map $path -Width 40 -Ascii -Height 1)[4] | Should -BeExactly ('0 MiB ' + '#' * 32)
            $stream = [System.IO.File]::OpenWrite($path)
            try {
                $stream.Position = 69632
                $stream.Write([byte[]]::new(8), 0, 8)
            }
            finally { $stream.Dispose() }
            @(Show-Map $path -Width 40 -Ascii -Height 1)[4] | Should -BeExactly ('0 MiB *' + '#' * 31)
        }

        It 'draws the largest disk' {
            Skip-TestWithout Unix
            $path = Join-TestDrive 'largest.qed'
            $null = New-QedImage $path 9223372036854775296 -ClusterSizeBytes 64MB -TableSize 16 -Force
            $lines = @(Show-Map $path -Width 80 -Ascii)
            $lines[3] | Should -BeExactly ('   0 EiB ' + '.' * 64)
            $lines[18] | Should -BeExactly (' 7.5 EiB ' + '.' * 64)
            $lines = @(Show-Map $path -Width 60 -Ascii -Offset 9223372036854774272)
            $lines[4] | Should -BeExactly '9007199254740990.5 KiB ..'
            [System.IO.File]::Delete($path)
        }

        It 'puts an empty line between two images' {
            $lines = @(Show-Map $ten, $ten -Width 80 -Ascii)
            $lines | Should -HaveCount 21
            $lines[10] | Should -BeExactly ''
            $lines[11] | Should -BeExactly $lines[0]
        }

        It 'draws the range of -Offset and -Length, starting at a whole cell' {
            Show-Map $holes -Width 60 -Ascii -Offset 1000 -Length 20000 | Should -BeExactly @(
                'data-zero-hole.qed:'
                '6 MiB, 19.53 KiB shown from 1000 B, 7.02 KiB (35.96%)'
                'allocated'
                ''
                '        +0 KiB          +8 KiB          +16 KiB'
                '0.5 KiB ###############................0000000000'
                ''
                '# data         7.02 KiB  35.96%  1 extent'
                '0 zero         4.51 KiB  23.08%  1 extent'
                '. unallocated     8 KiB  40.96%  1 extent'
                ''
                'One cell is 512 B; a cluster of 4 KiB takes 8 of them.'
            )
        }

        It 'continues to the end without -Length' {
            $lines = @(Show-Map $holes -Width 60 -Ascii -Offset 5MB)
            $lines[0..1] | Should -BeExactly 'data-zero-hole.qed:', '6 MiB, 1 MiB shown from 5 MiB, 0 B (0%) allocated'
            $lines[4] | Should -BeExactly ('5120 KiB 000' + '.' * 45)
        }

        It 'shows nothing at the end, and refuses an offset past it' {
            Show-Map $holes -Offset 6291456 | Should -BeExactly 'data-zero-hole.qed: 6 MiB, nothing to show'
            Show-Map $holes -Length 0 | Should -BeExactly 'data-zero-hole.qed: 6 MiB, nothing to show'
            Assert-OneError { Show-QedAllocationMap $holes -Offset 6291457 } 'QedLimit' 'InvalidArgument' $holes 'An offset of 6291457 bytes*6291456*'
        }

        It 'draws the same byte counts for <_> as Get-QedAllocationMap' -ForEach 'images/across-l2-contiguous', 'images/scattered-default', 'images/table-1', 'images/allocated-zeroes', 'images/size-unaligned' {
            $path = Get-Fixture "$_.qed"
            $text = (Show-Map $path -Width 120 -Ascii) -join "`n"
            foreach ($state in @{ Name = 'Data'; Mark = '#' }, @{ Name = 'Zero'; Mark = '0' }, @{ Name = 'Unallocated'; Mark = '\.' }) {
                $extents = @(Get-QedAllocationMap $path -State $state.Name)
                $bytes = 0L
                foreach ($extent in $extents) { $bytes += $extent.Length }
                $size = Invoke-Invariant { [QedTools.ByteSize]::Format($bytes) }
                $text | Should -Match "(?m)^$($state.Mark) $($state.Name) +$size +[<>0-9.]+%  +$($extents.Count) extents?$"
            }
        }
    }

    Context 'with names that would disturb the screen' {
        It 'replaces control characters and characters that change the text direction' {
            Skip-TestWithout Unix, BlockCharacters
            $path = Copy-Fixture 'images/size-zero.qed' -As "a$escape[31m$([char]0x202E)b`n.qed"
            $lines = Show-Map -LiteralPath $path
            $ascii = Show-Map -LiteralPath $path -Ascii
            # Deleted before anything can fail, because such a name is difficult to clean up.
            [System.IO.File]::Delete($path)
            $lines | Should -BeExactly "a$([char]0x241B)[31m$([char]0xFFFD)b$([char]0x240A).qed: 0 B, nothing to show"
            $ascii | Should -BeExactly 'a?[31m?b?.qed: 0 B, nothing to show'
        }

        It 'counts wide characters as two columns' {
            Skip-TestWithout BlockCharacters
            $name = [string][char]0x57FA * 40
            $path = Copy-Fixture 'images/size-zero.qed' -As "$name.qed"
            @(Show-Map $path -Width 80)[0] | Should -BeExactly ($name.Substring(0, 38) + '...:')
            @(Show-Map $path -Width 120)[0] | Should -BeExactly "$name.qed: 0 B, nothing to show"
            [System.IO.File]::Delete($path)
        }

        It 'counts joining characters as zero columns' {
            $name = "a$([char]0x200C)" * 40
            $path = Copy-Fixture 'images/size-zero.qed' -As "$name.qed"
            Show-Map $path -Width 80 | Should -BeExactly "$name.qed: 0 B, nothing to show"
            [System.IO.File]::Delete($path)
        }

        It 'shortens a long name' {
            $path = Copy-Fixture 'images/size-zero.qed' -As ('n' * 100 + '.qed')
            Show-Map $path -Width 40 | Should -BeExactly ('n' * 36 + '...:'), '0 B, nothing to show'
        }
    }

    Context 'with -BackingChain' {
        BeforeAll {
            $middle, $base, $raw = Get-Fixture 'chains/three-middle.qed', 'chains/base.qed', 'chains/base.raw'
            $top = Get-Fixture 'chains/three-top.qed'
        }

        It 'distinguishes layers by letters without colours' {
            Show-Map $top -BackingChain -Width 60 -Ascii | Should -BeExactly @(
                'three-top.qed: 1 MiB, 32 KiB (3.13%) allocated'
                ''
                '        +0 KiB          +64 KiB         +128 KiB'
                '  0 KiB CCBA............C0CC............0...............'
                '192 KiB ................A...............................'
                '384 KiB ................................................'
                '576 KiB ................................................'
                '768 KiB ................................................'
                '960 KiB ................'
                ''
                'A data in three-top.qed       8 KiB   0.78%  2 extents'
                'B data in three-middle.qed    4 KiB   0.39%  1 extent'
                'C data in base.qed           20 KiB   1.95%  3 extents'
                '0 zero                        8 KiB   0.78%  2 extents'
                '. unallocated               984 KiB  96.09%  4 extents'
                ''
                'One cell is one cluster of 4 KiB.'
            )
        }

        It 'distinguishes cells with data of several layers, and cells that are not all data' {
            $lines = @(Show-Map $top -BackingChain -Width 60 -Height 1 -Ascii)
            $lines[3] | Should -BeExactly '0 MiB &.c.o...a.......................'
            $lines[11..($lines.Count - 1)] | Should -BeExactly @(
                'One cell is 32 KiB, 8 clusters of 4 KiB. A small letter is a'
                'cell that is not all data. & is a cell with data of several'
                'layers. o is a cell that is zero in part and has no data.'
            )
        }

        It 'distinguishes layers by colours if there are colours, with two in a cell' {
            Skip-TestWithout BlockCharacters
            $lines = @(Invoke-Invariant { Show-QedAllocationMap $top -BackingChain -Width 60 -Height 1 -Color Always })
            $dots = ConvertTo-Block '.......................'
            $lines[3] | Should -BeExactly (
                "$escape[38;5;244m0 MiB$escape[0m $escape[38;5;33;48;5;35m$([char]0x2580)$escape[0;38;5;240m$($dots[0])$escape[0;38;5;35m$([char]0x2592)" +
                "$escape[0;38;5;240m$($dots[0])$escape[0mo$escape[38;5;240m$($dots.Substring(0, 3))$escape[0;38;5;33m$([char]0x2591)$escape[0;38;5;240m$dots$escape[0m")
            $lines[5..7] | Should -BeExactly @(
                "$escape[38;5;33m$([char]0x2588)$escape[0m data in three-top.qed       8 KiB   0.78%  2 extents"
                "$escape[38;5;208m$([char]0x2588)$escape[0m data in three-middle.qed    4 KiB   0.39%  1 extent"
                "$escape[38;5;35m$([char]0x2588)$escape[0m data in base.qed           20 KiB   1.95%  3 extents"
            )
        }

        It 'draws raw backing files too' {
            $lines = @(Show-Map (Get-Fixture 'chains/over-raw.qed') -BackingChain -Width 60 -Ascii)
            $lines[3] | Should -BeExactly '0 KiB AAAABBBB0000AAAABBBBBBBBBBBBBBBB'
        }

        It 'does not open backing files without the parameter' {
            $lines = @(Show-Map $top -Width 60 -Height 1 -Ascii)
            $lines[3] | Should -BeExactly '0 MiB :.......:.......................'
            Show-Map (Get-Fixture 'chains/name-missing.qed') -Width 40 | Should -Not -BeNullOrEmpty
        }

        It 'combines the layers from the sixth on' {
            $folder = New-Folder 'deep'
            $name = 'layer8.qed'
            $null = New-QedImage ([System.IO.Path]::Combine($folder, $name)) 640KB
            for ($i = 7; $i -ge 0; $i--) {
                Set-DiskBytes ([System.IO.Path]::Combine($folder, $name)) (($i + 1) * 64KB) (New-Bytes 64KB -Value 1)
                $null = New-QedImage ([System.IO.Path]::Combine($folder, "layer$i.qed")) -BackingFile $name
                $name = "layer$i.qed"
            }
            $path = [System.IO.Path]::Combine($folder, $name)
            Set-DiskBytes $path 0 (New-Bytes 64KB -Value 1)
            $lines = @(Show-Map $path -BackingChain -Width 80 -Ascii)
            $lines[3] | Should -BeExactly '0 KiB AAAABBBBCCCCDDDDEEEEFFFFFFFFFFFFFFFF....'
            $lines[9..10] | Should -BeExactly 'E data in layer4.qed        64 KiB  10%  1 extent', 'F data in 4 deeper layers  256 KiB  40%  4 extents'
        }

        It 'writes one error for <Name>.qed: <Id>' -ForEach @(
            @{ Name = 'name-missing'; Id = 'QedBackingFileNotFound'; Category = 'ObjectNotFound' }
            @{ Name = 'name-nbd'; Id = 'QedBackingFileRefused'; Category = 'SecurityError' }
            @{ Name = 'cycle-self'; Id = 'QedBackingChain'; Category = 'InvalidData' }
        ) {
            $path = Get-Fixture "chains/$Name.qed"
            Assert-OneError { Show-QedAllocationMap $path -BackingChain } $Id $Category $path
        }
    }

    Context 'with and without colours' {
        BeforeAll { $ten = New-TenClusters }

        It 'uses colours with -Color Always, and resets them at the end of each line' {
            $lines = @(Invoke-Invariant { Show-QedAllocationMap $ten -Width 80 -Ascii -Color Always })
            $lines[0] | Should -BeExactly "$escape[1mten.qed$escape[0m: 640 KiB, 256 KiB (40%) allocated"
            $lines[3] | Should -BeExactly (
                "$escape[38;5;244m0 KiB$escape[0m $escape[38;5;33m####$escape[0;38;5;240m........$escape[0;38;5;33m########" +
                "$escape[0;38;5;240m................$escape[0;38;5;33m####$escape[0m")
            foreach ($line in $lines) { $line | Should -Not -Match "$escape\[[1-9][0-9;]*m[^$escape]*$" }
        }

        It 'draws the same picture with colours' {
            $lines = Invoke-Invariant { Show-QedAllocationMap $ten -Width 80 -Ascii -Color Always }
            $lines -replace "$escape\[[0-9;]*m" | Should -BeExactly (Show-Map $ten -Width 80 -Ascii)
        }

        It 'uses no colours with -Color Never' {
            Show-Map $ten | Where-Object { $_.Contains($escape) } | Should -BeNullOrEmpty
        }

        It 'writes plain text to variables and other commands, with colours only on the screen' {
            Skip-TestWithout PowerShell7.2
            $style = $ExecutionContext.SessionState.PSVariable.GetValue('PSStyle')
            $rendering = $style.OutputRendering
            try {
                $style.OutputRendering = 'Ansi'
                $lines = @(Invoke-Invariant { Show-QedAllocationMap $ten -Width 80 -Ascii })
                $lines | Should -BeExactly (Show-Map $ten -Width 80 -Ascii)
                $lines[3] | Should -BeOfType string
                $lines[3].PSObject.TypeNames[0] | Should -Be 'QedTools.ColoredLine'
                $lines[3].Colored | Should -BeLike "*$escape``[38;5;33m####*"
                $style.OutputRendering = 'PlainText'
                $lines = @(Invoke-Invariant { Show-QedAllocationMap $ten -Width 80 -Ascii })
                $lines[3].PSObject.TypeNames[0] | Should -Be 'System.String'
            }
            finally { $style.OutputRendering = $rendering }
        }

        It 'shows a chain on the screen in colours, although the text has letters' {
            Skip-TestWithout PowerShell7.2, BlockCharacters
            $null = Get-Fixture 'chains/three-middle.qed', 'chains/base.qed'
            $top = Get-Fixture 'chains/three-top.qed'
            $style = $ExecutionContext.SessionState.PSVariable.GetValue('PSStyle')
            $rendering = $style.OutputRendering
            try {
                $style.OutputRendering = 'Ansi'
                $lines = @(Invoke-Invariant { Show-QedAllocationMap $top -BackingChain -Width 60 -Height 1 })
            }
            finally { $style.OutputRendering = $rendering }
            $lines | Should -BeExactly (Show-Map $top -BackingChain -Width 60 -Height 1)
            # The explanation takes more lines with colours; the last string contains all of them.
            $shown = $(foreach ($line in $lines) { if ($line.PSObject.Properties['Colored']) { $line.Colored } else { $line } }) -join "`n"
            $colored = Invoke-Invariant { Show-QedAllocationMap $top -BackingChain -Width 60 -Height 1 -Color Always }
            $shown -split "`n" | Should -BeExactly $colored
        }

        It 'is displayed in colours by the view' {
            Skip-TestWithout PowerShell7.2
            $rendering = $PSStyle.OutputRendering
            try {
                $PSStyle.OutputRendering = 'Ansi'
                $shown = Show-QedAllocationMap $ten -Width 60 -Ascii | Out-String -Width 100
                $PSStyle.OutputRendering = 'Host'
                $lines = Show-QedAllocationMap $ten -Width 60 -Ascii -Color Never
            }
            finally { $PSStyle.OutputRendering = $rendering }
            $shown | Should -BeLike "*$escape``[38;5;33m###*"
            ($shown -replace "$escape\[[0-9;]*m").TrimEnd() -split "`r?`n" | Should -BeExactly $lines
        }
    }

    Context 'for damaged images and images in use' {
        It 'draws what is known before the damage, then writes one error, then draws the next image' {
            $damaged, $next = Get-Fixture 'damaged/l1-past-end.qed', 'images/size-zero.qed'
            $recorded = Invoke-Recorded { Show-Map $damaged, $next -Width 60 -Ascii }
            $recorded.Output[3] | Should -BeExactly ('    0 MiB *.:.' + '.' * 44)
            @($recorded.Output | Where-Object { $_ -match 'MiB \?{48}$' }).Count | Should -BeGreaterThan 3
            $recorded.Output | Should -Contain '? unknown (after damage)     8 MiB  66.67%'
            $recorded.Output[-1] | Should -BeExactly 'size-zero.qed: 0 B, nothing to show'
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -Be 'QedCorrupt,QedTools.Commands.ShowQedAllocationMapCommand'
            $recorded.Errors[0].TargetObject | Should -BeExactly $damaged
        }

        It 'draws a damaged image to a file as well' {
            $damaged = Get-Fixture 'damaged/l1-past-end.qed'
            $file = [System.IO.Path]::Combine((New-Folder 'damaged'), 'map.svg')
            $recorded = Invoke-Recorded { Show-QedAllocationMap $damaged -OutFile $file }
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedCorrupt,*'
            $recorded.Output | Should -HaveCount 1
            @(Find-Element (Read-Svg $file) "//g/rect[@class='unknown']") | Should -Not -BeNullOrEmpty
        }

        It 'refuses an image that another program is writing unless -ForceShare is given' {
            Skip-TestWithout WriterLock
            $path = Get-Fixture 'images/base-4k.qed'
            $writer = Open-AsWriter $path
            try { Assert-OneError { Show-QedAllocationMap $path } 'QedImageInUse' 'ResourceBusy' $path '*-ForceShare*' }
            finally { $writer.Dispose() }
            $writer = Open-AsWriter $path
            try { Show-Map $path -ForceShare | Should -Not -BeNullOrEmpty }
            finally { $writer.Dispose() }
        }

        It 'does not change the image, and releases it before the picture is written to the pipeline' {
            $folder = New-Folder 'untouched'
            $path = Copy-Fixture 'damaged/dirty-leaks.qed' -Folder $folder
            $before = Get-FolderState $folder
            $used = @(Show-QedAllocationMap $path | ForEach-Object { (Get-QedInfo $path).InUse })
            $used | Should -Not -Contain $true
            Get-FolderState $folder | Should -Be $before
        }
    }

    Context 'with -OutFile' {
        BeforeEach {
            $folder = New-Folder 'svg'
            $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
            $file = [System.IO.Path]::Combine($folder, 'map.svg')
        }

        It 'writes the file and nothing else, and returns it' {
            $result = Show-QedAllocationMap $path -OutFile $file
            $result | Should -HaveCount 1
            $result | Should -BeOfType System.IO.FileInfo
            $result.FullName | Should -BeExactly $file
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -HaveCount 2
        }

        It 'writes UTF-8 without a byte order mark, with a newline at the end' {
            $null = Show-QedAllocationMap $path -OutFile $file
            $bytes = [System.IO.File]::ReadAllBytes($file)
            [System.Text.Encoding]::ASCII.GetString($bytes, 0, 38) | Should -BeExactly '<?xml version="1.0" encoding="utf-8"?>'
            $bytes[-1] | Should -Be 10
            $bytes | Where-Object { $_ -eq 13 } | Should -BeNullOrEmpty
        }

        It 'has a title, a description with all numbers, a size and a scale' {
            $svg = Get-Svg $path
            $svg.DocumentElement.LocalName | Should -Be 'svg'
            $svg.DocumentElement.NamespaceURI | Should -Be 'http://www.w3.org/2000/svg'
            $svg.DocumentElement.GetAttribute('width') | Should -Be '1200'
            $svg.DocumentElement.GetAttribute('viewBox') | Should -Be "0 0 1200 $($svg.DocumentElement.GetAttribute('height'))"
            (Find-Element $svg '/svg/title').InnerText | Should -BeExactly 'Allocation map of data-zero-hole.qed'
            (Find-Element $svg '/svg/desc').InnerText | Should -BeExactly '6 MiB, 16 KiB (0.26%) allocated; data: 16 KiB (0.26%) in 3 extents; zero: 20 KiB (0.33%) in 2 extents; unallocated: 5.96 MiB (99.41%) in 4 extents.'
            $texts = @(Find-Element $svg '/svg/text' | ForEach-Object { $_.InnerText })
            $texts | Should -Contain 'data-zero-hole.qed'
            $texts | Should -Contain '+64 KiB'
            $texts | Should -Contain '5.5 MiB'
            $texts | Should -Contain '3 extents'
            $texts[-1] | Should -BeExactly 'One cell is one cluster of 4 KiB.'
        }

        It 'gives each extent a title with its range and contents' {
            $titles = @(Find-Element (Get-Svg $path -Length 128KB) '//g/title' | ForEach-Object { $_.InnerText })
            $titles | Should -BeExactly @(
                '0 B to 8 KiB: data'
                '8 KiB to 16 KiB: unallocated'
                '16 KiB to 24 KiB: zero'
                '24 KiB to 28 KiB: data'
                '28 KiB to 64 KiB: unallocated'
                '64 KiB to 68 KiB: data'
                '68 KiB to 128 KiB: unallocated'
            )
        }

        It 'fills each row without gaps and overlaps' {
            foreach ($row in Find-Element (Get-Svg $path -Height 3) "//g[@class='cells']") {
                $end = 0
                foreach ($cell in $row.ChildNodes) {
                    if ($cell.LocalName -ne 'g') { continue }
                    $shapes = @($cell.ChildNodes | Where-Object { $_.LocalName -eq 'rect' })
                    $bottom = 20
                    foreach ($shape in $shapes) {
                        Get-Number $shape 'x' | Should -Be $end
                        Get-Number $shape 'height' | Should -BeGreaterOrEqual 4
                        [System.Math]::Abs((Get-Number $shape 'y') + (Get-Number $shape 'height') - $bottom) | Should -BeLessThan 0.01
                        $bottom = Get-Number $shape 'y'
                    }
                    $bottom | Should -Be 0
                    $end = [System.Math]::Round($end + (Get-Number $shapes[0] 'width'), 2)
                }
                $end | Should -BeGreaterThan 1000
            }
        }

        It 'fills a cell in proportion to its shares' {
            $cells = @(Find-Element (Get-Svg $path -Width 480 -Height 1) "//g[@class='cells']/g")
            $cells[0].FirstChild.InnerText | Should -BeExactly '0 B to 128 KiB: data 12.5%, zero 6.25%, unallocated 81.25%'
            # Of 44 pixels: 5.5 of data, and 2.75 of zero, which is drawn with the minimum height.
            @($cells[0].ChildNodes | Where-Object { $_.LocalName -eq 'rect' } | ForEach-Object { "$($_.GetAttribute('class')) $($_.GetAttribute('height'))" }) |
                Should -BeExactly 'layer0 5.5', 'zero 4', 'free 34.5'
        }

        It 'shows a single cluster of data among a million' {
            $needle = Join-TestDrive 'needle.qed'
            $null = New-QedImage $needle 64GB -Force
            Set-DiskBytes $needle (40GB + 12345) (New-Bytes 1 -Value 1)
            $data = @(Find-Element (Get-Svg $needle) "//g/rect[@class='layer0']")
            $data | Should -HaveCount 1
            Get-Number $data[0] 'height' | Should -Be 4
            Get-Number $data[0] 'width' | Should -BeGreaterThan 8
            $data[0].ParentNode.FirstChild.InnerText | Should -BeLike '40 GiB to 40992 MiB: data 0.2%, unallocated 99.8%'
        }

        It 'separates clusters if they are wide enough' {
            Find-Element (Get-Svg (New-TenClusters)) "//pattern[@id='seams']" | Should -HaveCount 1
            Find-Element (Get-Svg $path) "//pattern[@id='seams']" | Should -BeNullOrEmpty
        }

        It 'has a colour for each layer with -BackingChain' {
            $null = Get-Fixture 'chains/three-middle.qed', 'chains/base.qed'
            $svg = Get-Svg (Get-Fixture 'chains/three-top.qed') -BackingChain
            $titles = @(Find-Element $svg '//g/title' | ForEach-Object { $_.InnerText })
            $titles[0..3] | Should -BeExactly @(
                '0 B to 8 KiB: data in base.qed'
                '8 KiB to 12 KiB: data in three-middle.qed'
                '12 KiB to 16 KiB: data in three-top.qed'
                '16 KiB to 64 KiB: unallocated'
            )
            $classes = @(Find-Element $svg "//g/rect[starts-with(@class, 'layer')]" | ForEach-Object { $_.GetAttribute('class') })
            $classes[0..2] | Should -Be 'layer2', 'layer1', 'layer0'
            @(Find-Element $svg '/svg/text' | ForEach-Object { $_.InnerText }) | Should -Contain 'data in three-middle.qed'
        }

        It 'stacks the layers of a cell, with the top layer above the others' {
            $null = Get-Fixture 'chains/three-middle.qed', 'chains/base.qed'
            $svg = Get-Svg (Get-Fixture 'chains/three-top.qed') -BackingChain -Width 480 -Height 1
            $cell = @(Find-Element $svg "//g[@class='cells']/g")[0]
            @($cell.ChildNodes | Where-Object { $_.LocalName -eq 'rect' } | ForEach-Object { $_.GetAttribute('class') }) |
                Should -BeExactly 'layer2', 'layer1', 'layer0', 'free'
        }

        It 'writes a self-contained file without scripts or external references' {
            $text = [System.IO.File]::ReadAllText((Show-QedAllocationMap $path -OutFile $file).FullName)
            $text | Should -Not -Match '<script|<foreignObject|<image|<use|<!DOCTYPE|href|@import| on[a-z]+='
            foreach ($match in [regex]::Matches($text, 'url\(([^)]*)\)')) { $match.Groups[1].Value | Should -Match '^#' }
            @([regex]::Matches($text, 'https?://[^"]*') | ForEach-Object { $_.Value }) | Should -Be 'http://www.w3.org/2000/svg'
        }

        It 'has colours for light and for dark screens' {
            $style = (Find-Element (Get-Svg $path) '/svg/style').InnerText
            foreach ($class in 'ground', 'free', 'line', 'alert', 'layer0', 'layer1', 'layer2', 'layer3', 'layer4', 'layer5') {
                [regex]::Matches($style, "\.$class \{ fill: #") | Should -HaveCount 2 -Because $class
            }
        }

        It 'shows hostile names as text' {
            Skip-TestWithout Unix
            $name = '<script>alert(1)<' + [char]0x2044 + 'script>&amp;"' + "'" + $escape + '[31m' + [char]0x202E + [char]10 + ']]>.qed'
            $hostile = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder -As $name
            $null = Show-QedAllocationMap -LiteralPath $hostile -OutFile $file
            [System.IO.File]::Delete($hostile)
            $svg = Read-Svg $file
            $shown = $name.Replace($escape, [char]0x241B).Replace([char]0x202E, [char]0xFFFD).Replace([char]10, [char]0x240A)
            (Find-Element $svg '/svg/title').InnerText | Should -BeExactly "Allocation map of $shown"
            (Find-Element $svg "/svg/text[@class='name']").InnerText | Should -BeExactly $shown
            Find-Element $svg '//*[local-name() = "script"]' | Should -BeNullOrEmpty
        }

        It 'shows names with invalid characters as text' {
            Skip-TestWithout Unix
            $odd = Copy-Fixture 'images/size-zero.qed' -Folder $folder -As ('a' + [char]::ConvertFromUtf32(0x1F4BE) + [char]0xFFFE + '.qed')
            $null = Show-QedAllocationMap -LiteralPath $odd -OutFile $file
            (Find-Element (Read-Svg $file) "/svg/text[@class='name']").InnerText | Should -BeExactly ('a' + [char]::ConvertFromUtf32(0x1F4BE) + [char]0xFFFD + '.qed')
        }

        It 'draws a disk of size 0' {
            $svg = Get-Svg (Get-Fixture 'images/size-zero.qed')
            @(Find-Element $svg '/svg/text' | ForEach-Object { $_.InnerText }) | Should -BeExactly 'size-zero.qed', '0 B, nothing to show'
        }

        It 'draws in any allowed width and height' {
            foreach ($width in 480, 600, 1920, 4000) {
                foreach ($height in 1, 7, 100) {
                    $svg = Get-Svg $path -Width $width -Height $height
                    $rows = @(Find-Element $svg "//g[@class='cells']")
                    $rows.Count | Should -BeLessOrEqual $height
                    foreach ($text in Find-Element $svg '/svg/text') { Get-Number $text 'x' | Should -BeLessOrEqual $width }
                }
            }
        }

        It 'refuses -Width under 480' {
            Assert-OneError { Show-QedAllocationMap $path -OutFile $file -Width 479 } 'QedLimit' 'InvalidArgument' $path '*Width 479*480 pixels*'
            $file | Should -Not -Exist
        }

        It 'refuses an existing file and advises -Force, which replaces it completely' {
            [System.IO.File]::WriteAllText($file, 'old' * 100000)
            $before = Get-FolderState $folder
            Assert-OneError { Show-QedAllocationMap $path -OutFile $file } 'QedFileExists' 'ResourceExists' $path "*$file*-Force*"
            Get-FolderState $folder | Should -Be $before
            $null = Show-QedAllocationMap $path -OutFile $file -Force
            (Read-Svg $file).DocumentElement.LocalName | Should -Be 'svg'
        }

        It 'refuses <Name>: <Id>' -ForEach @(
            @{ Name = 'map.png'; Id = 'QedRequest'; Category = 'InvalidArgument'; Message = '*map.png*SVG*.svg*' }
            @{ Name = 'map'; Id = 'QedRequest'; Category = 'InvalidArgument'; Message = '*map''*SVG*.svg*' }
            @{ Name = 'no-such/map.svg'; Id = 'QedFileNotFound'; Category = 'ObjectNotFound'; Message = '*no-such*does not exist*' }
        ) {
            $before = Get-FolderState $folder
            Assert-OneError { Show-QedAllocationMap $path -OutFile ([System.IO.Path]::Combine($folder, $Name)) } $Id $Category $path $Message
            Get-FolderState $folder | Should -Be $before
        }

        It 'refuses a folder' {
            $null = [System.IO.Directory]::CreateDirectory($file)
            Assert-OneError { Show-QedAllocationMap $path -OutFile $file -Force } 'QedNotAFile' 'InvalidArgument' $path
        }

        It 'refuses <_>, which cannot hold files' -ForEach 'Env:x.svg', 'NoSuchDrive:/x.svg' {
            Assert-OneError { Show-QedAllocationMap $path -OutFile $_ } 'QedPath' 'InvalidArgument'
        }

        It 'never overwrites the image or its backing files, whatever their names' {
            $odd = Copy-Fixture 'chains/over-raw.qed' -Folder $folder -As 'top.svg'
            $null = Copy-Fixture 'chains/base.raw' -Folder $folder
            $before = Get-FolderState $folder
            Assert-OneError { Show-QedAllocationMap $odd -OutFile $odd -Force } 'QedRequest' 'InvalidArgument' $odd '*another file*'
            Assert-OneError { Show-QedAllocationMap $odd -OutFile $odd -Force -ForceShare } 'QedRequest' 'InvalidArgument' $odd '*another file*'
            Get-FolderState $folder | Should -Be $before
        }

        It 'draws only one image, even with -Force' {
            $second = Copy-Fixture 'images/checkerboard.qed' -Folder $folder
            foreach ($force in $false, $true) {
                $recorded = Invoke-Recorded { $path, $second | Show-QedAllocationMap -OutFile $file -Force:$force }
                $recorded.Output | Should -HaveCount 1
                $recorded.Errors | Should -HaveCount 1
                $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedRequest,*'
                $recorded.Errors[0].TargetObject | Should -BeExactly $second
                $recorded.Errors[0].ToString() | Should -BeLike '*already holds the picture of another image*'
                (Find-Element (Read-Svg $file) '/svg/title').InnerText | Should -BeLike '*data-zero-hole.qed'
            }
        }

        It 'resolves the file from the current location, and never expands wildcards' {
            Invoke-InFolder $folder { (Show-QedAllocationMap 'data-zero-hole.qed' -OutFile 'map[1].svg').Name } | Should -BeExactly 'map[1].svg'
            [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'map[1].svg')) | Should -BeTrue
        }

        It 'reports with -WhatIf what it would do, and does nothing' {
            Assert-WhatIf { Show-QedAllocationMap $path -OutFile $file -WhatIf } $folder "Draw the allocation map of '$path'*$file*"
        }

        It 'reports the same errors with -WhatIf' {
            [System.IO.File]::WriteAllText($file, 'old')
            Assert-OneError { Show-QedAllocationMap $path -OutFile $file -WhatIf } 'QedFileExists' 'ResourceExists' $path
        }

        It 'prompts with -Confirm' {
            Assert-Confirm { Show-QedAllocationMap $path -OutFile $file -Confirm } $folder "*Draw the allocation map of '$path'*$file*"
        }

        It 'ignores -WhatIf in the terminal because drawing there changes nothing' {
            Show-Map $path -WhatIf | Should -Be (Show-Map $path)
        }
    }

    Context 'for ten million clusters' {
        BeforeAll { $path = New-RepeatedImage (Join-TestDrive 'million.qed') 10000000 32 }

        It 'draws them in the terminal' {
            $lines = @(Show-Map $path -Width 80 -Ascii)
            $lines[0] | Should -BeExactly 'million.qed: 38.15 GiB, 1.19 GiB (3.13%) allocated'
            @($lines | Where-Object { $_ -match '^ *[0-9.]+ GiB :+$' }).Count | Should -BeLessOrEqual 16
            $lines | Should -Contain '# data          1.19 GiB   3.13%  312,500 extents'
            $lines | Should -Contain '. unallocated  36.95 GiB  96.88%  312,500 extents'
        }

        It 'draws a file that does not grow with them' {
            $file = Join-TestDrive 'million.svg'
            (Show-QedAllocationMap $path -OutFile $file -Force).Length | Should -BeLessThan 20KB
            # Every cell differs from its neighbours.
            $board = New-RepeatedImage (Join-TestDrive 'board.qed') 3072 2
            $worst = Show-QedAllocationMap $board -OutFile $file -Force
            @(Find-Element (Read-Svg $file) "//g[@class='cells']/g") | Should -HaveCount 3072
            $worst.Length | Should -BeLessThan 800KB
        }

        It 'uses no memory for them' {
            Skip-TestWithout PowerShell7
            $null = Show-Map (New-TenClusters)
            $before = [System.GC]::GetAllocatedBytesForCurrentThread()
            $null = Show-Map $path
            [System.GC]::GetAllocatedBytesForCurrentThread() - $before | Should -BeLessThan 16MB
        }

        It 'stops with the pipeline, and leaves no file behind' {
            $folder = New-Folder 'stopped'
            $state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault2()
            $state.ImportPSModule([string[]](Get-Module QedTools).Path)
            $shell = [powershell]::Create($state)
            try {
                $null = $shell.AddCommand('Show-QedAllocationMap').AddParameter('Path', $path).AddParameter('OutFile', [System.IO.Path]::Combine($folder, 'map.svg'))
                $running = $shell.BeginInvoke()
                while (-not (Get-QedInfo $path).InUse -and -not $running.IsCompleted) { }
                $shell.Stop()
                "$($shell.InvocationStateInfo.State)" | Should -Be 'Stopped'
            }
            finally { $shell.Dispose() }
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -BeNullOrEmpty
            (Get-QedInfo $path).InUse | Should -BeFalse
        }
    }
}
