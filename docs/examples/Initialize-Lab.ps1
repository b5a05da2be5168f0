<#
.SYNOPSIS
    Creates a golden base image, and an overlay of it for each virtual machine of a lab.
.DESCRIPTION
    Existing images are left as they are, so the script can be run again: after a failure, or with a larger -Count. An overlay
    of another base is an error, and so is a base whose size is not the requested one.

    An overlay is only valid for the base that it was created over, so the base is write-protected.
.EXAMPLE
    ./Initialize-Lab.ps1 -Path /srv/lab -Source debian.raw

    Creates golden.qed from a raw disk, reads both again and compares them, and creates vm01.qed to vm10.qed.
.EXAMPLE
    ./Initialize-Lab.ps1 -Path D:\Lab -SizeBytes 40GB -Count 3

    Creates an empty base of 40 GiB and three overlays.
.OUTPUTS
    QedTools.QedImageInfo, of the base and of each overlay.
#>
[CmdletBinding()]
param(
    # The folder for all images.
    [Parameter(Mandatory = $true)]
    [string] $Path,

    # The disk to create the base from, in any format that Convert-QedImage reads; without it the base is empty.
    [string] $Source,

    # The size of an empty base.
    [long] $SizeBytes = 20GB,

    # The number of overlays.
    [ValidateRange(1, 99)]
    [int] $Count = 10
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module QedTools)) { Import-Module QedTools }

if (-not (Test-Path -LiteralPath $Path)) {
    $null = New-Item -ItemType Directory -Path $Path
}

$base = Join-Path (Convert-Path -LiteralPath $Path) golden.qed
if (Test-Path -LiteralPath $base) {
    $golden = Get-QedInfo -LiteralPath $base
    if ($PSBoundParameters.ContainsKey('SizeBytes') -and $golden.VirtualSize -ne $SizeBytes) {
        throw "'$base' already exists with $($golden.VirtualSize) bytes, not $SizeBytes."
    }

    $golden
} else {
    if ($Source) {
        Convert-QedImage -LiteralPath $Source -DestinationPath $base -Verify
    } else {
        New-QedImage -LiteralPath $base -SizeBytes $SizeBytes
    }

    Set-ItemProperty -LiteralPath $base -Name IsReadOnly -Value $true
}

foreach ($number in 1..$Count) {
    $overlay = Join-Path (Split-Path $base) ('vm{0:00}.qed' -f $number)
    if (-not (Test-Path -LiteralPath $overlay)) {
        # A name without a folder, so that the whole lab can be moved.
        New-QedImage -LiteralPath $overlay -BackingFile golden.qed
        continue
    }

    $found = Get-QedInfo -LiteralPath $overlay
    if ($found.BackingFilePath -ne $base) {
        throw "'$overlay' already exists and belongs to '$($found.BackingFile)', not to '$base'."
    }

    $found
}
