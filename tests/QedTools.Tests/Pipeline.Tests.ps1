# Second operands from the pipeline: by a script block for each object, or by a property of the same name, but never from an object
# that has such a property for another reason.
BeforeDiscovery { . "$PSScriptRoot/TestModule.ps1" }

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"

    # A row of a table, with text values like those from Import-Csv.
    function New-Row { [pscustomobject]$args[0] }
}

Describe 'A second operand' {
    BeforeEach {
        $folder = New-Folder 'pipeline'
        $base, $first, $second = 'base.qed', 'first.qed', 'second.qed' | ForEach-Object { [System.IO.Path]::Combine($folder, $_) }
        $null = New-QedImage $base 1MB
        $null = New-QedImage $first 1MB -BackingFile base.qed
        $null = New-QedImage $second 1MB
        $files = [System.IO.FileInfo]$first, [System.IO.FileInfo]$second
    }

    It 'can be a script block, evaluated for each object' {
        Invoke-InFolder $folder {
            $files | Convert-QedImage -DestinationPath { "$($_.Name).vhdx" } | ForEach-Object { "$($_.Name) $($_.Format)" } |
                Should -Be 'first.qed.vhdx VHDX', 'second.qed.vhdx VHDX'
            $files | Compare-QedImage -ReferencePath { "$($_.Name).vhdx" } | ForEach-Object { $_.AreEqual } | Should -Be $true, $true
            $files | Show-QedAllocationMap -OutFile { "$($_.Name).svg" } | ForEach-Object { $_.Name } | Should -Be 'first.qed.svg', 'second.qed.svg'
        }
        Get-QedInfo $first, $second | Resize-QedImage -SizeBytes { $_.VirtualSize * 3 } -PassThru | ForEach-Object { $_.VirtualSize } | Should -Be 3MB, 3MB
        $files | Set-QedBackingFile -BackingFile { "base$($_.Extension)" } -PassThru | ForEach-Object { $_.BackingFile } | Should -Be 'base.qed', 'base.qed'
    }

    It 'without an extension is a file if it comes from a script block, and a folder if it is given for all' {
        Invoke-InFolder $folder {
            $files | Convert-QedImage -DestinationPath { "$($_.Name)-raw" } -Format Raw | ForEach-Object { $_.Name } | Should -Be 'first.qed-raw', 'second.qed-raw'
            $files | Convert-QedImage -DestinationPath out -Format Raw | ForEach-Object { $_.Path } |
                Should -Be ([System.IO.Path]::Combine($folder, 'out', 'first.raw')), ([System.IO.Path]::Combine($folder, 'out', 'second.raw'))
        }
    }

    It 'can come from the columns of a table' {
        $vhd, $qcow2 = 'a.vhd', 'b.qcow2' | ForEach-Object { [System.IO.Path]::Combine($folder, $_) }
        (New-Row @{ Path = $first; DestinationPath = $vhd }), (New-Row @{ Path = $second; DestinationPath = $qcow2 }) | Convert-QedImage |
            ForEach-Object { $_.Format } | Should -Be 'VHD', 'qcow2'
        (New-Row @{ Path = $first; ReferencePath = $qcow2 }) | Compare-QedImage | ForEach-Object { $_.AreEqual } | Should -BeTrue
        (New-Row @{ Path = $first; SizeBytes = '2MB' }) | Resize-QedImage -PassThru | ForEach-Object { $_.VirtualSize } | Should -Be 2MB
        (New-Row @{ Path = $second; BackingFile = 'base.qed' }) | Set-QedBackingFile -PassThru | ForEach-Object { $_.BackingFile } | Should -Be 'base.qed'
    }

    It 'is required in each row, and an empty one is an error for that row' {
        $rows = (New-Row @{ Path = $first; SizeBytes = '' }), (New-Row @{ Path = $first; SizeBytes = ' ' }), (New-Row @{ Path = $first }), (New-Row @{ Path = $second; SizeBytes = '512' })
        $recorded = Invoke-Recorded { $rows | Resize-QedImage -Shrink -PassThru }
        $recorded.Errors | Should -HaveCount 3
        $recorded.Output | Should -HaveCount 1
        (Get-QedInfo $first).VirtualSize | Should -Be 1MB
    }

    It 'that is the same file in two rows is an error for the second' {
        $vhd, $svg = 'a.vhd', 'a.svg' | ForEach-Object { [System.IO.Path]::Combine($folder, $_) }
        $rows = (New-Row @{ Path = $first; DestinationPath = $vhd; OutFile = $svg }), (New-Row @{ Path = $second; DestinationPath = $vhd; OutFile = $svg })
        foreach ($command in { $rows | Convert-QedImage -Force }, { $rows | Show-QedAllocationMap -Force }) {
            $recorded = Invoke-Recorded $command
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].TargetObject | Should -Be $second
        }
    }

    It 'on the command line takes precedence over that of the object' {
        (New-Row @{ Path = $first; SizeBytes = '2MB'; BackingFile = 'nowhere.qed' }) | Resize-QedImage -SizeBytes 4MB -PassThru | ForEach-Object { $_.VirtualSize } | Should -Be 4MB
        (New-Row @{ Path = $first; BackingFile = 'nowhere.qed' }) | Set-QedBackingFile -Remove -PassThru | ForEach-Object { $_.BackingFile } | Should -BeNullOrEmpty
        Get-QedInfo $first | Set-QedBackingFile -BackingFile base.qed -PassThru | ForEach-Object { $_.BackingFile } | Should -Be 'base.qed'
    }
}

