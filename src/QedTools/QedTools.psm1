# Loads the build of the cmdlets that the running PowerShell can load: net8.0 from 7.4 on, netstandard2.0 before.
$target = if ($PSVersionTable.PSVersion -ge [version]'7.4') { 'net8.0' } else { 'netstandard2.0' }
Import-Module -Name ([System.IO.Path]::Combine($PSScriptRoot, $target, 'QedTools.dll')) -ErrorAction Stop
