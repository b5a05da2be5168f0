# All rules of PSScriptAnalyzer. The Pester files leave some out: tests/PSScriptAnalyzerSettings.psd1.
@{
    IncludeDefaultRules = $true
    Rules               = @{
        PSAvoidUsingPositionalParameters = @{
            Enable           = $true
            # What follows is another program's command line.
            CommandAllowList = @('Invoke-Dotnet')
        }
        PSUseCompatibleSyntax            = @{
            Enable         = $true
            TargetVersions = @('5.1', '7.4')
        }
    }
}
