# What Get-Help shows for the module in this PowerShell. Help/ tests that it matches the pages.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    $commands = @((Get-Module QedTools).ExportedCmdlets.Keys)
    $topics = 'about_QedTools', 'about_QedFormat', 'about_QedMigration'
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
}

Describe 'Get-Help <_>' -ForEach $commands {
    BeforeAll {
        $command = Get-Command $_
        $help = Get-Help $_ -Full
    }

    It 'finds the page' {
        $help | Should -HaveCount 1
        $help.Name | Should -Be $command.Name
        $help.ModuleName | Should -Be 'QedTools'
        # Without a page the synopsis is the syntax.
        $help.Synopsis | Should -Match '^[A-Z].*\.\s*$'
        $help.Synopsis | Should -Not -Match ([regex]::Escape($command.Name))
        $help.description | Should -Not -BeNullOrEmpty
        $help.alertSet | Should -Not -BeNullOrEmpty
        $help.relatedLinks | Should -Not -BeNullOrEmpty
    }

    It 'documents every parameter and how it is bound' {
        $optional = [System.Management.Automation.Cmdlet]::CommonParameters
        $names = @($command.Parameters.Keys | Where-Object { -not $optional.Contains($_) })
        [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
        @($help.parameters.parameter | ForEach-Object { $_.name }) | Should -Be $names
        foreach ($parameter in $help.parameters.parameter) {
            $real = @($command.ParameterSets | ForEach-Object { $_.Parameters } | Where-Object { $_.Name -eq $parameter.name })
            $parameter.description | Should -Not -BeNullOrEmpty -Because $parameter.name
            $parameter.required | Should -Be "$($real.IsMandatory -contains $true)" -Because $parameter.name
            $parameter.position | Should -BeIn @($real | ForEach-Object { if ($_.Position -lt 0) { 'named' } else { "$($_.Position)" } }) -Because $parameter.name
            ($parameter.pipelineInput -like 'true*') | Should -Be ($real.ValueFromPipeline -contains $true -or $real.ValueFromPipelineByPropertyName -contains $true) -Because $parameter.name
            $aliases = @($command.Parameters[$parameter.name].Aliases)
            $parameter.aliases | Should -Be $(if ($aliases) { $aliases -join ', ' } else { 'none' }) -Because $parameter.name
        }
    }

    It 'explains a single parameter' {
        $name, $accepted = if ($command.Parameters.ContainsKey('Path')) { 'Path', 'true \(ByValue, ByPropertyName\)' } else { 'Uri', '(true|false)' }
        $found = @(Get-Help $command.Name -Parameter $name)
        $found | Should -HaveCount 1
        $found[0].name | Should -Be $name
        (Get-Screen $found) -join "`n" | Should -Match "(?s)^-$name <System.String\[\]>\n.*Accept pipeline input\?\s+$accepted"
    }

    It 'has examples that begin with commands' {
        $examples = @($help.examples.example)
        $examples.Count | Should -BeGreaterOrEqual 3
        for ($i = 0; $i -lt $examples.Count; $i++) {
            $examples[$i].title | Should -Match "^-+ Example $($i + 1): \S.* -+$"
            $tokens = $errors = $null
            $first = @($examples[$i].code -split '\n')[0]
            $null = [System.Management.Automation.Language.Parser]::ParseInput($first, [ref]$tokens, [ref]$errors)
            $tokens.Count | Should -BeGreaterThan 1
            $first | Should -Match '^\S'
        }
    }

    It 'is readable on a screen with -<_>' -ForEach 'Full', 'Detailed', 'Examples' {
        $view = @{ $_ = $true }
        $shown = Get-Screen @(Get-Help $command.Name @view) -Width 100
        $shown | Should -Contain "    $($command.Name)"
        $text = $shown -join "`n"
        $text | Should -Match '(?m)^    -+ Example 1: '
        # Markdown syntax, and texts that a missing file or a wrong element would produce.
        $text | Should -Not -Match '```|Online Version|\.md\b|System\.Nullable'
    }
}

Describe 'Get-Help <_>' -ForEach $topics {
    It 'shows the topic' {
        $text = "$(Get-Help $_)"
        $text | Should -Match "^TOPIC\r?\n    $_\r?\n"
        $text | Should -Match '\nLONG DESCRIPTION\r?\n    \S'
    }

    It 'lists the topic with its short description' {
        $found = @(Get-Help "$($_)*")
        @($found | Where-Object { $_.Category -eq 'HelpFile' }) | Should -Not -BeNullOrEmpty
        @($found)[0].Synopsis | Should -Match '^\S.+\.$'
    }
}

Describe 'The help files' {
    It 'beside the manifest are those that were generated' {
        $files = @([System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'src', 'QedTools', 'en-US')))
        $files | Should -HaveCount 4
        foreach ($file in $files) {
            $shipped = [System.IO.Path]::Combine($root, 'en-US', [System.IO.Path]::GetFileName($file))
            Get-Sha256 $shipped | Should -Be (Get-Sha256 $file) -Because $shipped
        }
    }

    It 'keep the columns of tables in examples aligned' {
        $shown = Get-Screen @(Get-Help Get-QedAllocationMap -Examples) -Width 100
        $header = @($shown | Where-Object { $_ -match '^ +Start +Length State' })
        $header | Should -Not -BeNullOrEmpty
        $rule = @($shown | Where-Object { $_ -match '^ +-+ +-+ -+ ' })
        $rule[0].IndexOf('-') | Should -Be $header[0].IndexOf('Start')
    }
}
