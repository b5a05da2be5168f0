<#
.SYNOPSIS
    Makes what Get-Help reads out of the pages in en-US: QedTools.dll-Help.xml (MAML, with PlatyPS) and the about topics.
.NOTES
    PlatyPS 1.0 leaves out default values and how parameters bind in the syntax, and carries marks of markdown into the
    text; this puts them right, so that Get-Help shows what the page says.
#>
#Requires -Modules @{ ModuleName = 'Microsoft.PowerShell.PlatyPS'; ModuleVersion = '1.0.0' }
[CmdletBinding()]
[System.Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'They change a document in memory.')]
[System.Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'Functions of this script alone.')]
param(
    # The folder for the files; it is made where it is missing.
    [Parameter(Mandatory)]
    [string] $Destination
)

$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3

# A terminal of 80 columns shows the lines of an about topic unbroken.
$topicWidth = 80

function Get-PlainText {
    param([AllowNull()][AllowEmptyString()][string] $Text)

    $plain = $Text -replace '\r' -replace '\[([^\]]+)\]\([^)]+\)', '$1' -replace '`([^`]+)`', '$1'
    $plain.Trim()
}

# The paragraphs of a text as the children of a MAML element.
function Set-Paragraph {
    param([System.Xml.XmlElement] $Element, [AllowEmptyString()][string] $Text)

    while ($Element.HasChildNodes) { $null = $Element.RemoveChild($Element.FirstChild) }
    foreach ($paragraph in (Get-PlainText $Text) -split '\n{2,}' -ne '') {
        Add-Element $Element maml para $paragraph
    }
}

function Add-Element {
    param([System.Xml.XmlElement] $Parent, [string] $Prefix, [string] $Name, [string] $Text)

    $child = $Parent.OwnerDocument.CreateElement($Prefix, $Name, $namespaces.LookupNamespace($Prefix))
    $child.InnerText = $Text
    $null = $Parent.AppendChild($child)
}

# An example: its commands and what they show as they are, in dev:code, which alone keeps the spaces at the left of a table.
function Set-Example {
    param([System.Xml.XmlElement] $Element, [string] $Remarks)

    $code, $text, $inside = @(), @(), $false
    foreach ($line in $Remarks -split '\r?\n') {
        if ($line.StartsWith('```')) {
            $inside = -not $inside
            if ($inside -and $code) { $code += '' }
            if ($inside -and $text -ne '') { throw "$($Element.FirstChild.InnerText): the text belongs behind the code." }
        }
        elseif ($inside) { $code += $line }
        else { $text += $line }
    }

    $Element.SelectSingleNode('dev:code', $namespaces).InnerText = $code -join "`n"
    Set-Paragraph $Element.SelectSingleNode('maml:introduction', $namespaces) ''
    $shown = $Element.SelectSingleNode('dev:remarks', $namespaces)
    Set-Paragraph $shown ($text -join "`n")
    # What keeps the next title apart.
    Add-Element $shown maml para ''
}

# A parameter as it binds in one parameter set, or in general: required, if any set requires it.
function Set-Parameter {
    param([System.Xml.XmlElement] $Element, $Parameter, [string] $SetName)

    $sets = @($Parameter.ParameterSets | Where-Object { -not $SetName -or $_.Name -in $SetName, '(All)' })
    $sources = @(
        if ($sets.ValueFromPipeline -contains $true) { 'ByValue' }
        if ($sets.ValueFromPipelineByPropertyName -contains $true) { 'ByPropertyName' }
    )
    $Element.SetAttribute('required', "$($sets.IsRequired -contains $true)".ToLowerInvariant())
    $Element.SetAttribute('globbing', "$($Parameter.SupportsWildcards)".ToLowerInvariant())
    $Element.SetAttribute('pipelineInput', $(if ($sources) { "true ($($sources -join ', '))" } else { 'false' }))
    $Element.SetAttribute('position', $sets[0].Position.ToLowerInvariant())
    $Element.SetAttribute('aliases', $(if ($Parameter.Aliases) { $Parameter.Aliases -join ', ' } else { 'none' }))
    Set-Paragraph $Element.SelectSingleNode('maml:description', $namespaces) $Parameter.Description
    $default = if ($Parameter.DefaultValue) { $Parameter.DefaultValue } else { 'None' }
    Add-Element $Element dev defaultValue $default
}

