# The cmdlets in combination with other features of PowerShell.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    $manifest = [System.IO.Path]::Combine($root, 'QedTools.psd1')
    $examples = [System.IO.Path]::Combine($root, 'docs', 'examples')

    # One result of each type.
    function Get-Result {
        param([string] $Folder)

        $base = (New-QedImage "$Folder/base.qed" 1MB -ClusterSizeBytes 4KB).Path
        $overlay = (New-QedImage "$Folder/overlay.qed" -BackingFile base.qed -ClusterSizeBytes 4KB).Path
        Set-DiskBytes $overlay 8192 (New-Bytes 4096 -Value 7)
        $damaged = Copy-Fixture 'damaged/several.qed' $Folder
        $check = Test-QedImage $damaged
        $repair = Repair-QedImage $damaged
        @{
            QedImageInfo      = Get-QedInfo $overlay
            QedCheckResult    = $check
            QedCorruption     = $check.Corruptions[0]
            QedExtent         = @(Get-QedAllocationMap $overlay)[0]
            QedComparison     = Compare-QedImage $overlay $base
            QedDifference     = Compare-QedImage $overlay $base -Extent
            QedRepairResult   = $repair
            QedRepair         = $repair.Repairs[0]
            QedOptimizeResult = Optimize-QedImage $overlay
            QedMergeResult    = Merge-QedImage $overlay -Keep
        }
    }

    # A result as another process or machine receives it.
    function Copy-BySerialization {
        param($Result)
        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Result, 1))
    }
}

Describe 'A pipeline' {
    BeforeAll {
        $folder = New-Folder 'pipeline'
        $deep = New-Folder 'pipeline/deep'
        $null = Copy-Fixture 'images/table-1.qed' $folder
        $dirty = @(Copy-Fixture 'damaged/dirty-leaks.qed', 'damaged/dirty-corrupt.qed' $deep)
        [System.IO.File]::WriteAllText("$deep/note.txt", 'no image')
    }

    It 'finds and repairs images that were not closed cleanly, and continues past other files' {
        $recorded = Invoke-Recorded { Get-ChildItem $folder -Recurse | Get-QedInfo | Where-Object NeedsCheck | Repair-QedImage }
        @($recorded.Output | ForEach-Object { $_.Path } | Sort-Object) | Should -Be @($dirty | Sort-Object)
        @($recorded.Output | ForEach-Object { "$($_.After.Status)" }) | Should -Be 'Clean', 'Clean'
        @($recorded.Errors | ForEach-Object { $_.FullyQualifiedErrorId -replace ',.*' } | Sort-Object) | Should -Be 'QedNotAFile', 'QedNotAnImage'
        @(Get-ChildItem $folder -Recurse -Filter *.qed | Get-QedInfo | Where-Object NeedsCheck) | Should -BeNullOrEmpty
    }

    It 'creates images from the rows of a table' {
        $rows = "Path,SizeBytes,ClusterSizeBytes`n$folder/row1.qed,1MB,4KB`n$folder/row2.qed,2097152,65536" | ConvertFrom-Csv
        $made = @($rows | New-QedImage)
        @($made | ForEach-Object { $_.VirtualSize }) | Should -Be 1MB, 2MB
        @($made | ForEach-Object { $_.ClusterSize }) | Should -Be 4KB, 64KB
    }

    It 'passes results from one cmdlet to the next' {
        $made = New-QedImage "$folder/chain.qed" 1MB | Resize-QedImage -SizeBytes 2MB -PassThru | Test-QedImage | Get-QedInfo
        $made.VirtualSize | Should -Be 2MB
    }
}

