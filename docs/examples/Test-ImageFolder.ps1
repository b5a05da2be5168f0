<#
.SYNOPSIS
    Checks every QED image under a folder, for a scheduled job.
.DESCRIPTION
    Writes a line for each image to a CSV file. The exit code tells the scheduler the outcome:

    0  every image is sound, or in use by a running virtual machine
    1  at least one image needs attention; the report says which, and why
    2  the job itself failed: the folder or the module was not found, or the report could not be written

    The script does not change any image.
.EXAMPLE
    pwsh -NoProfile -NonInteractive -File Test-ImageFolder.ps1 -Path /srv/images -Report /var/log/images.csv

    In crontab, or as the action of a scheduled task; Windows PowerShell runs it too.
#>
[CmdletBinding()]
param(
    # The folder; its subfolders are searched too.
    [Parameter(Mandatory = $true)]
    [string] $Path,

    # The CSV file; a file from an earlier run is replaced.
    [Parameter(Mandatory = $true)]
    [string] $Report
)

$ErrorActionPreference = 'Stop'

# One line of the report.
function Get-Finding {
    param([string] $Image)

    try {
        $check = Test-QedImage -LiteralPath $Image
        [pscustomobject]@{
            Path           = $check.Path
            Status         = "$($check.Status)"
            NeedsCheck     = $check.NeedsCheck
            LeakedBytes    = $check.LeakedBytes
            Corruptions    = $check.CorruptionCount
            Message        = if ($check.NeedsCheck) { 'It was not closed cleanly; Repair-QedImage checks it and clears the need-check bit.' } else { '' }
            NeedsAttention = $check.NeedsCheck -or "$($check.Status)" -ne 'Clean'
        }
    } catch {
        # Error ids are stable; about_QedTools lists them.
        $isInUse = $_.FullyQualifiedErrorId -like 'QedImageInUse,*'
        [pscustomobject]@{
            Path           = $Image
            Status         = if ($isInUse) { 'InUse' } else { 'Unreadable' }
            NeedsCheck     = $null
            LeakedBytes    = $null
            Corruptions    = $null
            Message        = "$_"
            NeedsAttention = -not $isInUse
        }
    }
}

try {
    if (-not (Get-Module QedTools)) { Import-Module QedTools }
    $findings = @(Get-ChildItem -LiteralPath $Path -Recurse -File -Filter *.qed | ForEach-Object { Get-Finding $_.FullName })
    $findings | Select-Object -Property * -ExcludeProperty NeedsAttention | Export-Csv -LiteralPath $Report -NoTypeInformation -Encoding UTF8
    $bad = @($findings | Where-Object NeedsAttention)
} catch {
    [System.Console]::Error.WriteLine("The images were not checked: $_")
    exit 2
}

foreach ($finding in $bad) {
    "$($finding.Path): $($finding.Status) $($finding.Message)"
}

if ($bad) { exit 1 }
"$($findings.Count) images are sound or in use."
exit 0
