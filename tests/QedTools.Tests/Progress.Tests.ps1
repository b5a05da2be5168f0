# The progress records that an operation sends to the host. The clock is simulated, so that no test waits or depends on the
# speed of the machine.
BeforeDiscovery { . "$PSScriptRoot/TestModule.ps1" }

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    $type = (Get-Command New-QedImage).ImplementingType.Assembly.GetType('QedTools.Sessions.CommandProgress')
    $constructor = $type.GetConstructor([type[]]([System.Action[System.Management.Automation.ProgressRecord]], [System.Func[timespan]], [string]))
    $culture = [cultureinfo]::CurrentCulture

    # A progress that keeps a copy of each record as it was written.
    function New-Progress {
        $script:now = [timespan]::Zero
        $script:records = [System.Collections.Generic.List[object]]::new()
        $write = [System.Action[System.Management.Automation.ProgressRecord]] {
            param($record)
            $script:records.Add([pscustomobject]@{
                    Id = $record.ActivityId; Activity = $record.Activity; Status = $record.StatusDescription; Percent = $record.PercentComplete
                    Seconds = $record.SecondsRemaining; Type = $record.RecordType
                })
        }
        $constructor.Invoke(@($write, [System.Func[timespan]] { $script:now }, 'Checking disk.qed'))
    }

    function Send-Report {
        param([object] $Progress, [double] $At, [long] $Done, [long] $Total)

        $script:now = [timespan]::FromMilliseconds($At)
        $Progress.Report([QedTools.OperationProgress]::new($Done, $Total))
    }
}

Describe 'Progress' {
    BeforeEach { $progress = New-Progress }

    It 'of an operation shorter than half a second is not shown, nor is its end' {
        foreach ($at in 0, 100, 499) { Send-Report $progress $at $at 1000 }
        $progress.Dispose()
        $records | Should -HaveCount 0
    }

    It 'is shown at most five times a second' {
        for ($at = 0; $at -le 2000; $at += 10) { Send-Report $progress $at $at 2000 }
        $records | Should -HaveCount 8
    }

    It 'reports how much is done, the speed and the remaining time' {
        for ($at = 0; $at -le 1000; $at += 100) { Send-Report $progress $at (100MB * $at / 1000) 1GB }
        $last = $records[$records.Count - 1]
        $last.Activity | Should -BeExactly 'Checking disk.qed'
        $last.Status | Should -BeExactly ('{0} MiB of 1 GiB, 100 MiB/s' -f (90).ToString('0.0', $culture))
        $last.Percent | Should -Be 8
        $last.Seconds | Should -Be 10
        $last.Type | Should -Be 'Processing'
    }

    It 'of an operation in two steps reports the bytes of the step and the percentage of both' {
        $script:now = [timespan]::FromSeconds(1)
        $report = [QedTools.OperationProgress]::new(512MB, 1GB)
        foreach ($property in @{ Stage = 2; Stages = 2 }.GetEnumerator()) {
            [QedTools.OperationProgress].GetProperty($property.Key).SetValue(($boxed = [object]$report), $property.Value)
            $report = $boxed
        }
        $progress.Report($report)
        $records[0].Status | Should -BeLike 'step 2 of 2, 512 MiB of 1 GiB, *'
        $records[0].Percent | Should -Be 75
    }

    It 'is one activity that is completed' {
        foreach ($at in 600, 900) { Send-Report $progress $at $at 1000 }
        $progress.Dispose()
        ($records | ForEach-Object { "$($_.Type)" }) | Should -Be 'Processing', 'Processing', 'Completed'
        @([System.Collections.Generic.HashSet[int]]::new([int[]]($records | ForEach-Object { $_.Id }))).Count | Should -Be 1
    }

    It 'of two operations is two activities' {
        Send-Report $progress 600 1 2
        $first = $records[0].Id
        Send-Report (New-Progress) 600 1 2
        $records[0].Id | Should -Not -Be $first
    }

    It 'does not report the remaining time before anything is done' {
        Send-Report $progress 600 0 1GB
        $records[0].Seconds | Should -Be -1
        $records[0].Status | Should -BeExactly '0 B of 1 GiB'
        $records[0].Percent | Should -Be 0
    }

    It 'stays between 0 and 100 percent' {
        Send-Report $progress 600 5 0
        Send-Report $progress 900 20 10
        ($records | ForEach-Object { $_.Percent }) | Should -Be 100, 100
        $records[1].Seconds | Should -Be 0
    }
}
