# Functions for the Pester files of the cmdlets that read and change disks, in addition to TestModule.ps1 and SessionHelp.ps1,
# which must be loaded first. The same rules apply.

# A number of bytes from the notation of tests/fixtures/README.md: 512, 4K, 5M.
function ConvertFrom-Size {
    param([Parameter(Mandatory)][string] $Text)

    [long]($Text -replace 'K$', 'KB' -replace 'M$', 'MB' -replace 'G$', 'GB')
}

# The bytes of a disk, from the notation of tests/fixtures/README.md: '0+4K 0x11, 64K+16K 0x12'. Everything else is zeroes;
# later ranges overwrite earlier ones.
function New-DiskBytes {
    param([Parameter(Mandatory)][long] $Size, [string] $Ranges)

    $disk = [byte[]]::new($Size)
    foreach ($range in $Ranges -split ',\s*') {
        if (-not $range) { continue }
        if ($range -notmatch '^(\d+[KMG]?)\+(\d+[KMG]?) 0x(\w\w)$') { throw "'$range' is not a range." }

        $start, $length, $value = $Matches[1], $Matches[2], $Matches[3]
        $part = New-Bytes (ConvertFrom-Size $length) -Value ([System.Convert]::ToByte($value, 16))
        [System.Buffer]::BlockCopy($part, 0, $disk, (ConvertFrom-Size $start), $part.Length)
    }

    , $disk
}

# Writes a raw file with these ranges and holes everywhere else; returns its path.
function New-RawFile {
    param([Parameter(Mandatory)][string] $Path, [Parameter(Mandatory)][long] $Size, [string] $Ranges)

    $stream = [System.IO.File]::Create($Path)
    try {
        $stream.SetLength($Size)
        foreach ($range in $Ranges -split ',\s*') {
            if (-not $range) { continue }
            if ($range -notmatch '^(\d+[KMG]?)\+(\d+[KMG]?) 0x(\w\w)$') { throw "'$range' is not a range." }

            $null = $stream.Seek((ConvertFrom-Size $Matches[1]), 'Begin')
            $part = New-Bytes (ConvertFrom-Size $Matches[2]) -Value ([System.Convert]::ToByte($Matches[3], 16))
            $stream.Write($part, 0, $part.Length)
        }
    }
    finally { $stream.Dispose() }
    $Path
}

# The bytes of a stream, or of a part of it.
function Read-Stream {
    param([Parameter(Mandatory)][System.IO.Stream] $Stream, [long] $Offset = 0, [long] $Count = -1)

    if ($Count -lt 0) { $Count = $Stream.Length - $Offset }
    $bytes = [byte[]]::new($Count)
    $null = $Stream.Seek($Offset, 'Begin')
    for ($done = 0; $done -lt $Count; $done += $got) {
        $got = $Stream.Read($bytes, $done, $Count - $done)
        if ($got -le 0) { throw "The stream ends at $($Offset + $done)." }
    }

    , $bytes
}

# The contents of an image, including its backing files, or the bytes of a raw file.
function Get-DiskBytes {
    param([Parameter(Mandatory)][string] $Path, [long] $Offset = 0, [long] $Count = -1)

    if ($Path -notmatch '\.(qed|a?vhdx?|qcow2|vdi|vmdk)$') { $stream = [System.IO.File]::OpenRead($Path) }
    else { $stream = Open-QedImage -LiteralPath $Path -ErrorAction Stop }
    try { , (Read-Stream $stream $Offset $Count) }
    finally { $stream.Dispose() }
}

# Writes bytes to a disk.
function Set-DiskBytes {
    param([Parameter(Mandatory)][string] $Path, [Parameter(Mandatory)][long] $Offset, [Parameter(Mandatory)][byte[]] $Bytes)

    if ([System.IO.Path]::GetExtension($Path) -ne '.qed') { $stream = [System.IO.File]::OpenWrite($Path) }
    else { $stream = Open-QedImage -LiteralPath $Path -ReadWrite -ErrorAction Stop }
    try {
        $null = $stream.Seek($Offset, 'Begin')
        $stream.Write($Bytes, 0, $Bytes.Length)
    }
    finally { $stream.Dispose() }
}

# Whether all bytes have this value.
function Test-AllBytes {
    param([byte[]] $Bytes, [byte] $Value)

    Test-SameBytes $Bytes (New-Bytes $Bytes.Length -Value $Value)
}

# Fails unless a disk has exactly these contents.
function Assert-Disk {
    param([Parameter(Mandatory)][string] $Path, [Parameter(Mandatory)][long] $Size, [string] $Ranges)

    $bytes = Get-DiskBytes $Path
    $bytes.Length | Should -Be $Size -Because "it is the size of $Path"
    Test-SameBytes $bytes (New-DiskBytes $Size $Ranges) | Should -BeTrue -Because "$Path should read as '$Ranges'"
}

