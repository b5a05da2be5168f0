<#
.SYNOPSIS
    Tasks for people with pwsh. Each calls the tool that does the work.
.EXAMPLE
    ./build.ps1 -Task Test
    Builds the module and runs the Pester files with real Pester.
#>
[CmdletBinding()]
param(
    # Build: the module, so that Import-Module ./QedTools.psd1 works. Test: everything, the Pester files with real Pester.
    # Docs: what Get-Help reads, from the pages in docs/en-US; needs Microsoft.PowerShell.PlatyPS.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Docs')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug'
)

$ErrorActionPreference = 'Stop'

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $args ended with $LASTEXITCODE."
    }
}

function Invoke-BuildTask {
    Invoke-Dotnet build "$PSScriptRoot/src/QedTools/QedTools.csproj" --configuration $Configuration
}

function Invoke-TestTask {
    Invoke-BuildTask
    Invoke-Dotnet test --project "$PSScriptRoot/tests/QedTools.Engine.Tests/QedTools.Engine.Tests.csproj" --configuration $Configuration
    Import-Module Pester -MinimumVersion 5.0
    $result = Invoke-Pester -Path "$PSScriptRoot/tests/QedTools.Tests" -Output Normal -PassThru
    if ($result.Result -ne 'Passed') {
        throw "$($result.FailedCount) Pester tests failed."
    }
}

function Invoke-DocsTask {
    & "$PSScriptRoot/docs/Export-Help.ps1" -Destination "$PSScriptRoot/src/QedTools/en-US"
}

foreach ($name in $Task) {
    & "Invoke-${name}Task"
}
