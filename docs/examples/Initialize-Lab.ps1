<#
.SYNOPSIS
    Makes a golden base image, and an overlay of it for each virtual machine of a lab.
.DESCRIPTION
    What is there already stays as it is, so the script can run again and again: after a failure, or with a larger -Count. An
    overlay that belongs to another base is an error, and so is a base of another size than is asked for.

    An overlay is only right for the base that it was made over, so the base is write-protected.
.EXAMPLE
    ./Initialize-Lab.ps1 -Path /srv/lab -Source debian.raw

    Makes golden.qed from a raw disk, reads both again and compares them, and makes vm01.qed to vm10.qed.
.EXAMPLE
    ./Initialize-Lab.ps1 -Path D:\Lab -SizeBytes 40GB -Count 3

    An empty base of 40 GiB, and three overlays.
.OUTPUTS
    QedTools.QedImageInfo, of the base and of each overlay.
#>
[CmdletBinding()]
param(
    # The folder for all images.
    [Parameter(Mandatory = $true)]
    [string] $Path,

    # The disk that the base is made from, in any format that Convert-QedImage reads; without one the base is empty.
    [string] $Source,

    # The size of an empty base.
    [long] $SizeBytes = 20GB,

    # How many overlays.
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
        throw "'$base' is there already with $($golden.VirtualSize) bytes, not $SizeBytes."
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
        # A name without a folder: the whole lab can be moved.
        New-QedImage -LiteralPath $overlay -BackingFile golden.qed
        continue
    }

    $found = Get-QedInfo -LiteralPath $overlay
    if ($found.BackingFilePath -ne $base) {
        throw "'$overlay' is there already and belongs to '$($found.BackingFile)', not to '$base'."
    }

    $found
}