Describe 'ForEach-Object -Parallel' {
    BeforeEach { Skip-TestWithout PowerShell7.4 }

    It 'runs the cmdlets in several runspaces at the same time' {
        $folder = New-Folder 'parallel'
        $names = @(1..8 | ForEach-Object { "$folder/$_.qed" })
        $checks = @($names | ForEach-Object -Parallel {
                Import-Module $using:manifest
                $null = New-QedImage $_ 4MB
                $stream = Open-QedImage $_ -ReadWrite
                $stream.WriteByte(1)
                $stream.Dispose()
                Test-QedImage $_
            } -ThrottleLimit 4)
        @($checks | ForEach-Object { "$($_.Status) $($_.AllocatedClusters)" }) | Should -Be @(1..8 | ForEach-Object { 'Clean 1' })
    }

    It 'lets one runspace open an image for writing, and reports an error in the others' {
        $image = (New-QedImage (Join-TestDrive 'contended.qed') 1MB).Path
        $stream = Open-QedImage $image -ReadWrite
        try {
            $ids = @(1..4 | ForEach-Object -Parallel {
                    Import-Module $using:manifest
                    try { Resize-QedImage $using:image 2MB -ErrorAction Stop } catch { $_.FullyQualifiedErrorId -replace ',.*' }
                })
        }
        finally { $stream.Dispose() }
        $ids | Should -Be @(1..4 | ForEach-Object { 'QedImageInUse' })
    }
}

Describe 'A job' {
    BeforeAll {
        $folder = New-Folder 'jobs'
        $image = (New-QedImage "$folder/a.qed" 1MB).Path

        # Works like Start-Job: objects and errors arrive as XML, which PowerShell deserializes itself.
        function Receive-FromProcess {
            param([string] $Script)

            $program, $first = @(Get-PowerShellCommand)
            $first = @($first)
            & $program @first -NoProfile -OutputFormat XML -Command "Import-Module '$manifest'; $Script"
        }
    }

    It 'in another process returns results that are displayed as usual' {
        $found = @(Receive-FromProcess "Get-QedInfo '$image'; Test-QedImage '$image'")
        $found[0].PSObject.TypeNames[0] | Should -Be 'Deserialized.QedTools.QedImageInfo'
        $found[0].VirtualSize | Should -Be 1MB
        "$($found[1].Status)" | Should -Be 'Clean'
        $found[0] | Out-String | Should -Be (Get-QedInfo $image | Out-String)
        $found[1] | Out-String | Should -Be (Test-QedImage $image | Out-String)
    }

    It 'in another process returns errors with their ids' {
        $recorded = Invoke-Recorded { Receive-FromProcess "Get-QedInfo '$folder/missing.qed'" }
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedFileNotFound,*'
    }

    It 'in a thread returns the original objects' {
        $shell = [powershell]::Create().AddScript('param($manifest, $image) Import-Module $manifest; Get-QedInfo $image').AddArgument($manifest).AddArgument($image)
        try { $found = $shell.EndInvoke($shell.BeginInvoke())[0] }
        finally { $shell.Dispose() }
        $found.GetType().FullName | Should -Be 'QedTools.QedImageInfo'
        $found.Path | Should -Be $image
    }
}

Describe 'A result from another machine' {
    BeforeAll { $results = Get-Result (New-Folder 'results') }

    It 'of type <_> keeps its properties' -ForEach 'QedImageInfo', 'QedCheckResult', 'QedCorruption', 'QedExtent', 'QedComparison', 'QedDifference', 'QedRepairResult', 'QedRepair', 'QedOptimizeResult', 'QedMergeResult' {
        $result = $results[$_]
        $result.GetType().Name | Should -Be $_
        $copy = Copy-BySerialization $result
        $copy.PSObject.TypeNames[0] | Should -Be "Deserialized.QedTools.$_"
        foreach ($property in $result.PSObject.Properties) {
            $copy.PSObject.Properties[$property.Name] | Should -Not -BeNullOrEmpty -Because $property.Name
            # Nested objects are compared by their text.
            "$($copy.PSObject.Properties[$property.Name].Value)" | Should -Be "$($property.Value)" -Because $property.Name
        }
    }

    It 'of type <_> is displayed like a local one' -ForEach 'QedImageInfo', 'QedCheckResult', 'QedCorruption', 'QedExtent', 'QedComparison', 'QedDifference', 'QedRepairResult', 'QedRepair', 'QedOptimizeResult', 'QedMergeResult' {
        $result = $results[$_]
        $copy = Copy-BySerialization $result
        foreach ($format in 'Format-Table', 'Format-List', 'Format-Wide') {
            $copy | & $format | Out-String -Width 150 | Should -Be ($result | & $format | Out-String -Width 150) -Because $format
        }
    }

    It 'has its status as a name' {
        (Copy-BySerialization $results.QedCheckResult).Status | Should -BeExactly 'Corrupt'
        (Copy-BySerialization $results.QedCheckResult).Corruptions[0].Kind | Should -BeExactly 'ReservedBits'
    }

    It 'keeps nested objects' {
        $copy = Copy-BySerialization $results.QedRepairResult
        $copy.Before.CorruptionCount | Should -BeGreaterThan 0
        @($copy.Before.Corruptions) | Should -HaveCount $results.QedRepairResult.Before.CorruptionCount
        @($copy.Repairs)[0].Description | Should -Be $results.QedRepair.Description
    }
}