# Fails unless our check finds nothing and, with -Qemu, qemu-img's check (if present) finds nothing either. The latter opens the
# backing files.
function Assert-Clean {
    param([Parameter(Mandatory)][string] $Path, [switch] $Qemu)

    $check = Test-QedImage -LiteralPath $Path
    "$($check.Status)" | Should -Be 'Clean' -Because $Path
    $check.NeedsCheck | Should -BeFalse
    if ($Qemu -and (Test-QemuImg)) {
        $theirs = Invoke-Native qemu-img check -f qed $Path
        $theirs.ExitCode | Should -Be 0 -Because "qemu-img wrote: $($theirs.Output)"
        "$($theirs.Output)" | Should -Match 'No errors were found'
    }
}

# A screen that has a width and nothing else.
class RecordingRawUI : System.Management.Automation.Host.PSHostRawUserInterface {
    [int] $Width = 80

    [System.Management.Automation.Host.Size] get_BufferSize() { return [System.Management.Automation.Host.Size]::new($this.Width, 1000) }
    [void] set_BufferSize([System.Management.Automation.Host.Size] $size) { }
    [System.Management.Automation.Host.Size] get_WindowSize() { return $this.get_BufferSize() }
    [void] set_WindowSize([System.Management.Automation.Host.Size] $size) { }
    [System.Management.Automation.Host.Size] get_MaxWindowSize() { return $this.get_BufferSize() }
    [System.Management.Automation.Host.Size] get_MaxPhysicalWindowSize() { return $this.get_BufferSize() }
    [System.Management.Automation.Host.Coordinates] get_CursorPosition() { return [System.Management.Automation.Host.Coordinates]::new(0, 0) }
    [void] set_CursorPosition([System.Management.Automation.Host.Coordinates] $position) { }
    [System.Management.Automation.Host.Coordinates] get_WindowPosition() { return [System.Management.Automation.Host.Coordinates]::new(0, 0) }
    [void] set_WindowPosition([System.Management.Automation.Host.Coordinates] $position) { }
    [System.ConsoleColor] get_ForegroundColor() { return 'Gray' }
    [void] set_ForegroundColor([System.ConsoleColor] $color) { }
    [System.ConsoleColor] get_BackgroundColor() { return 'Black' }
    [void] set_BackgroundColor([System.ConsoleColor] $color) { }
    [int] get_CursorSize() { return 1 }
    [void] set_CursorSize([int] $size) { }
    [string] get_WindowTitle() { return '' }
    [void] set_WindowTitle([string] $title) { }
    [bool] get_KeyAvailable() { return $false }
    [System.Management.Automation.Host.KeyInfo] ReadKey([System.Management.Automation.Host.ReadKeyOptions] $options) { throw 'There is no keyboard.' }
    [void] FlushInputBuffer() { }
    [void] SetBufferContents([System.Management.Automation.Host.Rectangle] $area, [System.Management.Automation.Host.BufferCell] $cell) { }
    [void] SetBufferContents([System.Management.Automation.Host.Coordinates] $origin, [System.Management.Automation.Host.BufferCell[, ]] $cells) { }
    [System.Management.Automation.Host.BufferCell[, ]] GetBufferContents([System.Management.Automation.Host.Rectangle] $area) { return $null }
    [void] ScrollBufferContents(
        [System.Management.Automation.Host.Rectangle] $source, [System.Management.Automation.Host.Coordinates] $destination,
        [System.Management.Automation.Host.Rectangle] $clip, [System.Management.Automation.Host.BufferCell] $cell) { }
}

# A host that records what is written to its screen and gives every prompt the same answer.
class RecordingUI : System.Management.Automation.Host.PSHostUserInterface {
    [System.Collections.Generic.List[string]] $Lines = [System.Collections.Generic.List[string]]::new()
    [System.Collections.Generic.List[string]] $Questions = [System.Collections.Generic.List[string]]::new()
    [bool] $AnswersNo
    [RecordingRawUI] $Raw = [RecordingRawUI]::new()

