# The servers of a session, as a list and by their addresses.
BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Get-QedNbdServer' {
    BeforeEach {
        $folder = New-Folder 'list'
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
    }

    AfterEach { Get-QedNbdServer | Stop-QedNbdServer -GracePeriodSeconds 0 }

    It 'writes nothing where there is no server' {
        Get-QedNbdServer | Should -BeNullOrEmpty
        Get-QedNbdServer 'nbd://*' | Should -BeNullOrEmpty
    }

    It 'lists servers in the order in which they were started' {
        $first = Start-QedNbdServer $path -Port 0
        $second = Start-QedNbdServer $path -Port 0 -ExportName again
        @(Get-QedNbdServer).Uri | Should -Be $first.Uri, $second.Uri
        [object]::ReferenceEquals((Get-QedNbdServer $first.Uri), $first) | Should -BeTrue
        (Get-QedNbdServer '*/again').Uri | Should -Be $second.Uri
        ($second.Uri, $first.Uri | Get-QedNbdServer).Uri | Should -Be $second.Uri, $first.Uri
        $first | Stop-QedNbdServer
        (Get-QedNbdServer).Uri | Should -Be $second.Uri
    }

    It 'reports an address that no server has' {
        Assert-OneError { Get-QedNbdServer 'nbd://nowhere:1' } 'QedServerNotFound' 'ObjectNotFound' 'nbd://nowhere:1' '*Get-QedNbdServer*'
    }

    It 'completes the addresses' {
        $server = Start-QedNbdServer $path -Port 0
        (TabExpansion2 'Get-QedNbdServer n' 18).CompletionMatches.CompletionText | Should -Be $server.Uri
        (TabExpansion2 'Stop-QedNbdServer -Uri n' 24).CompletionMatches.CompletionText | Should -Be $server.Uri
    }

    It 'gives what a job can send' {
        $server = Start-QedNbdServer $path -Port 0
        $sent = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($server, 1))
        $sent.Uri | Should -Be $server.Uri
        "$($sent.State)" | Should -Be 'Running'
        $sent.Exports[0].Name | Should -Be 'data-zero-hole.qed'
    }

    It 'shows a server in a table' {
        $server = Start-QedNbdServer $path -Port 0 -ExportName disk
        Get-Screen $server | Should -Be @(
            'State    Clients        Read     Written Uri'
            '-----    -------        ----     ------- ---'
            "Running        0         0 B         0 B $($server.Uri)")
    }
}
