<#
.SYNOPSIS
    Build tasks for use with pwsh. Each one calls the tool that does the work.
.EXAMPLE
    ./build.ps1 -Task Test
    Builds the module and runs the engine's tests, and the Pester files with real Pester.
.EXAMPLE
    ./build.ps1 Analyze, Test, Package
    The steps before a release. The packages go to out: the module's folder, and two NuGet packages, the engine's with its symbols.
#>
[CmdletBinding()]
[System.Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', 'Configuration', Justification = 'The tasks use it.')]
param(
    # Build: builds the module, so that Import-Module ./QedTools.psd1 works. Test: runs the engine's tests, and the Pester files with
    # real Pester.
    # Analyze: runs PSScriptAnalyzer on every script. Package: creates what is published, in the folder out. Bench: compares with
    # qemu-img. Docs: creates the help for Get-Help from the pages in docs/en-US; needs Microsoft.PowerShell.PlatyPS.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Docs', 'Analyze', 'Package', 'Bench')]
    [string[]] $Task = 'Build',

    # For Build and Test. Package and Bench always use the Release build.
    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug'
)

$ErrorActionPreference = 'Stop'

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $args failed with exit code $LASTEXITCODE."
    }
}

function Invoke-BuildTask {
    Invoke-Dotnet build "$PSScriptRoot/src/QedTools/QedTools.csproj" --configuration $Configuration
}

# Imports the Pester that the tests are built with; nothing has to be installed.
function Import-TestPester {
    $project = "$PSScriptRoot/tests/QedTools.Tests/QedTools.Tests.csproj"
    Invoke-Dotnet restore $project
    $facts = (Invoke-Dotnet msbuild $project '-getProperty:NuGetPackageRoot' '-getProperty:PesterVersion' | Out-String | ConvertFrom-Json).Properties
    Import-Module ([System.IO.Path]::Combine($facts.NuGetPackageRoot, 'pester', $facts.PesterVersion, 'tools', 'Pester.psd1'))
}

function Invoke-TestTask {
    Import-TestPester
    Invoke-BuildTask
    Invoke-Dotnet test --project "$PSScriptRoot/tests/QedTools.Engine.Tests/QedTools.Engine.Tests.csproj" --configuration $Configuration
    $result = Invoke-Pester -Path "$PSScriptRoot/tests/QedTools.Tests" -Output Normal -PassThru
    if ($result.Result -ne 'Passed') {
        throw "$($result.FailedCount) Pester tests failed, and $($result.FailedContainersCount) files could not be run."
    }
}

function Invoke-AnalyzeTask {
    Import-Module PSScriptAnalyzer -MinimumVersion 1.21
    $scripts = @(Get-ChildItem $PSScriptRoot -Recurse -File -Include *.ps1, *.psm1, *.psd1 |
        Where-Object { $_.FullName.Substring($PSScriptRoot.Length) -notmatch '[\\/](bin|obj|lib|out)[\\/]' })
    $found = @(foreach ($script in $scripts) {
            $folder = if ($script.FullName.StartsWith((Join-Path $PSScriptRoot tests))) { "$PSScriptRoot/tests" } else { $PSScriptRoot }
            Invoke-ScriptAnalyzer -Path $script.FullName -Settings "$folder/PSScriptAnalyzerSettings.psd1"
        })
    $found | ForEach-Object { "$($_.ScriptPath):$($_.Line): $($_.RuleName): $($_.Message)" } | Out-Host
    if ($found) {
        throw "PSScriptAnalyzer found $($found.Count) problems in $($scripts.Count) files."
    }
}

function Invoke-PackageTask {
    $version = (Import-PowerShellDataFile "$PSScriptRoot/QedTools.psd1").ModuleVersion
    $out = "$PSScriptRoot/out"
    if (Test-Path $out) {
        Remove-Item $out -Recurse -Force
    }

    $module = "$out/QedTools/$version"
    # Published binaries must not contain folder names of this machine; the results of an earlier build may, hence --no-incremental.
    Invoke-Dotnet build "$PSScriptRoot/src/QedTools/QedTools.csproj" --configuration Release --no-incremental '-p:ContinuousIntegrationBuild=true' "-p:ModuleFolder=$module/"
    $null = Test-ModuleManifest "$module/QedTools.psd1" -ErrorAction Stop -WarningAction Stop
    Invoke-Dotnet build "$PSScriptRoot/src/QedTools.Shell/QedTools.Shell.csproj" --configuration Release --no-incremental '-p:ContinuousIntegrationBuild=true'
    Invoke-Dotnet pack "$PSScriptRoot/src/QedTools.Engine/QedTools.Engine.csproj" --configuration Release '-p:ContinuousIntegrationBuild=true'
    Invoke-Dotnet pack "$PSScriptRoot/src/QedTools.Shell/QedTools.Shell.csproj" --configuration Release '-p:ContinuousIntegrationBuild=true'
}

function Invoke-BenchTask {
    Invoke-Dotnet run --configuration Release --project "$PSScriptRoot/tests/QedTools.Benchmarks" '--' compare
}

function Invoke-DocsTask {
    & "$PSScriptRoot/docs/Export-Help.ps1" -Destination "$PSScriptRoot/src/QedTools/en-US"
}

foreach ($name in $Task) {
    & "Invoke-${name}Task"
}
