<#
.SYNOPSIS
    Serves every QED image in a folder over NBD until it is told to end, for a systemd unit or a scheduled task.
.DESCRIPTION
    Each image is an export with the name of its file without the extension. Clients can only read the images, unless -ReadWrite
    or -Temporary is given. If the process was started with a socket, as by qed-nbd.socket, that socket is used, unless -Address,
    -Port or -SocketPath is given.

    SIGTERM or Ctrl+C ends the server: what clients have written is on the disk and the images are closed. The exit code is 2 if
    it could not start. -CertificatePath needs PowerShell 7.
.EXAMPLE
    pwsh -NoProfile -NonInteractive -File Start-ImageServer.ps1 -Path /srv/images -Address 0.0.0.0 -CertificatePath server-cert.pem -KeyPath server-key.pem

    Serves the images to other computers, which have to use TLS.
.EXAMPLE
    pwsh -NoProfile -NonInteractive -File Start-ImageServer.ps1 -Path /srv/lab -SocketPath /run/lab.sock -Temporary

    Lets machines start from the images again and again; what they write is gone when the server ends.
.OUTPUTS
    A line with the address, and one for each export.
#>
[CmdletBinding()]
param(
    # The folder; its subfolders are not searched.
    [Parameter(Mandatory = $true)]
    [string] $Path,

    # Let clients change the images.
    [switch] $ReadWrite,

    # Let clients write to a temporary file that covers the images.
    [switch] $Temporary,

    # Where to listen: an address, a port or a Unix socket; by default port 10809 for this computer alone.
    [string] $Address,
    [int] $Port,
    [string] $SocketPath,

    # The server's certificate and its key, PEM files.
    [string] $CertificatePath,
    [string] $KeyPath,

    # Only clients with a certificate from this authority may connect, a PEM file.
    [string] $ClientAuthorityPath
)

$ErrorActionPreference = 'Stop'

try {
    if (-not (Get-Module QedTools)) { Import-Module QedTools }
    $options = @{}
    foreach ($name in 'ReadWrite', 'Temporary', 'Address', 'Port', 'SocketPath') {
        if ($PSBoundParameters.ContainsKey($name)) { $options[$name] = $PSBoundParameters[$name] }
    }

    $type = [System.Security.Cryptography.X509Certificates.X509Certificate2]
    if ($CertificatePath) {
        $options.Certificate = $type::CreateFromPemFile((Convert-Path -LiteralPath $CertificatePath), (Convert-Path -LiteralPath $KeyPath))
    }

    if ($ClientAuthorityPath) {
        $options.RequireClientCertificate = $true
        $options.ClientAuthority = $type::new((Convert-Path -LiteralPath $ClientAuthorityPath))
    }

    $images = @(Get-ChildItem -LiteralPath $Path -File -Filter *.qed)
    if ($images.Count -eq 0) { throw "There are no images in '$Path'." }
    $images | Start-QedNbdServer @options -ExportName { $_.BaseName } -Wait | ForEach-Object {
        "Serving at $($_.Uri)"
        foreach ($export in $_.Exports) { "$($export.Name): $($export.Path), $($export.Size) bytes" }
    }
} catch {
    [System.Console]::Error.WriteLine("The images are not served: $_")
    exit 2
}

exit 0
