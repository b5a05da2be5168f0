# How servers end.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Stop-QedNbdServer' {
    BeforeEach {
        $folder = New-Folder 'stop'
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
    }

    AfterEach { Get-QedNbdServer | Stop-QedNbdServer -GracePeriodSeconds 0 }

    It 'closes the image and frees the address' {
        $server = Start-QedNbdServer $path -Port 0 -ReadWrite
        (Get-QedInfo $path).InUse | Should -BeTrue
        $stopped = Stop-QedNbdServer $server.Uri -PassThru
        "$($stopped.State)" | Should -Be 'Stopped'
        (Get-QedInfo $path).InUse | Should -BeFalse
        $again = Start-QedNbdServer $path -Port ([uri]$server.Uri).Port
        $again.Uri | Should -Be $server.Uri
    }

    It 'stops servers from the pipeline, by patterns, and once is enough' {
        $servers = 1..3 | ForEach-Object { Start-QedNbdServer $path -Port 0 -ExportName "disk$_" }
        $servers[0] | Stop-QedNbdServer | Should -BeNullOrEmpty
        Stop-QedNbdServer '*/disk2'
        ($servers | Stop-QedNbdServer -PassThru).State | ForEach-Object { "$_" } | Should -Be 'Stopped', 'Stopped', 'Stopped'
        Get-QedNbdServer | Should -BeNullOrEmpty
        Stop-QedNbdServer '*'
    }

    It 'reports an address that no server has' {
        Assert-OneError { Stop-QedNbdServer 'nbd://nowhere:1' } 'QedServerNotFound' 'ObjectNotFound' 'nbd://nowhere:1'
        Assert-OneError { Stop-QedNbdServer 'nbd://[::1]:1' } 'QedServerNotFound' 'ObjectNotFound' 'nbd://[::1]:1'
        Assert-OneError { Stop-QedNbdServer 'nbd+unix:///?socket=/none' } 'QedServerNotFound' 'ObjectNotFound' 'nbd+unix:///?socket=/none'
    }

    It 'takes brackets around an address for what they are' {
        if (-not [System.Net.Sockets.Socket]::OSSupportsIPv6) { Set-ItResult -Skipped -Because 'there is no IPv6' }
        $server = Start-QedNbdServer $path -Port 0 -Address ::1
        (Stop-QedNbdServer "$($server.Uri -replace '\d+/.*')*" -PassThru).Uri | Should -Be $server.Uri
        "$($server.State)" | Should -Be 'Stopped'
    }

    It 'cuts off a client that does not end' {
        $server = Start-QedNbdServer $path -Port 0
        $client = [System.Net.Sockets.TcpClient]::new('127.0.0.1', ([uri]$server.Uri).Port)
        try {
            $client.ReceiveTimeout = 30000
            $client.GetStream().ReadByte() | Should -Be ([int][char]'N')
            $server.Clients | Should -Be 1
            $server | Stop-QedNbdServer -GracePeriodSeconds 0
            $server.Clients | Should -Be 0
        }
        finally { $client.Dispose() }
    }

    It 'does nothing with -WhatIf' {
        $server = Start-QedNbdServer $path -Port 0
        Assert-WhatIf { Stop-QedNbdServer $server.Uri -WhatIf } $folder "Stop the server at '$($server.Uri)', which has 0 clients."
        "$($server.State)" | Should -Be 'Running'
    }

    It 'prompts with -Confirm' {
        $server = Start-QedNbdServer $path -Port 0
        $recorded = Invoke-OnScreen { $server | Stop-QedNbdServer -Confirm } -AnswerNo
        $recorded.Questions | Should -HaveCount 1
        "$($server.State)" | Should -Be 'Running'
    }
}