    [string] ReadLine() { return '' }
    [securestring] ReadLineAsSecureString() { return $null }
    [void] Write([string] $text) { $this.Lines.Add($text) }
    [void] Write([System.ConsoleColor] $foreground, [System.ConsoleColor] $background, [string] $text) { $this.Lines.Add($text) }
    [void] WriteLine([string] $text) { $this.Lines.Add($text) }
    [void] WriteErrorLine([string] $text) { }
    [void] WriteDebugLine([string] $text) { }
    [void] WriteVerboseLine([string] $text) { }
    [void] WriteWarningLine([string] $text) { }
    [void] WriteProgress([long] $source, [System.Management.Automation.ProgressRecord] $record) { }
    [System.Collections.Generic.Dictionary[string, psobject]] Prompt(
        [string] $caption, [string] $text, [System.Collections.ObjectModel.Collection[System.Management.Automation.Host.FieldDescription]] $fields) {
        return $null
    }
    [pscredential] PromptForCredential([string] $caption, [string] $text, [string] $user, [string] $target) { return $null }
    [pscredential] PromptForCredential(
        [string] $caption, [string] $text, [string] $user, [string] $target,
        [System.Management.Automation.PSCredentialTypes] $types, [System.Management.Automation.PSCredentialUIOptions] $options) {
        return $null
    }
    [int] PromptForChoice(
        [string] $caption, [string] $text,
        [System.Collections.ObjectModel.Collection[System.Management.Automation.Host.ChoiceDescription]] $choices, [int] $default) {
        $this.Questions.Add($text)
        # The choices are yes and no, or yes, yes to all, no, no to all.
        if (-not $this.AnswersNo) { return 0 }
        for ($i = 0; $i -lt $choices.Count; $i++) { if ($choices[$i].Label -eq '&No') { return $i } }
        return $default
    }
    [System.Management.Automation.Host.PSHostRawUserInterface] get_RawUI() { return $this.Raw }
}

class RecordingHost : System.Management.Automation.Host.PSHost {
    [RecordingUI] $Screen = [RecordingUI]::new()
    [guid] $Id = [guid]::NewGuid()

    [string] get_Name() { return 'Recording' }
    [version] get_Version() { return '1.0' }
    [guid] get_InstanceId() { return $this.Id }
    [System.Management.Automation.Host.PSHostUserInterface] get_UI() { return $this.Screen }
    [cultureinfo] get_CurrentCulture() { return [cultureinfo]::InvariantCulture }
    [cultureinfo] get_CurrentUICulture() { return [cultureinfo]::InvariantCulture }
    [void] SetShouldExit([int] $code) { }
    [void] EnterNestedPrompt() { }
    [void] ExitNestedPrompt() { }
    [void] NotifyBeginApplication() { }
    [void] NotifyEndApplication() { }
}

# Runs a script block like Invoke-Recorded, in this session but with another screen. Also records the -WhatIf messages (Screen,
# without the prefix) and the -Confirm prompts (Questions), which no stream carries. Every prompt is answered with yes or no.
function Invoke-OnScreen {
    param([Parameter(Mandatory)][scriptblock] $Script, [switch] $AnswerNo)

    $screen = [RecordingHost]::new()
    $screen.Screen.AnswersNo = $AnswerNo
    $settings = [System.Management.Automation.PSInvocationSettings]::new()
    $settings.Host = $screen
    $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::CurrentRunspace)
    try {
        $null = $shell.AddScript('Invoke-Recorded $args[0]').AddArgument($Script)
        $recorded = $shell.Invoke($null, $settings)[0]
    }
    finally { $shell.Dispose() }
    [pscustomobject]@{
        Output    = $recorded.Output
        Errors    = $recorded.Errors
        Verbose   = $recorded.Verbose
        Screen    = @($screen.Screen.Lines | Where-Object { $_ } | ForEach-Object { $_ -replace '^What if: ' })
        Questions = @($screen.Screen.Questions)
    }
}

# The lines in which objects are displayed on a screen of a given width, without empty lines and, unless -Color is given, without
# the colours that PowerShell 7 gives to headers.
function Get-Screen {
    param([Parameter(Mandatory)][AllowEmptyCollection()][object[]] $InputObject, [int] $Width = 80, [switch] $Color)

    $screen = [RecordingHost]::new()
    $screen.Screen.Raw.Width = $Width
    $settings = [System.Management.Automation.PSInvocationSettings]::new()
    $settings.Host = $screen
    $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::CurrentRunspace)
    try {
        $null = $shell.AddCommand('Out-Default')
        $null = $shell.Invoke($InputObject, $settings)
    }
    finally { $shell.Dispose() }

    foreach ($line in ($screen.Screen.Lines -join "`n") -split "`r?`n") {
        if (-not $Color) { $line = $line -replace "$([char]27)\[[0-9;]*m" }
        if ($line.Trim()) { $line.TrimEnd() }
    }
}

# Writes bytes at an offset in a file.
function Set-Byte {
    param([string] $Path, [long] $Offset, [byte[]] $Value)

    $file = [System.IO.File]::OpenWrite($Path)
    try {
        $file.Position = $Offset
        $file.Write($Value, 0, $Value.Length)
    }
    finally { $file.Dispose() }
}

