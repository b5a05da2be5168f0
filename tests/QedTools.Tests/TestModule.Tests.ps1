# Tests of the shared functions, and of what the other files assume about their environment.
BeforeDiscovery { . "$PSScriptRoot/TestModule.ps1" }
BeforeAll { . "$PSScriptRoot/TestModule.ps1" }

Describe 'TestModule' {
    It 'loads QedTools' {
        Get-Module -Name QedTools | Should -HaveCount 1
    }

    It 'creates the same bytes for the same seed' {
        $bytes = New-Bytes 1000 -Seed 7
        $bytes | Should -HaveCount 1000
        Test-SameBytes $bytes (New-Bytes 1000 -Seed 7) | Should -BeTrue
        Test-SameBytes $bytes (New-Bytes 1000 -Seed 8) | Should -BeFalse
    }

    It 'creates <_> bytes of one value' -ForEach 0, 1, 7 {
        $bytes = New-Bytes $_ -Value 0xAB
        $bytes | Should -HaveCount $_
        $bytes -ne 0xAB | Should -BeNullOrEmpty
    }

    It 'names a missing fixture' {
        { Get-Fixture 'no-such.qed' } | Should -Throw "*no-such.qed*"
    }

    It 'detects whether a file changed' {
        $path = Join-TestDrive 'file'
        [System.IO.File]::WriteAllBytes($path, (New-Bytes 0))
        Get-Sha256 $path | Should -Be 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855'
        'TestDrive:/file' | Should -Exist
    }

    It 'runs a program and returns its output and exit code' {
        $result = if ($IsOnWindows) { Invoke-Native $env:ComSpec /c 'echo -o -p & exit 3' } else { Invoke-Native sh -c 'echo $0 $1 && exit 3' -o -p }
        $result.ExitCode | Should -Be 3
        "$($result.Output)".Trim() | Should -BeExactly '-o -p'
    }

    It 'passes a single argument' {
        $result = if ($IsOnWindows) { Invoke-Native $env:ComSpec '/cver' } else { Invoke-Native /bin/echo Windows }
        $result.ExitCode | Should -Be 0
        "$($result.Output)" | Should -BeLike '*Windows*'
    }

    It 'passes options to the qemu-img on this machine' {
        Skip-TestWithout QemuImg
        $result = Invoke-Native qemu-img create -f qed -o cluster_size=4096 (Join-TestDrive 'new.qed') 1M
        $result.ExitCode | Should -Be 0 -Because $result.Output
        Join-TestDrive 'new.qed' | Should -Exist
    }
}
