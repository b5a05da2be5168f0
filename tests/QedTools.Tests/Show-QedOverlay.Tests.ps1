# Show-QedOverlay: which images lie over which, as a picture in the terminal or as SVG.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
    $escape = [char]27

    function Read-Svg {
        param([string] $Path)

        $xml = [System.Xml.XmlDocument]::new()
        $xml.XmlResolver = $null
        $xml.LoadXml([System.IO.File]::ReadAllText($Path))
        $xml
    }

    # Replaces the box characters by those of ASCII pictures.
    function ConvertTo-Plain {
        param([string[]] $Line)

        $pairs = @{ 0x251C = '+'; 0x2500 = '-'; 0x2502 = '|'; 0x2514 = '`' }
        foreach ($one in $Line) {
            foreach ($box in $pairs.Keys) { $one = $one.Replace([string][char]$box, $pairs[$box]) }
            $one
        }
    }
}

Describe 'Show-QedOverlay' {
    BeforeEach {
        $folder = New-Folder 'forest'
        $golden = [System.IO.Path]::Combine($folder, 'golden.qed')
        $null = New-QedImage $golden 1MB
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'vm1.qed')) -BackingFile 'golden.qed'
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'vm1-test.qed')) -BackingFile 'vm1.qed'
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'vm2.qed')) -BackingFile 'golden.qed'
        $lost = Copy-Fixture 'chains/name-missing.qed' -Folder $folder
    }

    It 'accepts its parameters as documented' {
        $names = 'AllowUnc', 'Ascii', 'BackingFolder', 'Color', 'Folder', 'Force'
        Get-OwnParameter Show-QedOverlay Path | Should -Be ($names + 'OutFile property', 'Path!@0 value property', 'Recurse', 'Width')
        Get-OwnParameter Show-QedOverlay LiteralPath | Should -Be ($names + 'LiteralPath! property', 'OutFile property', 'Recurse', 'Width')
    }

    It 'draws a folder as a tree' {
        $lines = @(Show-QedOverlay $folder -Ascii -Width 200)
        $lines[0] | Should -Be "${folder}: 5 images, 1 without the backing file"
        $lines[1] | Should -BeNullOrEmpty
        ($lines[2..6] -replace '  .*') | Should -Be 'golden.qed', '+-- vm1.qed', '|', '`-- vm2.qed', 'name-missing.qed'
        $lines[4] | Should -Match '^\|   `-- vm1-test\.qed  QED +1 MiB +\S+ KiB$'
        $lines[6] | Should -Match 'orphan: \S+ is missing$'
        $lines.Count | Should -Be 7
        ConvertTo-Plain @(Show-QedOverlay $folder -Width 200 -Color Never) | Should -Be $lines
    }

    It 'draws an image and what lies over it' {
        $lines = @(Show-QedOverlay $golden -Ascii -Width 200)
        $lines[0] | Should -Be "${golden}: 3 images over it"
        ($lines[2..5] -replace '  .*') | Should -Be 'golden.qed', '+-- vm1.qed', '|', '`-- vm2.qed'
        @(Show-QedOverlay $golden, ([System.IO.Path]::Combine($folder, 'vm1.qed')) -Ascii -Width 200) | Should -HaveCount 11
    }

    It 'keeps within its width: <_>' -ForEach 20, 30, 40, 60 {
        $deep = 'vm2.qed'
        foreach ($i in 1..20) {
            $null = New-QedImage ([System.IO.Path]::Combine($folder, "deep$i.qed")) -BackingFile $deep
            $deep = "deep$i.qed"
        }

        $lines = @(Show-QedOverlay $folder -Width $_ -Ascii)
        foreach ($line in $lines) { $line.Length | Should -BeLessOrEqual $_ -Because $line }
        @($lines -match '-- ').Count | Should -Be 23
    }

    It 'colours what is wrong with -Color Always, and nothing otherwise' {
        @(Show-QedOverlay $folder -Color Always -Width 200) -match "$escape\[38;5;203m" | Should -HaveCount 1
        @(Show-QedOverlay $folder -Color Never) -match $escape | Should -BeNullOrEmpty
        $plain = @(Show-QedOverlay $folder -Color Always -Width 200) -replace "$escape\[[0-9;]*m"
        $plain | Should -Be @(Show-QedOverlay $folder -Color Never -Width 200)
    }

    It 'shows control characters as symbols' {
        Skip-TestWithout Unix
        $null = New-QedImage -LiteralPath ([System.IO.Path]::Combine($folder, "a$escape[31m`n<b>&.qed")) -BackingFile 'golden.qed'
        $lines = @(Show-QedOverlay $folder -Width 200)
        "$lines" | Should -Not -Match $escape
        $lines.Count | Should -Be 8
        $svg = Read-Svg (Show-QedOverlay $folder -OutFile (Join-TestDrive 'odd.svg') -Force).FullName
        "$($svg.DocumentElement.InnerText)" | Should -Match 'a.\[31m.<b>&\.qed'
    }

    It 'draws an SVG file' {
        $file = Join-TestDrive 'forest.svg'
        $result = Show-QedOverlay $folder -OutFile $file
        $result | Should -BeOfType ([System.IO.FileInfo])
        $svg = Read-Svg $file
        $svg.DocumentElement.GetAttribute('width') | Should -Be '1200'
        $text = $svg.DocumentElement.InnerText
        foreach ($name in 'golden.qed', 'vm1-test.qed', 'orphan:') { $text | Should -BeLike "*$name*" }
        @($svg.GetElementsByTagName('g')) | Should -HaveCount 5
        @($svg.GetElementsByTagName('script')) | Should -BeNullOrEmpty
        Assert-OneError { Show-QedOverlay $folder -OutFile $file } 'QedFileExists' 'ResourceExists'
        (Show-QedOverlay $folder -OutFile $file -Force -Width 800).Length | Should -BeGreaterThan 1000
        (Read-Svg $file).DocumentElement.GetAttribute('width') | Should -Be '800'
    }

    It 'refuses a file that is one of the images, a wrong name and a small width, and does nothing with -WhatIf' {
        $image = [System.IO.Path]::Combine($folder, 'image.svg')
        $null = New-QedImage $image -BackingFile 'golden.qed'
        $before = Get-FolderState $folder
        Assert-OneError { Show-QedOverlay $golden -OutFile $image -Force } 'QedRequest' 'InvalidArgument' $golden '*is one of the images*'
        Assert-OneError { Show-QedOverlay $golden -OutFile (Join-TestDrive 'x.png') } 'QedRequest' 'InvalidArgument' $golden '*ends in .svg*'
        Assert-OneError { Show-QedOverlay $golden -OutFile (Join-TestDrive 'x.svg') -Width 400 } 'QedLimit' 'InvalidArgument' $golden
        Show-QedOverlay $golden -OutFile (Join-TestDrive 'what.svg') -WhatIf | Should -BeNullOrEmpty
        [System.IO.File]::Exists((Join-TestDrive 'what.svg')) | Should -BeFalse
        Get-FolderState $folder | Should -Be $before
    }
}