# A block device over a file. Skips the test where there can be none.
function New-LoopDevice {
    param([Parameter(Mandatory)][string] $Path)

    if (-not (Test-Root) -or -not (Get-Command losetup -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'only root on Linux attaches loop devices' }
    $attached = Invoke-Native losetup --find --show $Path
    if ($attached.ExitCode -ne 0) { Set-ItResult -Skipped -Because 'no loop device can be attached here' }
    "$($attached.Output)".Trim()
}

function Remove-LoopDevice {
    param([Parameter(Mandatory)][string] $Path)

    $null = Invoke-Native losetup -d $Path
}

# Fails unless -WhatIf writes exactly these messages and nothing changes in a folder.
function Assert-WhatIf {
    param(
        [Parameter(Mandatory)][scriptblock] $Script,
        [Parameter(Mandatory)][string] $Folder,
        [string[]] $Message
    )

    $before = Get-FolderState $Folder
    $recorded = Invoke-OnScreen $Script
    $recorded.Errors | Should -BeNullOrEmpty
    $recorded.Output | Should -BeNullOrEmpty
    $recorded.Screen | Should -HaveCount $Message.Count -Because "-WhatIf wrote: $($recorded.Screen -join "`n")"
    for ($i = 0; $i -lt $Message.Count; $i++) { $recorded.Screen[$i] | Should -BeLike $Message[$i] }
    Get-FolderState $Folder | Should -Be $before
}

# Fails unless -Confirm asks once, nothing happens if the answer is no, and the operation is done if it is yes.
function Assert-Confirm {
    param(
        [Parameter(Mandatory)][scriptblock] $Script,
        [Parameter(Mandatory)][string] $Folder,
        [Parameter(Mandatory)][string] $Question
    )

    $before = Get-FolderState $Folder
    $recorded = Invoke-OnScreen $Script -AnswerNo
    $recorded.Questions | Should -HaveCount 1
    $recorded.Questions[0] | Should -BeLike $Question
    $recorded.Errors | Should -BeNullOrEmpty
    $recorded.Output | Should -BeNullOrEmpty
    Get-FolderState $Folder | Should -Be $before

    $recorded = Invoke-OnScreen $Script
    $recorded.Questions | Should -HaveCount 1
    $recorded.Errors | Should -BeNullOrEmpty
    (Get-FolderState $Folder) -join "`n" | Should -Not -Be ($before -join "`n")
}

# The parameters of a cmdlet except the common ones, in order: name, ! if mandatory, @ and the position, and how the pipeline
# binds to it.
function Get-OwnParameter {
    param([Parameter(Mandatory)][string] $Command, [Parameter(Mandatory)][string] $Set)

    $common = [System.Collections.Generic.HashSet[string]]::new([string[]](
            'Debug', 'ErrorAction', 'ErrorVariable', 'InformationAction', 'InformationVariable', 'OutBuffer', 'OutVariable', 'PipelineVariable',
            'ProgressAction', 'Verbose', 'WarningAction', 'WarningVariable', 'Confirm', 'UseTransaction', 'WhatIf'))
    $found = foreach ($parameter in ((Get-Command $Command).ParameterSets | Where-Object { $_.Name -eq $Set }).Parameters) {
        if ($common.Contains($parameter.Name)) { continue }
        $text = $parameter.Name
        if ($parameter.IsMandatory) { $text += '!' }
        if ($parameter.Position -ge 0) { $text += "@$($parameter.Position)" }
        if ($parameter.ValueFromPipeline) { $text += ' value' }
        if ($parameter.ValueFromPipelineByPropertyName) { $text += ' property' }
        $text
    }

    [string[]]$names = $found
    [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
    $names
}

# Fails unless qemu-img finds nothing wrong in a file, if it can check the format, and finds the same contents in it as in a QED
# image with its backing files.
function Assert-QemuAgrees {
    param([Parameter(Mandatory)][string] $Path, [Parameter(Mandatory)][string] $Format, [Parameter(Mandatory)][string] $Qed)

    if ($Format -in 'vhdx', 'qcow2', 'vdi') {
        $check = Invoke-Native qemu-img check -f $Format $Path
        $check.ExitCode | Should -Be 0 -Because "qemu-img wrote: $($check.Output)"
        "$($check.Output)" | Should -Match 'No errors were found'
    }

    $compare = Invoke-Native qemu-img compare -f $Format -F qed $Path $Qed
    "$($compare.Output)" | Should -Match 'Images are identical'
    $compare.ExitCode | Should -Be 0
}
