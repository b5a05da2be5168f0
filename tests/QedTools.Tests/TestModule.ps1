# Functions that the Pester files in this folder share. Each file begins with
#     BeforeAll { . "$PSScriptRoot/TestModule.ps1" }
# and also with the same in BeforeDiscovery { ... } if it needs a function during discovery.
# Runs in Windows PowerShell 5.1 too.

if (-not (Get-Module -Name QedTools)) {
    Import-Module -Name ([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'QedTools.psd1'))
}

$IsOnWindows = [System.IO.Path]::DirectorySeparatorChar -eq '\'

# Bytes to write to a disk: all equal to -Value if it is given, otherwise random, and the same for the same -Seed.
function New-Bytes {
    param([Parameter(Mandatory)][int] $Length, [byte] $Value, [int] $Seed = 1)

    $bytes = [byte[]]::new($Length)
    if (-not $PSBoundParameters.ContainsKey('Value')) {
        [System.Random]::new($Seed).NextBytes($bytes)
    }
    elseif ($Length -gt 0) {
        $bytes[0] = $Value
        for ($done = 1; $done -lt $Length; $done *= 2) {
            [System.Buffer]::BlockCopy($bytes, 0, $bytes, $done, [System.Math]::Min($done, $Length - $done))
        }
    }

    # The comma keeps the pipeline from unrolling the array.
    , $bytes
}

# Whether two byte arrays are equal; Should -Be is slow on large ones.
function Test-SameBytes {
    param([byte[]] $First, [byte[]] $Second)

    [System.Linq.Enumerable]::SequenceEqual($First, $Second)
}

# The full path of a file or folder in TestDrive, for .NET and external programs, which do not know that drive.
function Join-TestDrive {
    param([Parameter(Mandatory)][string] $Name)

    [System.IO.Path]::Combine($TestDrive, $Name)
}

# Copies fixtures (files under tests/fixtures) to TestDrive and returns the full paths of the copies.
function Get-Fixture {
    param([Parameter(Mandatory)][string[]] $Name)

    foreach ($item in $Name) {
        $source = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', 'fixtures', $item))
        if (-not [System.IO.File]::Exists($source)) {
            throw "There is no fixture '$source'."
        }

        $copy = Join-TestDrive ([System.IO.Path]::GetFileName($item))
        [System.IO.File]::Copy($source, $copy, $true)
        $copy
    }
}

