# Functions for the Pester files of the cmdlets, in addition to TestModule.ps1, which must be loaded first. The same rules apply.

# Runs a script block that errors do not stop, and separates what it wrote: Output, Errors, Verbose, Warnings, Debug.
function Invoke-Recorded {
    param([Parameter(Mandatory)][scriptblock] $Script)

    $ErrorActionPreference = 'Continue'
    $recorded = [pscustomobject]@{
        Output   = [System.Collections.Generic.List[object]]::new()
        Errors   = [System.Collections.Generic.List[System.Management.Automation.ErrorRecord]]::new()
        Verbose  = [System.Collections.Generic.List[string]]::new()
        Warnings = [System.Collections.Generic.List[string]]::new()
        Debug    = [System.Collections.Generic.List[string]]::new()
    }
    & $Script 2>&1 3>&1 4>&1 5>&1 | ForEach-Object {
        if ($_ -is [System.Management.Automation.ErrorRecord]) { $recorded.Errors.Add($_) }
        elseif ($_ -is [System.Management.Automation.VerboseRecord]) { $recorded.Verbose.Add($_.Message) }
        elseif ($_ -is [System.Management.Automation.WarningRecord]) { $recorded.Warnings.Add($_.Message) }
        elseif ($_ -is [System.Management.Automation.DebugRecord]) { $recorded.Debug.Add($_.Message) }
        else { $recorded.Output.Add($_) }
    }
    $recorded
}

# Fails unless a script block wrote exactly one error, with this id and category and about this path, and nothing else.
function Assert-OneError {
    param(
        [Parameter(Mandatory)][scriptblock] $Script,
        [Parameter(Mandatory)][string] $Id,
        [Parameter(Mandatory)][string] $Category,
        [string] $Target,
        [string] $Message = '*'
    )

    $recorded = Invoke-Recorded $Script
    $recorded.Errors | Should -HaveCount 1
    $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike "$Id,QedTools.Commands.*"
    "$($recorded.Errors[0].CategoryInfo.Category)" | Should -Be $Category
    $recorded.Errors[0].ToString() | Should -BeLike $Message
    if ($Target) { $recorded.Errors[0].TargetObject | Should -BeExactly $Target }
    $recorded.Output | Should -BeNullOrEmpty
}

# A pattern for the words in which an error states what a parameter requested.
function Get-RequestPattern {
    param([Parameter(Mandatory)][string] $Name, [Parameter(Mandatory)] $Value)

    $words = switch ($Name) {
        'SizeBytes' { "A size of $Value bytes" }
        'ClusterSizeBytes' { "A cluster size of $Value bytes" }
        'BlockSizeBytes' { "A block size of $Value bytes" }
        'LogicalSectorSizeBytes' { "A sector size of $Value bytes" }
        'TableSize' { "A table size of $Value clusters" }
        'Offset' { "An offset of $Value bytes" }
        'Fixed' { 'A fixed size' }
        'Compress' { 'Compression with Deflate' }
        'BackingFile' { "The backing file '$Value'" }
    }
    "$words is not possible*"
}

# All entries of a folder, one per line; files with their length, last change and hash. If two states are equal, nothing was changed.
function Get-FolderState {
    param([Parameter(Mandatory)][string] $Folder)

    $entries = [System.IO.Directory]::GetFileSystemEntries($Folder, '*', 'AllDirectories')
    [System.Array]::Sort($entries, [System.StringComparer]::Ordinal)
    foreach ($entry in $entries) {
        if ([System.IO.Directory]::Exists($entry)) { $entry }
        else {
            $file = [System.IO.FileInfo]::new($entry)
            '{0} {1} {2} {3}' -f $entry, $file.Length, $file.LastWriteTimeUtc.Ticks, (Get-Sha256 $entry)
        }
    }
}

# The full path of a new, empty folder in TestDrive.
function New-Folder {
    param([Parameter(Mandatory)][string] $Name)

    $folder = Join-TestDrive $Name
    if ([System.IO.Directory]::Exists($folder)) { [System.IO.Directory]::Delete($folder, $true) }
    [System.IO.Directory]::CreateDirectory($folder).FullName
}

# Copies fixtures to a folder, under their own names or a single fixture under another name; returns the full paths.
function Copy-Fixture {
    param(
        [Parameter(Mandatory)][string[]] $Name,
        [string] $Folder = $TestDrive,
        [string] $As
    )

    foreach ($item in $Name) {
        $source = [System.IO.Path]::Combine($PSScriptRoot, '..', 'fixtures', $item)
        if (-not $As) { $copy = [System.IO.Path]::Combine($Folder, [System.IO.Path]::GetFileName($item)) }
        else { $copy = [System.IO.Path]::Combine($Folder, $As) }
        [System.IO.File]::Copy($source, $copy, $true)
        $copy
    }
}