Describe 'A result as text' {
    BeforeAll { $results = Get-Result (New-Folder 'text') }

    It 'of type <_> is a row of plain values with Export-Csv' -ForEach 'QedImageInfo', 'QedCheckResult', 'QedCorruption', 'QedExtent', 'QedComparison', 'QedDifference', 'QedRepairResult', 'QedRepair', 'QedOptimizeResult', 'QedMergeResult' {
        $file = Join-TestDrive "$_.csv"
        $results[$_] | Export-Csv -LiteralPath $file -NoTypeInformation
        $row = Import-Csv -LiteralPath $file
        foreach ($property in $results[$_].PSObject.Properties) {
            $text = $row.PSObject.Properties[$property.Name].Value
            # A value that cannot be written as plain text would appear as its type name.
            $text | Should -Not -Match '^(QedTools|System)\.' -Because $property.Name
            if ($null -ne $property.Value -and $property.Value -isnot [System.Collections.IEnumerable]) { $text | Should -Be "$($property.Value)" -Because $property.Name }
        }
    }

    It 'lists corruptions and repairs in one cell' {
        $row = $results.QedCheckResult | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv
        $row.Corruptions.StartsWith("$($results.QedCorruption) | ") | Should -BeTrue
        ($results.QedRepairResult | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv).Repairs.StartsWith("$($results.QedRepair) | ") | Should -BeTrue
    }

    It 'has numbers as numbers with ConvertTo-Json, and missing values as null' {
        $info = $results.QedImageInfo | ConvertTo-Json | ConvertFrom-Json
        $info.VirtualSize | Should -Be 1MB
        $info.NeedsCheck | Should -BeFalse
        $info.BackingFile | Should -Be 'base.qed'
        $check = $results.QedCheckResult | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        $check.Status | Should -Be ([int]$results.QedCheckResult.Status)
        @($check.Corruptions) | Should -HaveCount $results.QedCheckResult.CorruptionCount
        $check.Corruptions[0].VirtualOffset | Should -Be $results.QedCorruption.VirtualOffset
        $check.Corruptions[0].L2Index | Should -BeNullOrEmpty
    }
}

Describe 'Splatting' {
    BeforeAll { $folder = New-Folder 'splatting' }

    It 'works with a hash table' {
        $image = @{ Path = "$folder/hash.qed"; SizeBytes = 1MB; ClusterSizeBytes = 4KB; TableSize = 2 }
        $made = New-QedImage @image
        $made.ClusterSize | Should -Be 4KB
        $made.TableSize | Should -Be 2
        $overlay = @{ LiteralPath = "$folder/over.qed"; BackingFile = 'hash.qed'; BackingFormat = 'Probe'; Force = $true }
        (New-QedImage @overlay).BackingFilePath | Should -Be $made.Path
    }

    It 'works with values from JSON' {
        $settings = '{ "Path": "json.qed", "SizeBytes": 3145728, "ClusterSizeBytes": 4096, "Force": true }' | ConvertFrom-Json
        $image = @{}
        foreach ($property in $settings.PSObject.Properties) { $image[$property.Name] = $property.Value }
        $image.Path = "$folder/$($image.Path)"
        $made = New-QedImage @image
        $made.VirtualSize | Should -Be 3MB
        $made.ClusterSize | Should -Be 4KB
    }

    It 'accepts sizes with units' {
        $image = @{ Path = "$folder/text.qed"; SizeBytes = '20GB' }
        (New-QedImage @image).VirtualSize | Should -Be 20GB
    }
}

