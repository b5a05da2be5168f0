# Runs every example on every page in docs/en-US as written, in a separate folder, and compares its output with the page. An
# example whose text says "of example 1" continues where that one ended. The pages call the folder /vm.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"

    # The examples on a page: Name, Code and Output (all blocks joined), First (the code that it continues from).
    function Get-PageExample {
        param([Parameter(Mandatory)][string] $Path)

        $page = [System.IO.Path]::GetFileNameWithoutExtension($Path)
        $text = [System.IO.File]::ReadAllText($Path) -replace '\r'
        $section = [regex]::Match($text, '(?ms)^## EXAMPLES\n(.*?)^## ').Groups[1].Value
        $earlier = @{}
        foreach ($example in [regex]::Split($section, '(?m)^### ') | Where-Object { $_.Trim() }) {
            $blocks = @{ powershell = ''; Output = '' }
            foreach ($block in [regex]::Matches($example, '(?ms)^```(\w+)\n(.*?)^```$')) { $blocks[$block.Groups[1].Value] += $block.Groups[2].Value }
            $title, $number = if ($example -match '^(Example (\d+): .+)') { $Matches[1], $Matches[2] } else { 'Examples', '0' }
            $first = if ($example -match 'of example (\d+)') { $earlier[$Matches[1]] } else { '' }
            $earlier[$number] = $blocks['powershell']
            @{
                Name   = "$page, $title"
                Code   = $blocks['powershell']
                Output = $blocks['Output']
                First  = $first
                # The examples in an about topic show commands without their output.
                IsFull = $page -notlike 'about_*'
            }
        }
    }

    $folder = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'docs', 'en-US'))
    $pages = @([System.IO.Directory]::GetFiles($folder, '*-*.md')) + @([System.IO.Directory]::GetFiles($folder, 'about_*.md'))
    [System.Array]::Sort($pages, [System.StringComparer]::Ordinal)
    $examples = @($pages | ForEach-Object { Get-PageExample $_ } | Where-Object { $_.Code })
    $counts = @($pages -notlike '*about_*' | ForEach-Object {
            $page = [System.IO.Path]::GetFileNameWithoutExtension($_)
            @{ Page = $page; Count = @($examples | Where-Object { $_.Name -like "$page,*" }).Count }
        })
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # The folder in which each example was run, by its code; examples that continue from it use the same folder.
    $folders = @{}

    # What a screen shows when a script is typed at a prompt in a folder, statement by statement, including errors.
    # The variable names are unusual because the statements can see them.
    function Invoke-AtPrompt {
        param([Parameter(Mandatory)][string] $PromptFolder, [Parameter(Mandatory)][string] $PromptCode, [int] $PromptWidth = 80)

        $promptTokens = $promptErrors = $null
        $promptSyntax = [System.Management.Automation.Language.Parser]::ParseInput($PromptCode, [ref]$promptTokens, [ref]$promptErrors)
        $promptErrors | Should -BeNullOrEmpty
        $promptScreen = [RecordingHost]::new()
        $promptScreen.Screen.Raw.Width = $PromptWidth
        $promptSettings = [System.Management.Automation.PSInvocationSettings]::new()
        $promptSettings.Host = $promptScreen
        Invoke-InFolder $PromptFolder {
            foreach ($promptStatement in $promptSyntax.EndBlock.Statements) {
                $promptShell = [powershell]::Create([System.Management.Automation.RunspaceMode]::CurrentRunspace)
                try {
                    $null = $promptShell.AddScript($promptStatement.Extent.Text).AddCommand('Out-Default')
                    $promptShell.Commands.Commands[0].MergeMyResults('Error', 'Output')
                    $null = $promptShell.Invoke($null, $promptSettings)
                }
                finally { $promptShell.Dispose() }
            }
        }

        ($promptScreen.Screen.Lines -join "`n") -replace "$([char]27)\[[0-9;]*m" -split '\r?\n'
    }

    # The lines without details that differ between hosts: empty lines, and the space that a file occupies on the file system.
    function Get-Comparable {
        param([string[]] $Line)

        $usageEnds = 0
        foreach ($item in $Line) {
            $text = $item.TrimEnd()
            if (-not $text) { $usageEnds = 0; continue }
            if ($text -match '^.*\bDiskUsage(?= )' -and $text -notmatch ':') { $usageEnds = $Matches[0].Length }
            elseif ($usageEnds -and $text.Length -gt $usageEnds -and $text -notmatch '^[- ]+$') {
                $text = ($text.Substring(0, $usageEnds) -replace '[\d.]+ [KMGT]?i?B$', '?') -replace ' +\?$', ' ?'
                $text += $item.Substring($usageEnds).TrimEnd()
            }

            $text -replace '("?DiskUsage\w*"? *: ).*?(,?)$', '$1?$2'
        }
    }

    function Assert-Example {
        param([Parameter(Mandatory)][hashtable] $Example)

        $folder = $folders[$Example.First]
        if (-not $folder) {
            $folder = New-Folder "vm$($folders.Count)"
            if ($Example.First) { $null = Invoke-AtPrompt $folder $Example.First }
            $folders[$(if ($Example.First) { $Example.First } else { $Example.Code })] = $folder
        }

        $expected = $Example.Output -split '\n'
        # Paths are longer here than on the page; after other columns they would be cut off.
        $width = if ($expected -match '/vm/' -notmatch '^   Directory: ') { 80 + $folder.Length } else { 80 }
        $shown = @(Invoke-AtPrompt $folder $Example.Code -PromptWidth $width)
        $shown = $shown | ForEach-Object {
            $line = $_.Replace($folder, '/vm')
            if ($IsOnWindows) { $line.Replace('\', '/') } else { $line }
        }
        # PowerShell wraps a heading that is wider than the screen, and so do the pictures.
        $shown = $shown -join "`n" -replace '(?m)^(   \w+:) *\n(?=/vm)', '$1 ' -replace '(?m)^(/vm[^\n:]*:)\n(?=\S)', '$1 ' -split '\n'
        if ($Example.IsFull) { (Get-Comparable $shown) -join "`n" | Should -BeExactly ((Get-Comparable $expected) -join "`n") }
        else { $shown -cmatch 'QedTools|Exception|not recognized' | Should -BeNullOrEmpty }
    }
}

Describe 'Examples' {
    It 'number at least three for <Page>' -ForEach $counts { $Count | Should -BeGreaterOrEqual 3 }

    It '<Name>' -ForEach $examples { Assert-Example $_ }
}