Describe 'A result or a file from the pipeline' {
    BeforeEach {
        $folder = New-Folder 'facts'
        $base, $overlay = 'base.qed', 'overlay.qed' | ForEach-Object { [System.IO.Path]::Combine($folder, $_) }
        $null = New-QedImage $base 1MB
        $null = New-QedImage $overlay -BackingFile base.qed
        $before = Get-FolderState $folder
    }

    It 'does not supply a backing file to set: the image keeps its own, with a warning' {
        foreach ($facts in (Get-QedInfo $overlay), (Merge-QedImage $overlay -WhatIf:$false -Keep)) {
            $before = Get-FolderState $folder
            $recorded = Invoke-Recorded { $facts | Set-QedBackingFile -PassThru }
            $recorded.Warnings | Should -HaveCount 1
            $recorded.Warnings[0] | Should -BeLike "'$overlay' keeps its backing file 'base.qed'*-BackingFile*"
            $recorded.Output | ForEach-Object { $_.BackingFile } | Should -Be 'base.qed'
            Get-FolderState $folder | Should -Be $before
        }
    }

    It 'does not supply a size to resize to: <Name>' -ForEach @(
        @{ Name = 'information'; Get = { Get-QedInfo $overlay } }
        @{
            Name = 'a file with a size'
            Get  = {
                # On Linux and macOS PowerShell gives files a Size; on Windows other programs do.
                $item = [psobject][System.IO.FileInfo]$overlay
                if (-not $item.psobject.Properties['Size']) { $item.psobject.Properties.Add([psnoteproperty]::new('Size', 512)) }
                $item
            }
        }
        @{ Name = 'a check'; Get = { Test-QedImage $overlay } }
        @{ Name = 'a comparison'; Get = { Compare-QedImage $overlay $base } }
        @{ Name = 'an extent'; Get = { Get-QedAllocationMap $overlay } }
    ) {
        $object = & $Get
        $recorded = Invoke-Recorded { $object | Resize-QedImage -Shrink }
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].Exception | Should -BeOfType ([System.Management.Automation.ParameterBindingException])
        Get-FolderState $folder | Should -Be $before
    }

    It 'does not supply options for a conversion' {
        $flat = [System.IO.Path]::Combine($folder, 'flat.vhdx')
        $facts = New-QedImage ([System.IO.Path]::Combine($folder, 'odd.qed')) -BackingFile base.qed -ClusterSizeBytes 4KB -TableSize 1
        $facts | Convert-QedImage -DestinationPath $flat | ForEach-Object { "$($_.Format) $($_.BackingFile)" } | Should -Be 'VHDX '
        $copy = $facts | Convert-QedImage -DestinationPath ([System.IO.Path]::Combine($folder, 'copy.qed'))
        "$($copy.ClusterSize) $($copy.TableSize) $($copy.BackingFile)" | Should -Be '65536 4 '
    }

    It 'does not supply the range of a map' {
        ([System.IO.FileInfo]$overlay | Get-QedAllocationMap | ForEach-Object { $_.Length }) | Should -Be 1MB
        (Get-QedAllocationMap $overlay | Get-QedAllocationMap -Length 512 | ForEach-Object { $_.Length }) | Should -Be 512
    }

    It 'of a comparison can be compared again' {
        Compare-QedImage $overlay $base | Compare-QedImage | ForEach-Object { $_.AreEqual } | Should -BeTrue
    }
}
