# What the Pester files of this folder share. Each begins with
#     BeforeAll { . "$PSScriptRoot/TestModule.ps1" }
# and with BeforeDiscovery { ... } of the same where -Skip needs one of the functions.
# Runs in Windows PowerShell 5.1 and in an engine without the Utility and Management modules.

if (-not (Get-Module -Name QedTools)) {
    Import-Module -Name ([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'QedTools.psd1'))
}

$IsOnWindows = [System.IO.Path]::DirectorySeparatorChar -eq '\'

# Bytes to write to a disk: all the same with -Value, else random and the same for the same -Seed.
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

    # The comma keeps the pipeline from taking the array apart.
    , $bytes
}

# Whether two byte arrays are the same; Should -Be is slow on large ones.
function Test-SameBytes {
    param([byte[]] $First, [byte[]] $Second)

    [System.Linq.Enumerable]::SequenceEqual($First, $Second)
}

# The full path of something in TestDrive, for .NET and for external programs, which do not know that drive.
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

# The SHA-256 of a file, to see whether it changed.
function Get-Sha256 {
    param([Parameter(Mandatory)][string] $Path)

    $algorithm = [System.Security.Cryptography.SHA256]::Create()
    $stream = [System.IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite') # Windows shares a file that is written to with nobody else
    try { [System.BitConverter]::ToString($algorithm.ComputeHash($stream)) -replace '-' }
    finally {
        $stream.Dispose()
        $algorithm.Dispose()
    }
}

# Runs an external program and returns its exit code and the lines it wrote, those to its error stream among them:
#     Invoke-Native qemu-img create -f qed $path 1M
function Invoke-Native {
    # No param block: PowerShell would take -f or -o for parameters of this function.
    $program = $args[0]
    $arguments = @(for ($i = 1; $i -lt $args.Count; $i++) { $args[$i] })

    # A line on the error stream is no error of ours, nor is an exit code.
    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $lines = @(& $program @arguments 2>&1 | ForEach-Object { "$_" })
    [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = [string[]]$lines }
}

# Runs the PowerShell that runs this, once more: Invoke-PowerShell -NoProfile -Command $script
function Invoke-PowerShell {
    $program = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
    # PowerShell as a tool of the .NET SDK is a library that dotnet runs.
    $library = if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') { [System.Environment]::GetCommandLineArgs()[0] }
    $arguments = @($library | Where-Object { $_ }) + $args
    Invoke-Native $program @arguments
}

# Whether there is a qemu-img on PATH that still knows QED; several distributions compile the driver out.
function Test-QemuImg {
    $name = if ($IsOnWindows) { 'qemu-img.exe' } else { 'qemu-img' }
    $folders = [System.Environment]::GetEnvironmentVariable('PATH') -split [System.IO.Path]::PathSeparator
    foreach ($folder in $folders) {
        if ($folder -and [System.IO.File]::Exists([System.IO.Path]::Combine($folder, $name))) {
            return [bool]((Invoke-Native qemu-img '--help').Output -match '^Supported formats:.*\bqed\b')
        }
    }

    $false
}