# The SHA-256 hash of a file, to detect whether it changed.
function Get-Sha256 {
    param([Parameter(Mandatory)][string] $Path)

    $algorithm = [System.Security.Cryptography.SHA256]::Create()
    $stream = [System.IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite') # on Windows, a file that is open for writing can only be opened this way
    try { [System.BitConverter]::ToString($algorithm.ComputeHash($stream)) -replace '-' }
    finally {
        $stream.Dispose()
        $algorithm.Dispose()
    }
}

# Runs an external program and returns its exit code and the lines it wrote, including those on its error stream:
#     Invoke-Native qemu-img create -f qed $path 1M
function Invoke-Native {
    # No param block: PowerShell would bind -f or -o as parameters of this function.
    $program = $args[0]
    $arguments = @(for ($i = 1; $i -lt $args.Count; $i++) { $args[$i] })

    # Neither a line on the error stream nor an exit code is an error here.
    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $lines = @(& $program @arguments 2>&1 | ForEach-Object { "$_" })
    [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = [string[]]$lines }
}

# The command that starts the current PowerShell in a new process without QedTools: the program and its first arguments.
function Get-PowerShellCommand {
    $program = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
    $program
    # PowerShell as a .NET tool, and dotnet test, are libraries that dotnet runs.
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') { [System.Environment]::GetCommandLineArgs()[0] }
    # The test program itself acts as PowerShell with this argument.
    if ([System.Reflection.Assembly]::GetEntryAssembly().GetName().Name -eq 'QedTools.Tests') { 'pwsh' }
}

# Runs that PowerShell: Invoke-PowerShell -NoProfile -Command $script
function Invoke-PowerShell {
    $command = @(Get-PowerShellCommand) + $args
    Invoke-Native @command
}

# Skips the calling test on a machine that lacks a requirement, and states which:
#     It 'is read by qemu-img' { Skip-TestWithout QemuImg; ... }
function Skip-TestWithout {
    param(
        [Parameter(Mandatory)]
        [ValidateSet('Unix', 'Windows', 'QemuImg', 'QemuLocks', 'WriterLock', 'Permissions', 'FileSpace', 'BlockCharacters', 'BothBuilds', 'PowerShell7', 'PowerShell7.2', 'PowerShell7.4', 'PowerShell7.5')]
        [string[]] $Need
    )

    foreach ($item in $Need) {
        $reason = switch -Regex ($item) {
            '^Unix$|^QemuLocks$' { if ($IsOnWindows) { 'Windows does not have such files, links, permissions or locks' } }
            '^Windows$' { if (-not $IsOnWindows) { 'only Windows has such paths' } }
            '^QemuImg$|^QemuLocks$' { if (-not (Test-QemuImg)) { 'no qemu-img with QED support is on the PATH' } }
            '^WriterLock$' { if (-not (Test-WriterLock)) { '.NET does not support byte-range locks on this system' } }
            '^Permissions$' { if ($IsOnWindows) { 'Windows has other permissions' } elseif (Test-Root) { 'root may access everything' } }
            '^FileSpace$' { if (Test-Wine) { 'Wine stores files sparsely, whether or not they are marked as sparse' } }
            '^BlockCharacters$' { if (-not (Test-BlockCharacter)) { 'the encoding of this console has no block characters' } }
            '^BothBuilds$' {
                if (-not [System.IO.File]::Exists([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'lib', 'Desktop', 'QedTools.dll'))) { 'only the PowerShell 7 build is present; ./build.ps1 makes both' }
            }
            '^PowerShell(.+)$' {
                $version = [version]"$($Matches[1])$(if ($Matches[1] -notmatch '\.') { '.0' })"
                if ($PSVersionTable.PSVersion -lt $version) { "this is PowerShell $($PSVersionTable.PSVersion), not $version or later" }
            }
        }
        if ($reason) { Set-ItResult -Skipped -Because @($reason)[0] }
    }
}

# Whether block characters survive on their way to the screen.
function Test-BlockCharacter {
    $encoding = [System.Console]::OutputEncoding
    $encoding.GetString($encoding.GetBytes([string][char]0x2593)) -eq [char]0x2593
}

# Whether a qemu-img with QED support is on the PATH; several distributions compile the driver out. Checked once per process.
function Test-QemuImg {
    $known = [System.AppDomain]::CurrentDomain.GetData('QedTools.Tests.QemuImg')
    if ($null -ne $known) { return $known }

    $name = if ($IsOnWindows) { 'qemu-img.exe' } else { 'qemu-img' }
    $found = Get-Command $name -CommandType Application -ErrorAction Ignore
    $known = [bool]($found -and (Invoke-Native $name '--help').Output -match '^Supported formats:.*\bqed\b')
    [System.AppDomain]::CurrentDomain.SetData('QedTools.Tests.QemuImg', $known)
    $known
}

# Whether this user has access to everything.
function Test-Root {
    -not $IsOnWindows -and [System.Environment]::UserName -eq 'root'
}

# Whether this Windows is Wine, which has this program.
function Test-Wine {
    $IsOnWindows -and [System.IO.File]::Exists([System.IO.Path]::Combine([System.Environment]::SystemDirectory, 'winecfg.exe'))
}

# .NET does not support byte-range locks on macOS.
function Test-WriterLock {
    $IsOnWindows -or [System.Runtime.InteropServices.RuntimeInformation]::IsOSPlatform(
        [System.Runtime.InteropServices.OSPlatform]::Linux)
}
