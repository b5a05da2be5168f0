# Runs the commands of README and of the pages in docs that are meant to be typed: what is in a block of PowerShell, and the
# remedies of README's table. Examples.Tests.ps1 does the same with the pages of the cmdlets.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))

    # The blocks of a page, each with the heading or the bold words before it.
    function Get-PageBlock {
        param([Parameter(Mandatory)][string] $Page)

        $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, $Page)) -replace '\r'
        foreach ($block in [regex]::Matches($text, '(?ms)^```powershell\n(.*?)^```$')) {
            $titles = [regex]::Matches($text.Substring(0, $block.Index), '(?ms)^(?:#+ ([^\n]+)|\*\*([^*]+)\*\*)')
            $last = $titles[$titles.Count - 1]
            @{ Name = ($last.Groups[1].Value + $last.Groups[2].Value) -replace '\s+', ' '; Code = $block.Groups[1].Value }
        }
    }

    $readme = @(Get-PageBlock 'README.md')
    $recipes = @(Get-PageBlock 'docs/recipes.md')
    $backups = @(Get-PageBlock 'docs/backups.md')
    $messages = [regex]::Match([System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'README.md')) -replace '\r', '(?ms)^## Could not open.*?(?=^## )').Value
    $remedies = @([regex]::Matches($messages, '(?m)`((?:New|Convert|Start|Test)-Qed\w+ [^`]+)`') | ForEach-Object { @{ Name = $_.Groups[1].Value; Code = $_.Groups[1].Value } })
    $counts = @(@{ Blocks = $readme.Count; Remedies = $remedies.Count })
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # The files that the pages speak of: small disks with data, an overlay, a differencing file whose parent was moved.
    function New-PageFolder {
        $folder = New-Folder "page-$([System.Guid]::NewGuid().ToString('N').Substring(0, 8))"
        Invoke-InFolder $folder {
            $null = New-Item -ItemType Directory bases, received, backup
            foreach ($name in 'golden', 'golden-2', 'disk') {
                $null = New-QedImage "$name.qed" 2MB
                Set-DiskBytes (Convert-Path "$name.qed") 0 (New-Bytes 70000)
            }

            $null = New-QedImage vm1.qed -BackingFile golden.qed
            Set-DiskBytes (Convert-Path vm1.qed) 1MB (New-Bytes 70000 -Seed 2)
            $null = Convert-QedImage golden.qed golden.vhdx
            $null = Convert-QedImage vm1.qed vm1.vhdx -BackingFile golden.vhdx
            Move-Item golden.vhdx bases
            $null = Convert-QedImage vm1.qed received/disk.qcow2
            $null = Convert-QedImage vm1.qed disk.qcow2
            $null = Convert-QedImage vm1.qed over.qcow2 -BackingFile disk.qed
        }
        $folder
    }

    # Runs commands in a folder; they may not write an error, and every QED image must be sound afterwards.
    function Assert-Command {
        param([Parameter(Mandatory)][string] $Folder, [Parameter(Mandatory)][string] $Code)

        # Any free port: another server may use the one by default.
        $PSDefaultParameterValues = @{ 'Start-QedNbdServer:Port' = 0 }
        $pageCommands = [scriptblock]::Create($Code)
        $recorded = Invoke-Recorded { Invoke-InFolder $Folder { . $pageCommands } }
        Get-QedNbdServer | Where-Object { @($_.Exports | Where-Object { $_.Path.StartsWith($Folder) }) } | Stop-QedNbdServer
        "$($recorded.Errors)" | Should -BeNullOrEmpty
        @(Get-ChildItem $Folder -Recurse -Filter *.qed | Test-QedImage | ForEach-Object { "$($_.Status)" } | Select-Object -Unique) | Should -Be 'Clean'
        $recorded
    }
}

Describe 'The commands of README' {
    It 'can be typed: <Name>' -ForEach $readme { $null = Assert-Command (New-PageFolder) ($Code -replace 'disk\.qcow2', 'copy.qcow2') }

    It 'help against a message: <Name>' -ForEach $remedies {
        $folder = New-PageFolder
        # Where they make a file, there is none of that name.
        if ($Code -match '^(?:New-QedImage|Convert-QedImage \S+) (\S+)') { Remove-Item "$folder/$($Matches[1])" -ErrorAction Ignore }
        (Assert-Command $folder $Code).Output | Should -Not -BeNullOrEmpty
    }

    It 'are what the workflow for public runners runs too' {
        $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
        $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'README.md')) -replace '\r'
        $workflow = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, '.github', 'workflows', 'ci.yml'))
        $commands = @([regex]::Matches($text, '(?m)^```\n(dotnet .+)$') | ForEach-Object { $_.Groups[1].Value })
        $commands.Count | Should -Be 2
        foreach ($command in $commands) { $workflow.Contains("run: $command") | Should -BeTrue -Because $command }
    }

    It 'are found' -ForEach $counts {
        $Blocks | Should -BeGreaterThan 0
        $Remedies | Should -BeGreaterThan 6
    }
}

Describe 'A recipe' {
    It 'can be typed: <Name>' -ForEach $recipes {
        $folder = New-PageFolder
        if ($Code -match '/dev/') { Set-ItResult -Skipped -Because 'it needs a block device and root' }
        elseif ($Code -match 'nbdcopy' -and -not (Get-Command nbdcopy -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'nbdcopy is not on the PATH' }
        else {
            # Where they make a file, there is none of that name.
            if ($Code -match '^1\.\.10') { Remove-Item "$folder/vm1.qed" }
            if ($Code -match '^Convert-QedImage \S+ (\S+)') { Remove-Item "$folder/$($Matches[1])" -ErrorAction Ignore }
            if ($Code -match 'Partition') { $null = Convert-QedImage (Expand-Fixture 'partitions/gpt.img.gz' -Folder $folder) "$folder/vm1.qed" -Force -WarningAction Ignore }
            $null = Assert-Command $folder $Code
        }
    }
}

Describe 'The page on backups' {
    BeforeAll {
        $backupFolder = New-PageFolder
        $turns = @{ Count = 0 }
    }

    It 'can be typed in its order: <Name>' -ForEach $backups {
        $recorded = Assert-Command $backupFolder $Code
        if ($Code -match 'Get-QedImageHash') { $recorded.Output | Should -BeExactly $true }
        # The machine goes on between the backups.
        if ($Name -eq 'Full, incremental') { Set-DiskBytes "$backupFolder/vm1.qed" 1536KB (New-Bytes 100 -Seed (++$turns.Count)) }
        if ($Code -match '-Extent') { $recorded.Output.Sum | Should -Be 64KB }
    }
}