Describe 'A script' {
    BeforeAll {
        $modules = New-Folder 'modules'
        $module = [System.IO.Path]::Combine($modules, 'QedTools', (Get-Module QedTools).Version)
        $null = New-Item -ItemType Directory $module
        Copy-Item ([System.IO.Path]::Combine($root, 'QedTools.ps?1')), ([System.IO.Path]::Combine($root, 'lib')) $module -Recurse
        $oldPath = $env:PSModulePath
        $env:PSModulePath = $modules + [System.IO.Path]::PathSeparator + $oldPath
    }

    AfterAll { $env:PSModulePath = $oldPath }

    Context 'that checks a folder from a scheduler' {
        BeforeAll {
            $script = [System.IO.Path]::Combine($examples, 'Test-ImageFolder.ps1')
            $report = Join-TestDrive 'report.csv'
            $folder = New-Folder 'checked'
            $null = Copy-Fixture 'images/table-1.qed' $folder
            function Invoke-Check { Invoke-PowerShell -NoProfile -NonInteractive -File $script -Path $folder -Report $report }
        }

        It 'exits with 0 if all images are sound' {
            $result = Invoke-Check
            $result.Output | Should -Be '1 images are sound or in use.'
            $result.ExitCode | Should -Be 0
        }

        It 'exits with 1 and writes a report if an image needs attention' {
            $bad = Copy-Fixture 'damaged/several.qed' $folder
            $dirty = Copy-Fixture 'damaged/dirty-clean.qed' $folder
            [System.IO.File]::WriteAllText("$folder/text.qed", 'no image')
            $result = Invoke-Check
            $result.ExitCode | Should -Be 1
            @($result.Output) | Should -HaveCount 3
            $rows = @(Import-Csv $report)
            $rows | Should -HaveCount 4
            ($rows | Where-Object Path -eq $dirty).Message | Should -BeLike '*not closed cleanly*'
            ($rows | Where-Object Path -eq $bad).Status | Should -Be 'Corrupt'
            ($rows | Where-Object Path -like '*text.qed').Message | Should -BeLike '*its contents are of no known format*'
        }

        It 'does not count an image in use as a problem' {
            $only = New-Folder 'used'
            $stream = Open-QedImage (New-QedImage "$only/used.qed" 1MB).Path -ReadWrite
            try { $result = Invoke-PowerShell -NoProfile -NonInteractive -File $script -Path $only -Report $report }
            finally { $stream.Dispose() }
            $result.ExitCode | Should -Be 0
            (Import-Csv $report).Status | Should -Be 'InUse'
        }

        It 'exits with 2 if the job itself fails' {
            $result = Invoke-PowerShell -NoProfile -NonInteractive -File $script -Path (Join-TestDrive 'missing') -Report $report
            $result.ExitCode | Should -Be 2
            "$($result.Output)" | Should -BeLike 'The images were not checked: *'
        }
    }

    Context 'that serves a folder' {
        BeforeAll {
            $script = [System.IO.Path]::Combine($examples, 'Start-ImageServer.ps1')
            $folder = New-Folder 'served'
            $null = Copy-Fixture 'images/table-1.qed', 'images/data-zero-hole.qed' $folder

            # Starts the script in another process and returns the process and the lines that it writes for two images.
            function Start-ImageServer {
                $command = @(Get-PowerShellCommand)
                $start = [System.Diagnostics.ProcessStartInfo]::new($command[0])
                $start.RedirectStandardOutput = $true
                $start.UseShellExecute = $false
                $arguments = @($command | Select-Object -Skip 1) + '-NoProfile', '-NonInteractive', '-File', $script, '-Path', $folder + $args
                $start.Arguments = ($arguments | ForEach-Object { "`"$_`"" }) -join ' '
                $process = [System.Diagnostics.Process]::Start($start)
                @{ Process = $process; Lines = @(1..3 | ForEach-Object { $process.StandardOutput.ReadLine() }) }
            }
        }

        It 'names its exports after the images and serves them until it is told to end' {
            $run = Start-ImageServer -Port 0 -Temporary
            try {
                $run.Lines[0] | Should -Match '^Serving at nbd://127\.0\.0\.1:\d+$'
                $run.Lines[1..2] -replace ':.*' | Should -Be 'data-zero-hole', 'table-1'
                $client = [System.Net.Sockets.TcpClient]::new('127.0.0.1', [int]($run.Lines[0] -replace '.*:'))
                try { $client.GetStream().ReadByte() | Should -Be ([int][char]'N') }
                finally { $client.Dispose() }
                (Get-QedInfo "$folder/table-1.qed").InUse | Should -BeTrue
                if (-not $IsOnWindows) {
                    $null = Invoke-Native kill -TERM $run.Process.Id
                    $run.Process.WaitForExit(60000) | Should -BeTrue
                    (Get-QedInfo "$folder/table-1.qed").InUse | Should -BeFalse
                }
            }
            finally {
                if (-not $run.Process.HasExited) { $run.Process.Kill() }
                $run.Process.Dispose()
            }
        }

        It 'exits with 2 if there is nothing to serve, or it cannot be served' {
            $empty = New-Folder 'nothing-to-serve'
            $result = Invoke-PowerShell -NoProfile -NonInteractive -File $script -Path $empty -Port 0
            $result.ExitCode | Should -Be 2
            "$($result.Output)" | Should -BeLike 'The images are not served: There are no images*'
            [System.IO.File]::WriteAllText("$empty/text.qed", 'no image')
            $result = Invoke-PowerShell -NoProfile -NonInteractive -File $script -Path $empty -Port 0
            $result.ExitCode | Should -Be 2
            "$($result.Output)" | Should -BeLike "The images are not served: *text.qed*"
        }

        It 'is what the unit starts, with parameters that it has' {
            $unit = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($examples, 'qed-nbd.service'))
            $started = [regex]::Match($unit, '(?m)^ExecStart=\S+ -NoProfile -NonInteractive -File \S+/Start-ImageServer\.ps1( .*)$')
            $given = @([regex]::Matches($started.Groups[1].Value, ' -(\w+)') | ForEach-Object { $_.Groups[1].Value })
            $given | Should -Not -BeNullOrEmpty
            $given | Should -BeIn (Get-Command $script).Parameters.Keys
            $unit | Should -Match '(?m)^Requires=qed-nbd\.socket$'
            [System.IO.File]::Exists([System.IO.Path]::Combine($examples, 'qed-nbd.socket')) | Should -BeTrue
        }
    }

    Context 'that creates a lab' {
        BeforeAll {
            $script = [System.IO.Path]::Combine($examples, 'Initialize-Lab.ps1')
            $folder = Join-TestDrive 'lab'
            $source = New-RawFile (Join-TestDrive 'golden.raw') 2MB '0+64K 0x11, 1M+64K 0x12'
            function Initialize-Lab { Invoke-PowerShell -NoProfile -Command "& '$script' -Path '$folder' $args | ForEach-Object Path" }
        }

        It 'creates a base and ten overlays, and changes nothing when run again' {
            $first = Initialize-Lab -Source $source
            $first.Output | Should -Be @("$folder/golden.qed"; 1..10 | ForEach-Object { '{0}/vm{1:00}.qed' -f $folder, $_ }).Replace('/', [System.IO.Path]::DirectorySeparatorChar)
            $state = Get-FolderState $folder
            $second = Initialize-Lab -Source $source
            Get-FolderState $folder | Should -Be $state
            $second.Output | Should -Be $first.Output
            Assert-Disk "$folder/vm10.qed" 2MB '0+64K 0x11, 1M+64K 0x12'
        }

        It 'creates missing images, and keeps the data that a machine wrote' {
            Set-DiskBytes "$folder/vm01.qed" 4096 (New-Bytes 512 -Value 9)
            Remove-Item "$folder/vm05.qed"
            (Initialize-Lab -Count 12).Output | Should -HaveCount 13
            @(Get-ChildItem $folder -Filter *.qed) | Should -HaveCount 13
            (Get-DiskBytes "$folder/vm01.qed" 4096 1)[0] | Should -Be 9
        }

        It 'uses the loaded module, whether or not it is installed' {
            $other = Join-TestDrive 'other-lab'
            $text = "`$env:PSModulePath = '$(New-Folder 'nothing')'; Import-Module '$manifest'; & '$script' -Path '$other' -SizeBytes 1MB -Count 1 | ForEach-Object Name"
            (Invoke-PowerShell -NoProfile -Command $text).Output | Should -Be 'golden.qed', 'vm01.qed'
        }

        It 'stops at an overlay of another backing file' {
            $null = New-QedImage "$folder/other.qed" 2MB
            $null = New-QedImage "$folder/vm02.qed" -BackingFile other.qed -Force
            $result = Initialize-Lab
            $result.ExitCode | Should -Be 1
            "$($result.Output)" | Should -BeLike '*belongs to*other.qed*'
        }
    }

    Context 'that backs up a disk' {
        BeforeAll {
            $script = [System.IO.Path]::Combine($examples, 'Backup-Image.ps1')
            $folder = New-Folder 'backups'
            $disk = "$folder/vm1.qed"
            $store = "$folder/store"
            $null = New-QedImage $disk 4MB
            Set-DiskBytes $disk 0 (New-Bytes 65536 -Value 1)
            $first = Get-QedImageHash $disk
            function Invoke-Backup { Invoke-PowerShell -NoProfile -Command "& '$script' -Destination '$store' $args" }
        }

        It 'makes a full backup first, and then overlays with what has changed' {
            $result = Invoke-Backup -Path "'$disk'" '| ForEach-Object Name'
            $result.Output | Should -Be 'vm1-001.qed'
            Set-DiskBytes $disk 2MB (New-Bytes 10 -Value 2)
            $result = Invoke-Backup -Path "'$disk'" '| ForEach-Object Name'
            $result.Output | Should -Be 'vm1-002.qed'
            $info = @(Get-QedInfo "$store/vm1-002.qed" -BackingChain)
            $info | ForEach-Object Name | Should -Be 'vm1-002.qed', 'vm1-001.qed'
            $info[0].BackingFile | Should -Be 'vm1-001.qed'
            (Get-QedAllocationMap "$store/vm1-002.qed" -State Data, Zero | Measure-Object Length -Sum).Sum | Should -Be 64KB
            (Get-Item "$store/vm1-001.qed").IsReadOnly | Should -BeTrue
            @(Import-Csv "$store/backups.csv" | ForEach-Object Hash) | Should -Be $first.Hash, (Get-QedImageHash $disk).Hash
        }

        It 'says how much would be stored, and stores nothing, with -WhatIf' {
            Set-DiskBytes $disk 0 (New-Bytes 1 -Value 3)
            Set-DiskBytes $disk 3MB (New-Bytes 70000 -Value 3)
            $state = Get-FolderState $store
            $result = Invoke-Backup -Path "'$disk'" -WhatIf
            "$($result.Output)" | Should -BeLike '*incremental backup of 196608 bytes*'
            Get-FolderState $store | Should -Be $state
            $null = Invoke-Backup -Path "'$disk'"
            (Get-QedAllocationMap "$store/vm1-003.qed" -State Data, Zero | Measure-Object Length -Sum).Sum | Should -Be 196608
        }

        It 'begins again with -Full, and after as many increments as it may make' {
            $null = Invoke-Backup -Path "'$disk'" -Full
            (Get-QedInfo "$store/vm1-004.qed").BackingFile | Should -BeNullOrEmpty
            $null = Invoke-Backup -Path "'$disk'" -MaxIncrements 1
            (Get-QedInfo "$store/vm1-005.qed").BackingFile | Should -Be 'vm1-004.qed'
            $null = Invoke-Backup -Path "'$disk'" -MaxIncrements 1
            (Get-QedInfo "$store/vm1-006.qed").BackingFile | Should -BeNullOrEmpty
        }

        It 'restores any of them, to any format, and never over a file' {
            $null = Invoke-Backup -Restore "'$folder/first.vhdx'" -Number 1
            (Get-QedImageHash "$folder/first.vhdx").Hash | Should -Be $first.Hash
            $result = Invoke-Backup -Restore "'$folder/latest.qed'"
            $result.ExitCode | Should -Be 0
            (Compare-QedImage "$folder/latest.qed" $disk).AreEqual | Should -BeTrue
            $result = Invoke-Backup -Restore "'$disk'" -Number 1
            $result.ExitCode | Should -Be 1
            "$($result.Output)" | Should -BeLike '*already exists*'
            (Compare-QedImage "$folder/latest.qed" $disk).AreEqual | Should -BeTrue
            (Invoke-Backup -Restore "'$folder/none.qed'" -Number 99).ExitCode | Should -Be 1
        }

        It 'does not use the number of a file that an interrupted run left, and builds on what is in the list' {
            Copy-Item "$store/vm1-006.qed" "$store/vm1-007.qed"
            $null = Invoke-Backup -Path "'$disk'"
            (Get-QedInfo "$store/vm1-008.qed").BackingFile | Should -Be 'vm1-006.qed'
        }

        It 'refuses the folder of another disk, and a disk in use' {
            $other = (New-QedImage "$folder/other.qed" 4MB).Path
            $result = Invoke-Backup -Path "'$other'"
            $result.ExitCode | Should -Be 1
            # The error is wrapped at the width of the console.
            "$($result.Output)" -replace '[\s|]+', ' ' | Should -BeLike '*has the backups of vm1.qed*'
            $state = Get-FolderState $store
            $stream = Open-QedImage $disk -ReadWrite
            try { (Invoke-Backup -Path "'$disk'").ExitCode | Should -Be 1 }
            finally { $stream.Dispose() }
            Get-FolderState $store | Should -Be $state
        }

        It 'verifies all of them, and finds one that was changed' {
            $result = Invoke-Backup -Verify '| ForEach-Object IsGood'
            $result.ExitCode | Should -Be 0
            $result.Output | Should -Be @(1..7 | ForEach-Object { 'True' })
            (Get-Item "$store/vm1-001.qed").IsReadOnly = $false
            $data = @(Get-QedAllocationMap "$store/vm1-001.qed" -State Data)[0]
            $file = [System.IO.File]::OpenWrite("$store/vm1-001.qed")
            try {
                $file.Position = $data.FileOffset + 100
                $file.WriteByte(9)
            }
            finally { $file.Dispose() }
            $result = Invoke-Backup -Verify "| ForEach-Object { `$_.Name + ' ' + `$_.IsGood }"
            $result.ExitCode | Should -Be 1
            # The third one has its own data where the first was changed.
            @($result.Output | Where-Object { $_ -match '^vm1-\d+\.qed (True|False)$' }) | Should -Be @(
                'vm1-001.qed False', 'vm1-002.qed False', 'vm1-003.qed True', 'vm1-004.qed True', 'vm1-005.qed True', 'vm1-006.qed True', 'vm1-008.qed True')
            "$($result.Output)" | Should -BeLike '*2 of 7 backups*'
            $result = Invoke-Backup -Restore "'$folder/changed.qed'" -Number 2
            $result.ExitCode | Should -Be 1
            "$($result.Output)" | Should -BeLike '*not what was backed up*'
        }
    }
}
