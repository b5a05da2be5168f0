# Runs Pester files, or only discovers their tests, and returns the results: an object for each file, with its tests in order.
param(
    [Parameter(Mandatory)][string] $Manifest,
    [Parameter(Mandatory)][string[]] $Path,
    [switch] $SkipRun
)

Import-Module -Name $Manifest

# The name that Pester gives a test when it runs: <_>, <x> and <x.y> are replaced with the values of -ForEach, the innermost first.
function Expand-Name {
    param([string] $Name, [System.Collections.IList] $Data)

    [regex]::Replace($Name, '<([^<>]+)>', {
            param($match)

            $variable, $properties = $match.Groups[1].Value -split '\.'
            foreach ($row in $Data) {
                $value = if ($variable -eq '_') { $row } elseif ($row -is [System.Collections.IDictionary]) { $row[$variable] }
                if ($null -eq $value) { continue }
                foreach ($property in $properties) { $value = $value.$property }
                return "$value"
            }

            $match.Value
        })
}

function ConvertTo-Text {
    param($ErrorRecord, [Parameter(Mandatory)][string] $Property)

    ($ErrorRecord | ForEach-Object { $_.$Property } | Where-Object { $_ }) -join "`n"
}

function ConvertTo-TestResult {
    param([Parameter(Mandatory)] $Test)

    $data = [System.Collections.Generic.List[object]]::new()
    $data.Add($Test.Data)
    $tags = [System.Collections.Generic.List[string]]::new()
    foreach ($tag in $Test.Tag) { $tags.Add($tag) }
    $errors = [System.Collections.Generic.List[object]]::new()
    foreach ($record in $Test.ErrorRecord) { $errors.Add($record) }
    for ($block = $Test.Block; $block; $block = $block.Parent) {
        $data.Add($block.Data)
        foreach ($tag in $block.Tag) { $tags.Add($tag) }
        # Errors of BeforeAll and AfterAll: Pester keeps them with the block, whose tests may all have passed.
        foreach ($record in $block.ErrorRecord) { $errors.Add($record) }
    }

    [pscustomobject]@{
        Name    = Expand-Name ($Test.Path -join '.') $data
        Tags    = $tags.ToArray()
        Result  = if ($errors.Count -gt 0 -and $Test.Result -eq 'Passed') { 'Failed' } else { "$($Test.Result)" }
        Message = (ConvertTo-Text $errors DisplayErrorMessage) -replace '^Exception: is skipped, because '
        Stack   = ConvertTo-Text $errors DisplayStackTrace
        Output  = ($Test.StandardOutput | Out-String).TrimEnd()
    }
}

function Get-TestResult {
    param($Block)

    foreach ($item in $Block.Order) {
        if ($item.ItemType -eq 'Test') { ConvertTo-TestResult $item } else { Get-TestResult $item }
    }
}

$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.SkipRun = [bool]$SkipRun
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'None'
foreach ($container in (Invoke-Pester -Configuration $configuration).Containers) {
    [pscustomobject]@{
        Path    = "$($container.Item)"
        Message = ConvertTo-Text $container.ErrorRecord DisplayErrorMessage
        Stack   = ConvertTo-Text $container.ErrorRecord DisplayStackTrace
        Tests   = @($container.Blocks | ForEach-Object { Get-TestResult $_ })
    }
}