# Decompresses fixtures to a folder, under their names without .gz; returns the full paths.
function Expand-Fixture {
    param([Parameter(Mandatory)][string[]] $Name, [string] $Folder = $TestDrive)

    foreach ($item in $Name) {
        $copy = [System.IO.Path]::Combine($Folder, [System.IO.Path]::GetFileNameWithoutExtension($item))
        $packed = [System.IO.Compression.GZipStream]::new(
            [System.IO.File]::OpenRead([System.IO.Path]::Combine($PSScriptRoot, '..', 'fixtures', $item)), [System.IO.Compression.CompressionMode]::Decompress)
        $file = [System.IO.File]::Create($copy)
        try { $packed.CopyTo($file) }
        finally {
            $file.Dispose()
            $packed.Dispose()
        }

        $copy
    }
}

# Runs a script block in another current location, which PowerShell keeps separate from the process's current directory.
# The variable names are unusual because the script block sees them and they would hide its own.
function Invoke-InFolder {
    param([Parameter(Mandatory)][string] $NewLocation, [Parameter(Mandatory)][scriptblock] $LocatedScript)

    $oldLocation = $ExecutionContext.SessionState.Path.CurrentLocation.Path
    $null = $ExecutionContext.SessionState.Path.SetLocation([System.Management.Automation.WildcardPattern]::Escape($NewLocation))
    try { & $LocatedScript }
    finally { $null = $ExecutionContext.SessionState.Path.SetLocation([System.Management.Automation.WildcardPattern]::Escape($oldLocation)) }
}

# The file names that paths are tested with; each of them causes trouble somewhere in PowerShell or in a host.
function Get-OddName {
    'plain.qed'
    'with space.qed'
    'brackets [1].qed'
    '[ab].qed'
    "$([char]0x47)r$([char]0xF6)$([char]0xDF)e $([char]0x57FA)$([char]0x5E95).qed"
    "quote's.qed"
    '`tick`.qed'
    '$dollar.qed'
    '-dash.qed'
    if (-not $IsOnWindows) {
        'back\slash.qed'
        'star*.qed'
        'co:lon.qed'
    }
}

# Opens a file like a program that writes images: with the writer's byte lock on Linux, and by the share mode on Windows. The
# lock is lost when this process opens and closes the file with another handle, so it lasts for one attempt of a cmdlet.
function Open-AsWriter {
    param([Parameter(Mandatory)][string] $Path)

    $stream = [System.IO.FileStream]::new($Path, 'Open', 'ReadWrite', 'ReadWrite')
    if (-not $IsOnWindows) { $stream.Lock(101, 1) }
    $stream
}

# Opens an image in qemu-io and waits until it is open; the locks are those of a running virtual machine.
function Open-InQemu {
    param([Parameter(Mandatory)][string] $Path, [switch] $ReadOnly)

    $start = [System.Diagnostics.ProcessStartInfo]::new('qemu-io')
    $start.Arguments = '{0}-f qed "{1}"' -f $(if ($ReadOnly) { '-r ' } else { '' }), $Path
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $process.StandardInput.WriteLine('length')
    $process.StandardInput.Flush()
    $null = $process.StandardOutput.ReadLine()
    if ($process.HasExited) { throw "qemu-io did not open '$Path': $($process.StandardError.ReadToEnd())" }
    $process
}

function Close-Qemu {
    param([Parameter(Mandatory)][System.Diagnostics.Process] $Process)

    $Process.StandardInput.WriteLine('quit')
    $Process.StandardInput.Close()
    if (-not $Process.WaitForExit(10000)) { $Process.Kill() }
    $Process.Dispose()
}

# The fields of a QED header, read without QedTools and named as in the specification.
function Get-RawHeader {
    param([Parameter(Mandatory)][string] $Path)

    $bytes = [byte[]]::new(64)
    $stream = [System.IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite')
    try { $null = $stream.Read($bytes, 0, 64) }
    finally { $stream.Dispose() }
    $header = [pscustomobject]@{
        cluster_size            = [System.BitConverter]::ToUInt32($bytes, 4)
        table_size              = [System.BitConverter]::ToUInt32($bytes, 8)
        header_size             = [System.BitConverter]::ToUInt32($bytes, 12)
        features                = [System.BitConverter]::ToUInt64($bytes, 16)
        compat_features         = [System.BitConverter]::ToUInt64($bytes, 24)
        autoclear_features      = [System.BitConverter]::ToUInt64($bytes, 32)
        l1_table_offset         = [System.BitConverter]::ToUInt64($bytes, 40)
        image_size              = [System.BitConverter]::ToUInt64($bytes, 48)
        backing_filename_offset = [System.BitConverter]::ToUInt32($bytes, 56)
        backing_filename_size   = [System.BitConverter]::ToUInt32($bytes, 60)
        backing_filename        = $null
    }
    if ($header.features -band 1) {
        $all = [System.IO.File]::ReadAllBytes($Path)
        $header.backing_filename = [System.Text.Encoding]::UTF8.GetString(
            $all, [int]$header.backing_filename_offset, [int]$header.backing_filename_size)
    }

    $header
}
