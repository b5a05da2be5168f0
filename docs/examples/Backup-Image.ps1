<#
.SYNOPSIS
    Backs up a virtual disk: in full the first time, then only what has changed; restores it and verifies every backup.
.DESCRIPTION
    A folder holds the backups of one disk: vm1-001.qed has all of it, vm1-002.qed is an overlay with what has changed since, and
    so on. Each is read again and compared with the disk before it gets its name, and is then write-protected. The file
    backups.csv lists them with the hashes of the disk's contents, against which -Restore and -Verify compare.

    The disk can be of any format that Convert-QedImage reads, and must not be in use: shut the machine down, or back up a
    snapshot. Whatever fails is an error, and the exit code of powershell -File or pwsh -File is then 1.
.EXAMPLE
    ./Backup-Image.ps1 -Path vm1.qed -Destination /backup/vm1

    Makes the first or the next backup. With -WhatIf it says how much would be stored.
.EXAMPLE
    ./Backup-Image.ps1 -Destination /backup/vm1 -Restore vm1.qed -Number 2

    Makes vm1.qed what it was in the second backup; vm1.qed must not exist. Without -Number it is the latest one.
.EXAMPLE
    ./Backup-Image.ps1 -Destination /backup/vm1 -Verify

    Reads all backups and compares them with the hashes of the disks that they were made of.
.OUTPUTS
    An object for the backup that was made, for the disk that was restored, or for each backup that was verified.
#>
[CmdletBinding(DefaultParameterSetName = 'Backup', SupportsShouldProcess = $true)]
param(
    # The disk to back up.
    [Parameter(Mandatory = $true, ParameterSetName = 'Backup')]
    [string] $Path,

    # The folder with the backups of this disk and of no other.
    [Parameter(Mandatory = $true)]
    [string] $Destination,

    # Make a full backup, whatever there is already.
    [Parameter(ParameterSetName = 'Backup')]
    [switch] $Full,

    # How many increments follow a full backup before there is another one.
    [Parameter(ParameterSetName = 'Backup')]
    [ValidateRange(1, 60)]
    [int] $MaxIncrements = 30,

    # The file to restore the disk to; its extension says which format it gets.
    [Parameter(Mandatory = $true, ParameterSetName = 'Restore')]
    [string] $Restore,

    # Which backup to restore, by its number; the latest unless given.
    [Parameter(ParameterSetName = 'Restore')]
    [int] $Number,

    # Verify all backups.
    [Parameter(Mandatory = $true, ParameterSetName = 'Verify')]
    [switch] $Verify
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module QedTools)) { Import-Module QedTools }

# The cluster size of new overlays: what is stored of a change.
$clusterSize = 64KB

if ($PSCmdlet.ParameterSetName -eq 'Backup' -and -not (Test-Path -LiteralPath $Destination)) {
    if (-not $PSCmdlet.ShouldProcess($Destination, 'Create the folder')) { return }
    $null = New-Item -ItemType Directory -Path $Destination
}

$folder = Convert-Path -LiteralPath $Destination
$list = Join-Path $folder backups.csv
$backups = @(if (Test-Path -LiteralPath $list) { Import-Csv -LiteralPath $list })

function New-Backup {
    $source = Split-Path $Path -Leaf
    $latest = if ($backups) { $backups[-1] }
    if ($latest -and $latest.Source -ne $source) {
        throw "'$folder' has the backups of $($latest.Source). Give $source a folder of its own."
    }

    $increments = 0
    for ($i = $backups.Count - 1; $i -ge 0 -and $backups[$i].Base; $i--) { $increments++ }
    $base = if ($latest -and -not $Full -and $increments -lt $MaxIncrements) { $latest.Name }

    # An interrupted run can have left a file that is not in the list; its number is not used again.
    $name = [System.IO.Path]::GetFileNameWithoutExtension($source)
    $numbers = @(Get-ChildItem -LiteralPath $folder -Filter "$name-*.qed" | Where-Object Name -match '-(\d+)\.qed$' | ForEach-Object { [int]$Matches[1] })
    $number = 1 + ($numbers + @($backups | ForEach-Object { [int]$_.Number }) + 0 | Measure-Object -Maximum).Maximum
    $file = Join-Path $folder ('{0}-{1:000}.qed' -f $name, $number)

    $arguments = @{ LiteralPath = $Path; DestinationPath = $file; ClusterSizeBytes = $clusterSize; Verify = $true }
    $kind = 'full'
    if ($base) {
        $kind = 'incremental'
        $arguments.BackingFile = $base
    }

    $size = ''
    if ($WhatIfPreference) {
        $bytes = if ($base) {
            [long](Compare-QedImage -LiteralPath $Path -ReferencePath (Join-Path $folder $base) -Extent -BlockSizeBytes $clusterSize | Measure-Object Length -Sum).Sum
        } else {
            [long](Get-QedAllocationMap -LiteralPath $Path -BackingChain -State Data | Measure-Object Length -Sum).Sum
        }

        $size = " of $bytes bytes"
    }

    if (-not $PSCmdlet.ShouldProcess($file, "Make the $kind backup$size")) { return }
    $made = Convert-QedImage @arguments
    Set-ItemProperty -LiteralPath $file -Name IsReadOnly -Value $true
    $backup = [pscustomobject]@{
        Number      = $number
        Name        = $made.Name
        Base        = $base
        Time        = [System.DateTime]::UtcNow.ToString('s') + 'Z'
        Source      = $source
        VirtualSize = $made.VirtualSize
        FileSize    = $made.FileSize
        # It is left out for the largest disks.
        Hash        = if ($made.Hash) { $made.Hash } else { (Get-QedImageHash -LiteralPath $file).Hash }
    }
    $backup | Export-Csv -LiteralPath $list -Append -NoTypeInformation -Encoding UTF8
    $backup
}

function Restore-Backup {
    $backup = if ($Number) { $backups | Where-Object { [int]$_.Number -eq $Number } } elseif ($backups) { $backups[-1] }
    if (-not $backup) { throw "There is no such backup in '$folder'." }
    if (-not $PSCmdlet.ShouldProcess($Restore, "Restore the backup $($backup.Name)")) { return }

    # Only the files of this folder are read.
    $made = Convert-QedImage -LiteralPath (Join-Path $folder $backup.Name) -DestinationPath $Restore -BackingFolder $folder -Verify
    $hash = if ($made.Hash) { $made.Hash } else { (Get-QedImageHash -LiteralPath $made.Path).Hash }
    if ($hash -ne $backup.Hash) { throw "'$($made.Path)' is not what was backed up: $($backup.Name) or a backup below it has been changed." }
    $made
}

function Test-Backup {
    $bad = 0
    foreach ($backup in $backups) {
        $message = ''
        try {
            $hash = (Get-QedImageHash -LiteralPath (Join-Path $folder $backup.Name) -BackingFolder $folder).Hash
            if ($hash -ne $backup.Hash) { $message = 'Its disk is not what was backed up.' }
        } catch {
            $message = "$_"
        }

        if ($message) { $bad++ }
        [pscustomobject]@{ Number = [int]$backup.Number; Name = $backup.Name; Time = $backup.Time; IsGood = -not $message; Message = $message }
    }

    if (-not $backups) { throw "There are no backups in '$folder'." }
    if ($bad) { throw "$bad of $($backups.Count) backups in '$folder' cannot be restored." }
}

switch ($PSCmdlet.ParameterSetName) {
    'Backup' { New-Backup }
    'Restore' { Restore-Backup }
    'Verify' { Test-Backup }
}