function Set-Command {
    param([System.Xml.XmlElement] $Element, $Page)

    Set-Paragraph $Element.SelectSingleNode('maml:description', $namespaces) $Page.Description
    Set-Paragraph $Element.SelectSingleNode('maml:alertSet/maml:alert', $namespaces) $Page.Notes

    $parameters = @{}
    foreach ($parameter in $Page.Parameters) { $parameters[$parameter.Name] = $parameter }
    foreach ($node in $Element.SelectNodes('command:parameters/command:parameter', $namespaces)) {
        Set-Parameter $node $parameters[$node.SelectSingleNode('maml:name', $namespaces).InnerText]
    }
    $items = $Element.SelectNodes('command:syntax/command:syntaxItem', $namespaces)
    for ($i = 0; $i -lt $items.Count; $i++) {
        foreach ($node in $items[$i].SelectNodes('command:parameter', $namespaces)) {
            Set-Parameter $node $parameters[$node.SelectSingleNode('maml:name', $namespaces).InnerText] $Page.Syntax[$i].ParameterSetName
        }
    }

    $examples = $Element.SelectNodes('command:examples/command:example', $namespaces)
    for ($i = 0; $i -lt $examples.Count; $i++) { Set-Example $examples[$i] $Page.Examples[$i].Remarks }

    foreach ($kind in @(
            @{ Path = 'command:inputTypes/command:inputType'; Entries = $Page.Inputs }
            @{ Path = 'command:returnValues/command:returnValue'; Entries = $Page.Outputs })) {
        $nodes = $Element.SelectNodes($kind.Path, $namespaces)
        for ($i = 0; $i -lt $nodes.Count; $i++) {
            Set-Paragraph $nodes[$i].SelectSingleNode('maml:description', $namespaces) $kind.Entries[$i].Description
        }
    }
}

function Export-CommandHelp {
    $pages = @(Get-ChildItem "$PSScriptRoot/en-US/*-*.md" | Sort-Object Name | Import-MarkdownCommandHelp)
    foreach ($page in $pages) {
        # No page is online, and a link to a file beside the page leads nowhere from Get-Help.
        $page.Metadata.Remove('HelpUri')
        foreach ($link in $page.RelatedLinks) { $link.Uri = '' }
    }

    $temporary = [System.IO.Directory]::CreateTempSubdirectory('QedTools').FullName
    try {
        $file = $pages | Export-MamlCommandHelp -OutputFolder $temporary
        $document = [xml]::new()
        $document.Load($file.FullName)
    }
    finally { Remove-Item $temporary -Recurse }

    $script:namespaces = [System.Xml.XmlNamespaceManager]::new($document.NameTable)
    foreach ($prefix in 'maml', 'command', 'dev') {
        $namespaces.AddNamespace($prefix, $document.DocumentElement.GetNamespaceOfPrefix($prefix))
    }
    $commands = $document.DocumentElement.SelectNodes('command:command', $namespaces)
    for ($i = 0; $i -lt $pages.Count; $i++) { Set-Command $commands[$i] $pages[$i] }

    $settings = [System.Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
    $writer = [System.Xml.XmlWriter]::Create([System.IO.Path]::Combine($Destination, $file.Name), $settings)
    try {
        $document.Save($writer)
        $writer.WriteWhitespace("`n")
    }
    finally { $writer.Dispose() }
}

# A paragraph or a point of a list, broken into lines that fit beside an indentation.
function Format-TopicText {
    param([string] $Text, [int] $Indent, [string] $Mark = '')

    $line = (' ' * $Indent) + $Mark
    $isEmpty = $true
    foreach ($word in -split (Get-PlainText $Text)) {
        if (-not $isEmpty -and $line.Length + 1 + $word.Length -gt $topicWidth) {
            $line
            $line = (' ' * ($Indent + $Mark.Length)) + $word
            continue
        }
        $line += $(if ($isEmpty) { $word } else { " $word" })
        $isEmpty = $false
    }
    $line
}

# The classic form of an about topic: Get-Help takes the short description from its fifth line.
function Export-Topic {
    param([System.IO.FileInfo] $Page)

    $lines = @('TOPIC', "    $($Page.BaseName)")
    $pending, $mark, $inCode = @(), '', $false
    foreach ($line in @(Get-Content $Page | Select-Object -Skip 1) + '') {
        $starts = $line -match '^(#+ |```|- |\s*$)'
        if ($starts -and $pending -and -not $inCode) {
            $lines += Format-TopicText ($pending -join ' ') 4 $mark
            $pending, $mark = @(), ''
        }
        switch -Regex ($line) {
            '^```' { $inCode = -not $inCode; break }
            { $inCode } { $lines += ('        ' + $line).TrimEnd(); break }
            '^## (.+)' { $lines += $Matches[1]; break }
            '^### (.+)' { $lines += "  $($Matches[1])"; break }
            '^- (.+)' { $pending, $mark = @($Matches[1]), '- '; break }
            '\S' { $pending += $line.Trim(); break }
            # No line between a heading and what is under it.
            default { if ($lines[-1] -and $lines[-1] -notmatch '^ {0,2}\S') { $lines += '' } }
        }
    }
    $text = ($lines -join "`n").TrimEnd() + "`n"
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Destination, "$($Page.BaseName).help.txt"), $text)
}

Import-Module Microsoft.PowerShell.PlatyPS
$Destination = (New-Item $Destination -ItemType Directory -Force).FullName
Export-CommandHelp
foreach ($page in Get-ChildItem "$PSScriptRoot/en-US/about_*.md") { Export-Topic $page }
