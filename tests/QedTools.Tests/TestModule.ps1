# What the Pester files of this folder share. Each begins with
#     BeforeAll { . "$PSScriptRoot/TestModule.ps1" }
# and with BeforeDiscovery { ... } of the same where -Skip needs one of the functions.
# Runs in Windows PowerShell 5.1 too.

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

# The PowerShell that runs this, to be run in a process of its own without QedTools: the program, and what its arguments begin with.
function Get-PowerShellCommand {
    $program = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
    $program
    # PowerShell as a tool of the .NET SDK, and dotnet test, are libraries that dotnet runs.
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') { [System.Environment]::GetCommandLineArgs()[0] }
    # The program of these tests is a PowerShell too, if it is asked.
    if ([System.Reflection.Assembly]::GetEntryAssembly().GetName().Name -eq 'QedTools.Tests') { 'pwsh' }
}

# Runs it: Invoke-PowerShell -NoProfile -Command $script
function Invoke-PowerShell {
    $command = @(Get-PowerShellCommand) + $args
    Invoke-Native @command
}

# Skips the test that calls it on a machine that lacks something, and says what:
#     It 'is read by qemu-img' { Skip-TestWithout QemuImg; ... }
function Skip-TestWithout {
    param(
        [Parameter(Mandatory)]
        [ValidateSet('Unix', 'Windows', 'QemuImg', 'QemuLocks', 'WriterLock', 'Permissions', 'BlockCharacters', 'BothBuilds', 'PowerShell7', 'PowerShell7.2', 'PowerShell7.4', 'PowerShell7.5')]
        [string[]] $Need
    )

    foreach ($item in $Need) {
        $reason = switch -Regex ($item) {
            '^Unix$|^QemuLocks$' { if ($IsOnWindows) { 'Windows has no such files, links, rights or locks' } }
            '^Windows$' { if (-not $IsOnWindows) { 'only Windows has such paths' } }
            '^QemuImg$|^QemuLocks$' { if (-not (Test-QemuImg)) { 'no qemu-img that knows QED is on PATH' } }
            '^WriterLock$' { if (-not (Test-WriterLock)) { '.NET locks no bytes on this system' } }
            '^Permissions$' { if ($IsOnWindows) { 'Windows has other permissions' } elseif (Test-Root) { 'nothing is forbidden to root' } }
            '^BlockCharacters$' { if (-not (Test-BlockCharacter)) { 'the encoding of this console has no block characters' } }
            '^BothBuilds$' {
                if (-not [System.IO.File]::Exists([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'lib', 'Desktop', 'QedTools.dll'))) { 'only the build for PowerShell 7 was made; ./build.ps1 makes both' }
            }
            '^PowerShell(.+)$' {
                $version = [version]"$($Matches[1])$(if ($Matches[1] -notmatch '\.') { '.0' })"
                if ($PSVersionTable.PSVersion -lt $version) { "this is PowerShell $($PSVersionTable.PSVersion) and not $version or later" }
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

# Whether there is a qemu-img on PATH that still knows QED; several distributions compile the driver out. Asked once a process.
function Test-QemuImg {
    $known = [System.AppDomain]::CurrentDomain.GetData('QedTools.Tests.QemuImg')
    if ($null -ne $known) { return $known }

    $name = if ($IsOnWindows) { 'qemu-img.exe' } else { 'qemu-img' }
    $found = Get-Command $name -CommandType Application -ErrorAction Ignore
    $known = [bool]($found -and (Invoke-Native $name '--help').Output -match '^Supported formats:.*\bqed\b')
    [System.AppDomain]::CurrentDomain.SetData('QedTools.Tests.QemuImg', $known)
    $known
}

# Whether nothing is forbidden to this user.
function Test-Root {
    -not $IsOnWindows -and [System.Environment]::UserName -eq 'root'
}

# .NET locks no bytes on macOS.
function Test-WriterLock {
    $IsOnWindows -or [System.Runtime.InteropServices.RuntimeInformation]::IsOSPlatform(
        [System.Runtime.InteropServices.OSPlatform]::Linux)
}
