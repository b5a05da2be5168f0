# Serving disks over NBD: what the cmdlet starts, who may connect, and how it ends. The protocol itself is tested with the engine.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"

    # The first bytes that a server sends: the magic numbers of fixed newstyle and its flags.
    function Get-Greeting {
        param([Parameter(Mandatory)][string] $Uri)

        $client = [System.Net.Sockets.TcpClient]::new('127.0.0.1', ([uri]$Uri).Port)
        try {
            $client.ReceiveTimeout = 30000
            $bytes = [byte[]]::new(18)
            for ($done = 0; $done -lt 18; $done += $count) {
                $count = $client.GetStream().Read($bytes, $done, 18 - $done)
                if ($count -eq 0) { break }
            }
            [System.Text.Encoding]::ASCII.GetString($bytes, 0, 16)
        }
        finally { $client.Dispose() }
    }

    function Skip-TestWithoutProgram {
        param([Parameter(Mandatory)][string[]] $Name)

        foreach ($program in $Name) {
            if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because "$program is not installed" }
        }
    }

    # Starts a script that serves in another process, which writes the address first.
    function Start-OtherProcess {
        param([Parameter(Mandatory)][string] $Script)

        $command = @(Get-PowerShellCommand)
        $manifest = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'QedTools.psd1'))
        $text = "Import-Module '$manifest'; $Script"
        $start = [System.Diagnostics.ProcessStartInfo]::new($command[0])
        $start.RedirectStandardOutput = $true
        $start.UseShellExecute = $false
        $arguments = @($command[1..10]) + '-NoProfile', '-EncodedCommand', [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($text))
        $start.Arguments = ($arguments | Where-Object { $_ } | ForEach-Object { "`"$_`"" }) -join ' '
        [System.Diagnostics.Process]::Start($start)
    }
}

AfterAll { Get-QedNbdServer | Stop-QedNbdServer -GracePeriodSeconds 0 }

Describe 'Start-QedNbdServer' {
    BeforeEach {
        $folder = New-Folder 'serve'
        $path = Copy-Fixture 'images/data-zero-hole.qed' -Folder $folder
        $other = Copy-Fixture 'chains/base.qed' -Folder $folder
        $servers = [System.Collections.Generic.List[object]]::new()
    }

    AfterEach { $servers | Stop-QedNbdServer -GracePeriodSeconds 0 }

    It 'accepts its parameters as documented' {
        $names = 'Address', 'AllowUnc', 'BackingFolder', 'Certificate', 'ClientAuthority', 'ExportName property', 'Force', 'ForceShare'
        $rest = 'MaxConnections', 'Partition property'
        $last = 'Port', 'ReadWrite', 'RequireClientCertificate', 'Snapshot', 'SocketPath', 'SourceBackingFile', 'SourceFormat', 'Temporary', 'Wait'
        Get-OwnParameter Start-QedNbdServer Path | Should -Be ($names + $rest + 'Path!@0 value property' + $last)
        Get-OwnParameter Start-QedNbdServer LiteralPath | Should -Be ($names + 'LiteralPath! property' + $rest + $last)
    }

    It 'serves a disk in the background, for this computer alone' {
        $server = Start-QedNbdServer $path -Port 0
        $servers.Add($server)
        $server | Should -BeOfType ([QedTools.QedNbdServer])
        "$($server.State)" | Should -Be 'Running'
        $server.Uri | Should -Match '^nbd://127\.0\.0\.1:\d+/data-zero-hole\.qed$'
        $server.Exports | Should -HaveCount 1
        $server.Exports[0].Path | Should -BeExactly $path
        $server.Exports[0].Size | Should -Be (Get-QedInfo $path).VirtualSize
        $server.Exports[0].IsReadOnly | Should -BeTrue
        Get-Greeting $server.Uri | Should -BeExactly 'NBDMAGICIHAVEOPT'
    }

    It 'serves several disks of a pipeline as one server, under their names or chosen ones' {
        $server = Get-Item -LiteralPath $path, $other | Start-QedNbdServer -Port 0
        $servers.Add($server)
        $server | Should -HaveCount 1
        $server.Exports.Name | Should -Be 'data-zero-hole.qed', 'base.qed'
        $named = Get-Item -LiteralPath $path, $other | Start-QedNbdServer -Port 0 -ExportName { $_.BaseName }
        $servers.Add($named)
        $named.Exports.Name | Should -Be 'data-zero-hole', 'base'
    }

    It 'keeps the image locked while it runs, and not longer' {
        $server = Start-QedNbdServer $path -Port 0 -ReadWrite
        $servers.Add($server)
        $server.Exports[0].IsReadOnly | Should -BeFalse
        Assert-OneError { Resize-QedImage $path 1GB } 'QedImageInUse' 'ResourceBusy' $path
        Assert-OneError { Start-QedNbdServer $path -Port 0 } 'QedImageInUse' 'ResourceBusy' $path
        $server | Stop-QedNbdServer
        (Resize-QedImage $path 1GB -PassThru).VirtualSize | Should -Be 1GB
    }

    It 'starts nothing if an image, a name, a port or the options are wrong' {
        $server = Start-QedNbdServer $path -Port 0
        $servers.Add($server)
        $port = ([uri]$server.Uri).Port
        Assert-OneError { Start-QedNbdServer $other -Port $port } 'QedEndpoint' 'ResourceUnavailable' $other "*127.0.0.1:$port*"
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        Assert-OneError { Start-QedNbdServer -LiteralPath $other, $missing -Port 0 } 'QedFileNotFound' 'ObjectNotFound' $missing
        Assert-OneError { Start-QedNbdServer $path, $other -Port 0 -ExportName x } 'QedRequest' 'InvalidArgument' $other "*'x'*"
        Assert-OneError { Start-QedNbdServer $other -Port 0 -ReadWrite -Temporary } 'QedRequest' 'InvalidArgument' $other
        Assert-OneError { Start-QedNbdServer $other -Port 0 -RequireClientCertificate } 'QedRequest' 'InvalidArgument' $other
        Assert-OneError { Start-QedNbdServer (Get-Fixture 'damaged/l1-huge.qed') -Port 0 -ReadWrite } 'QedCorrupt' 'InvalidData'
        @(Get-QedNbdServer).Count | Should -Be 1
        (Get-QedInfo $other).InUse | Should -BeFalse
    }

    It 'warns about an address that others reach, unless they need a certificate' {
        $recorded = Invoke-Recorded { Start-QedNbdServer $path -Port 0 -Address 0.0.0.0 }
        $servers.Add($recorded.Output[0])
        $recorded.Warnings | Should -BeLike "*'0.0.0.0'*unencrypted*-Certificate*"
    }

    It 'does nothing with -WhatIf, but says what is wrong' {
        # The default port may be taken on this computer.
        Assert-WhatIf { Get-Item -LiteralPath $path, $other | Start-QedNbdServer -Temporary -Port 0 -WhatIf } $folder @(
            "Serve '$path'*as 'data-zero-hole.qed' on 127.0.0.1, writable until the server ends."
            "Serve '$other'*as 'base.qed' on 127.0.0.1, writable until the server ends.")
        Assert-OneError { Start-QedNbdServer ([System.IO.Path]::Combine($folder, 'missing.qed')) -WhatIf } 'QedFileNotFound' 'ObjectNotFound'
        Get-QedNbdServer | Should -BeNullOrEmpty
    }

    It 'ends with -Wait when the rest of the pipeline does' -ForEach @(
        @{ Rest = 'Select-Object'; Parameters = @{ First = 1 } }
        @{ Rest = 'ForEach-Object'; Parameters = @{ Process = { throw 'enough' } } }
    ) {
        $failed = $null
        try { $null = Start-QedNbdServer $path -Port 0 -ReadWrite -Wait | & $Rest @Parameters }
        catch { $failed = "$_" }
        $failed | Should -BeIn $null, 'enough'
        Get-QedNbdServer | Should -BeNullOrEmpty
        (Get-QedInfo $path).InUse | Should -BeFalse
    }

    Context 'on a Unix socket' {
        BeforeEach {
            # The path of a socket is short.
            $short = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "qed-$([System.Guid]::NewGuid().ToString('N').Substring(0, 8))")
            $null = [System.IO.Directory]::CreateDirectory($short)
            $socket = [System.IO.Path]::Combine($short, 'disk.sock')
        }

        AfterEach {
            $servers | Stop-QedNbdServer -GracePeriodSeconds 0
            [System.IO.Directory]::Delete($short, $true)
        }

        It 'lets only its own user connect' {
            Skip-TestWithout Unix
            $servers.Add((Start-QedNbdServer $path -SocketPath $socket))
            (Invoke-Native ls -l $socket).Output | Should -Match '^srw-------'
        }

        It 'takes no path that anything has, and leaves it as it is' {
            Skip-TestWithout Unix
            [System.IO.File]::WriteAllText($socket, 'precious')
            Assert-OneError { Start-QedNbdServer $path -SocketPath $socket } 'QedEndpoint' 'ResourceUnavailable' $path "*'$socket' exists already*"
            [System.IO.File]::ReadAllText($socket) | Should -BeExactly 'precious'
            [System.IO.File]::Delete($socket)
            $servers.Add((Start-QedNbdServer $path -SocketPath $socket))
            Assert-OneError { Start-QedNbdServer $other -SocketPath $socket } 'QedEndpoint' 'ResourceUnavailable' $other '*exists already*'
            [System.IO.File]::Exists($socket) | Should -BeTrue
        }

        It 'finds with -WhatIf that a path is taken, and creates nothing' {
            Skip-TestWithout Unix
            Assert-WhatIf { Start-QedNbdServer $path -SocketPath $socket -WhatIf } $short "Serve '$path', a disk of * on $socket, for reading."
            $servers.Add((Start-QedNbdServer $path -SocketPath $socket))
            Assert-OneError { Start-QedNbdServer $other -SocketPath $socket -WhatIf } 'QedEndpoint' 'ResourceUnavailable' $other "*'$socket' exists already*"
            Assert-OneError { Start-QedNbdServer $other -SocketPath "$short/missing/s" -WhatIf } 'QedEndpoint' 'ResourceUnavailable' $other '*does not exist*'
        }

        It 'refuses a path together with <_>' -ForEach 'Address', 'Port' {
            $more = @{ $_ = if ($_ -eq 'Port') { 0 } else { '127.0.0.1' } }
            Assert-OneError { Start-QedNbdServer $path -SocketPath $socket @more } 'QedRequest' 'InvalidArgument' $path '-SocketPath cannot be used with -Address or -Port*'
            Assert-OneError { Start-QedNbdServer $path -SocketPath $socket @more -WhatIf } 'QedRequest' 'InvalidArgument' $path '-SocketPath cannot be used with -Address or -Port*'
            [System.IO.Directory]::GetFileSystemEntries($short) | Should -BeNullOrEmpty
        }

        It 'shows a long path whole in the table' {
            Skip-TestWithout Unix
            $long = [System.IO.Path]::Combine($short, 'n' * (100 - $short.Length))
            $servers.Add((Start-QedNbdServer $path -SocketPath $long))
            (@(Get-Screen @($servers[0]) -Width 80)[2..9] | ForEach-Object { "$_".Trim() }) -join '' | Should -BeLike "*socket=$long"
        }

        It 'says what is wrong with a path' {
            Skip-TestWithout Unix
            $missing = [System.IO.Path]::Combine($short, 'missing')
            Assert-OneError { Start-QedNbdServer $path -SocketPath "$missing/s" } 'QedEndpoint' 'ResourceUnavailable' $path "*the folder '$missing' does not exist*"
            Assert-OneError { Start-QedNbdServer $path -SocketPath "$path/s" } 'QedEndpoint' 'ResourceUnavailable' $path "*the folder '$path' does not exist*"
            Assert-OneError { Start-QedNbdServer $path -SocketPath "$short/$('x' * 104)" } 'QedEndpoint' 'ResourceUnavailable' $path '*has * bytes*at most 103*'
            [System.IO.Directory]::GetFileSystemEntries($short) | Should -BeNullOrEmpty
            (Get-QedInfo $path).InUse | Should -BeFalse
        }

        It 'deletes its socket at the end, but nothing that has taken its place' {
            Skip-TestWithout Unix
            $first = Start-QedNbdServer $path -SocketPath $socket
            $servers.Add($first)
            $first | Stop-QedNbdServer
            [System.IO.Directory]::GetFileSystemEntries($short) | Should -BeNullOrEmpty

            $second = Start-QedNbdServer $path -SocketPath $socket
            $servers.Add($second)
            [System.IO.File]::Delete($socket)
            $third = Start-QedNbdServer $other -SocketPath $socket
            $servers.Add($third)
            $second | Stop-QedNbdServer
            "$($second.State)" | Should -Be 'Stopped'
            [System.IO.File]::Exists($socket) | Should -BeTrue
            [System.IO.File]::Delete($socket)
            [System.IO.File]::WriteAllText($socket, 'precious')
            $third | Stop-QedNbdServer
            [System.IO.File]::ReadAllText($socket) | Should -BeExactly 'precious'
        }

        It 'has a Uri that clients understand, for the export <_>' -ForEach 'a b/c', 'Gr\u00f6\u00dfe \u2603', 'x?y#z&w=%41+,;', '/', '..', '' {
            Skip-TestWithoutProgram nbdinfo
            Skip-TestWithout QemuImg, Unix
            $name = [regex]::Unescape($_)
            $size = (Get-QedInfo $path).VirtualSize
            $servers.Add((Start-QedNbdServer $path -Port 0 -ExportName $name))
            $servers.Add((Start-QedNbdServer $path -SocketPath ([System.IO.Path]::Combine($short, [regex]::Unescape('s \u2603?&,.sock'))) -ExportName $name))
            foreach ($server in $servers) {
                $server.Exports[0].Name | Should -BeExactly $name
                (Invoke-Native nbdinfo --size $server.Uri).Output | Should -Be $size -Because $server.Uri
                ((Invoke-Native qemu-img info -f raw --output=json $server.Uri).Output -join '' | ConvertFrom-Json).'virtual-size' | Should -Be $size -Because $server.Uri
            }
        }
    }

    It 'finds with -WhatIf that a port is taken, and takes none' {
        $servers.Add((Start-QedNbdServer $path -Port 0))
        $port = ([uri]$servers[0].Uri).Port
        Assert-OneError { Start-QedNbdServer $other -Port $port -WhatIf } 'QedEndpoint' 'ResourceUnavailable' $other "*listens on 127.0.0.1:$port already*"
        Assert-OneError { Start-QedNbdServer $other -Address 192.0.2.1 -Port 0 -WhatIf } 'QedEndpoint' 'ResourceUnavailable' $other '*not an address of this computer*'
        $servers[0] | Stop-QedNbdServer -GracePeriodSeconds 0
        Assert-WhatIf { Start-QedNbdServer $other -Port $port -WhatIf } $folder "Serve '$other', * on 127.0.0.1:$port, for reading."
        $servers.Add((Start-QedNbdServer $other -Port $port))
        "$($servers[1].State)" | Should -Be 'Running'
    }

    It 'has an IPv6 address in brackets in its Uri' {
        if (-not [System.Net.Sockets.Socket]::OSSupportsIPv6) { Set-ItResult -Skipped -Because 'there is no IPv6' }
        Skip-TestWithoutProgram nbdinfo
        $recorded = Invoke-Recorded { Start-QedNbdServer $path -Port 0 -Address ::1 }
        $servers.Add($recorded.Output[0])
        $recorded.Warnings | Should -BeNullOrEmpty
        $servers[0].Uri | Should -Match '^nbd://\[::1\]:[1-9]\d*/'
        (Invoke-Native nbdinfo --size $servers[0].Uri).Output | Should -Be (Get-QedInfo $path).VirtualSize
    }

    It 'ends with the session that started it' {
        $session = [runspacefactory]::CreateRunspace()
        $session.Open()
        $shell = [powershell]::Create()
        $shell.Runspace = $session
        $manifest = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'QedTools.psd1'))
        $server = $shell.AddScript("Import-Module '$manifest'; Start-QedNbdServer '$path' -Port 0 -ReadWrite").Invoke()[0]
        $shell.Dispose()
        "$($server.State)" | Should -Be 'Running'
        (Get-QedInfo $path).InUse | Should -BeTrue
        Get-QedNbdServer | Should -BeNullOrEmpty -Because 'it is not of this session'
        $session.Dispose()
        "$($server.State)" | Should -Be 'Stopped'
        (Get-QedInfo $path).InUse | Should -BeFalse
    }

    It 'stays with -Wait until the pipeline is stopped' {
        $session = [runspacefactory]::CreateRunspace()
        $session.Open()
        try {
            $shell = [powershell]::Create()
            $shell.Runspace = $session
            $manifest = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'QedTools.psd1'))
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $output.BlockingEnumerator = $true
            $none = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $none.Complete()
            $running = $shell.AddScript("Import-Module '$manifest'; Start-QedNbdServer '$path' -Port 0 -ReadWrite -Wait").BeginInvoke($none, $output)
            $first = $output.GetEnumerator()
            $first.MoveNext() | Should -BeTrue
            $server = $first.Current
            Get-Greeting $server.Uri | Should -BeExactly 'NBDMAGICIHAVEOPT'
            $running.IsCompleted | Should -BeFalse
            $shell.Stop()
            "$($server.State)" | Should -Be 'Stopped'
            (Get-QedInfo $path).InUse | Should -BeFalse
        }
        finally {
            $shell.Dispose()
            $session.Dispose()
        }
    }

    It 'ends cleanly when its process is told to end' {
        Skip-TestWithout Unix
        $socket = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "qed-$([System.Guid]::NewGuid().ToString('N').Substring(0, 8)).sock")
        $process = Start-OtherProcess "Start-QedNbdServer '$path' -SocketPath '$socket' -ReadWrite -Wait | ForEach-Object Uri"
        try {
            $process.StandardOutput.ReadLine() | Should -BeLike 'nbd+unix:///*'
            (Get-QedInfo $path).InUse | Should -BeTrue
            [System.IO.File]::Exists($socket) | Should -BeTrue
            $null = Invoke-Native kill -TERM $process.Id
            $process.WaitForExit(60000) | Should -BeTrue
            (Get-QedInfo $path).InUse | Should -BeFalse
            (Get-QedInfo $path).NeedsCheck | Should -BeFalse
            [System.IO.File]::Exists($socket) | Should -BeFalse -Because 'the server itself has ended, not only its process'
        }
        finally {
            if (-not $process.HasExited) { $process.Kill() }
            $process.Dispose()
            [System.IO.File]::Delete($socket)
        }
    }

    Context 'with the clients that people have' {
        It 'shows nbdinfo the map that Get-QedAllocationMap shows' {
            Skip-TestWithoutProgram nbdinfo
            $server = Start-QedNbdServer $path -Port 0
            $servers.Add($server)
            $map = (Invoke-Native nbdinfo --map --json $server.Uri).Output -join '' | ConvertFrom-Json
            # Type: 1 is a hole, 2 reads as zeroes. Neighbours of the same type are one extent for nbdinfo.
            $expected = @(Get-QedAllocationMap $path | ForEach-Object { [pscustomobject]@{ Start = $_.Start; IsData = "$($_.State)" -eq 'Data' } })
            foreach ($extent in $map) {
                $ours = ($expected | Where-Object { $_.Start -le $extent.offset })[-1]
                ($extent.type -eq 0) | Should -Be $ours.IsData
            }
            ($map | Measure-Object length -Sum).Sum | Should -Be (Get-QedInfo $path).VirtualSize
        }

        It 'gives nbdcopy all bytes by four connections, and takes them' {
            Skip-TestWithoutProgram nbdcopy
            $server = Start-QedNbdServer $path -Port 0
            $servers.Add($server)
            $raw = [System.IO.Path]::Combine($folder, 'copy.raw')
            (Invoke-Native nbdcopy --connections=4 $server.Uri $raw).ExitCode | Should -Be 0
            (Compare-QedImage $path $raw).AreEqual | Should -BeTrue

            $empty = (New-QedImage ([System.IO.Path]::Combine($folder, 'empty.qed')) (Get-QedInfo $path).VirtualSize).Path
            $target = Start-QedNbdServer $empty -Port 0 -ReadWrite
            $servers.Add($target)
            (Invoke-Native nbdcopy --connections=4 --flush $raw $target.Uri).ExitCode | Should -Be 0
            $target.BytesWritten | Should -BeGreaterThan 0
            $target | Stop-QedNbdServer
            (Compare-QedImage $path $empty).AreEqual | Should -BeTrue
            "$((Test-QedImage $empty).Status)" | Should -Be 'Clean'
        }

        It 'is taken for a raw disk by qemu-img, over a Unix socket too' {
            Skip-TestWithout QemuImg, Unix
            $socket = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "qed-$PID-$([System.Guid]::NewGuid().ToString('N').Substring(0, 8)).sock")
            $server = Start-QedNbdServer $path -SocketPath $socket
            $servers.Add($server)
            $raw = [System.IO.Path]::Combine($folder, 'qemu.raw')
            (Invoke-Native qemu-img convert -f raw -O raw $server.Uri $raw).ExitCode | Should -Be 0
            (Compare-QedImage $path $raw).AreEqual | Should -BeTrue
            $server | Stop-QedNbdServer
            [System.IO.File]::Exists($socket) | Should -BeFalse
        }

        It 'forgets with -Temporary what was written' {
            Skip-TestWithout QemuImg
            $hash = Get-Sha256 $path
            $server = Start-QedNbdServer $path -Port 0 -Temporary
            $servers.Add($server)
            (Invoke-Native qemu-io -f raw -c 'write -P 7 1M 64k' -c 'read -P 7 1M 64k' $server.Uri).Output -join '' | Should -BeLike '*wrote 65536*read 65536*'
            $server | Stop-QedNbdServer
            Get-Sha256 $path | Should -Be $hash
        }

        It 'takes the socket that it was started with' {
            Skip-TestWithoutProgram nbdcopy
            Skip-TestWithout Unix
            $raw = [System.IO.Path]::Combine($folder, 'activated.raw')
            $manifest = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'QedTools.psd1'))
            $command = @(Get-PowerShellCommand) + '-NoProfile', '-Command', "Import-Module '$manifest'; Start-QedNbdServer '$path' -Wait"
            (Invoke-Native nbdcopy '--' '[' @command ']' $raw).ExitCode | Should -Be 0
            (Compare-QedImage $path $raw).AreEqual | Should -BeTrue
        }

        It 'speaks TLS with those that have a certificate, and refuses all others' {
            Skip-TestWithoutProgram nbdinfo, openssl
            $certificates = New-Folder 'serve/certificates'
            Invoke-InFolder $certificates {
                $null = Invoke-Native openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca-key.pem -out ca-cert.pem
                foreach ($name in 'server', 'client') {
                    $null = Invoke-Native openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$name-key.pem" -out "$name.csr"
                    Set-Content ext.txt 'subjectAltName=DNS:localhost,IP:127.0.0.1'
                    $null = Invoke-Native openssl x509 -req -days 2 -in "$name.csr" -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -extfile ext.txt -out "$name-cert.pem"
                }
                $null = Invoke-Native openssl pkcs12 -export -passout pass: -inkey server-key.pem -in server-cert.pem -out server.pfx
            }

            $certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new("$certificates/server.pfx", '')
            $authority = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new("$certificates/ca-cert.pem")
            $server = Start-QedNbdServer $path -Port 0 -Address localhost -Certificate $certificate -RequireClientCertificate -ClientAuthority $authority
            $servers.Add($server)
            Assert-OneError { Start-QedNbdServer $other -Port 0 -Certificate $certificate -ClientAuthority $authority } 'QedRequest' 'InvalidArgument' $other '*everyone could connect*'
            $server.Uri | Should -BeLike 'nbds://*'
            (Invoke-Native nbdinfo --size "$($server.Uri)?tls-certificates=$certificates").Output | Should -Be (Get-QedInfo $path).VirtualSize
            (Invoke-Native nbdinfo --size ($server.Uri -replace '^nbds', 'nbd')).ExitCode | Should -Not -Be 0
            [System.IO.File]::Delete("$certificates/client-cert.pem")
            [System.IO.File]::Delete("$certificates/client-key.pem")
            (Invoke-Native nbdinfo --size "$($server.Uri)?tls-certificates=$certificates").ExitCode | Should -Not -Be 0
        }
    }
}
