# Get-QedInfo: information about images and the layers below them. FileNames.Tests.ps1 tests how it handles file names.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    $images = @(
        @{ Name = 'empty-default'; Cluster = 64KB; Table = 4; Size = 1073741824L; Clusters = 5 }
        @{ Name = 'size-zero'; Cluster = 4KB; Table = 2; Size = 0L; Clusters = 3 }
        @{ Name = 'size-at-limit'; Cluster = 4KB; Table = 2; Size = 4294967296L; Clusters = 6 }
        @{ Name = 'data-zero-hole'; Cluster = 4KB; Table = 2; Size = 6291456L; Clusters = 11 }
        @{ Name = 'table-16'; Cluster = 4KB; Table = 16; Size = 104857600L; Clusters = 52 }
        @{ Name = 'scattered-default'; Cluster = 64KB; Table = 4; Size = 3221225472L; Clusters = 17 }
        @{ Name = 'clusters-1m'; Cluster = 1MB; Table = 2; Size = 1099511627776L; Clusters = 3 }
        @{ Name = 'table-1'; Cluster = 4KB; Table = 1; Size = 3145728L; Clusters = 8 }
        @{ Name = 'header-2'; Cluster = 4KB; Table = 2; Size = 8388608L; Clusters = 11; Header = 2 }
        @{ Name = 'l1-at-end'; Cluster = 4KB; Table = 2; Size = 1048576L; Clusters = 6; L1 = 4 }
        @{ Name = 'size-unaligned'; Cluster = 4KB; Table = 2; Size = 1050112L; Clusters = 7 }
    )
    # The field for which each file must be refused, and its value as the message shows it.
    $headers = @(
        @{ Name = 'cut-64'; Field = 'header_size|l1_table_offset'; Value = '\d+' }
        @{ Name = 'cluster-size-0'; Field = 'cluster_size'; Value = '0' }
        @{ Name = 'cluster-size-1000'; Field = 'cluster_size'; Value = '1000' }
        @{ Name = 'cluster-size-2048'; Field = 'cluster_size'; Value = '2048' }
        @{ Name = 'cluster-size-4097'; Field = 'cluster_size'; Value = '4097' }
        @{ Name = 'cluster-size-134217728'; Field = 'cluster_size'; Value = '134217728' }
        @{ Name = 'cluster-size-2147483648'; Field = 'cluster_size'; Value = '2147483648' }
        @{ Name = 'table-size-0'; Field = 'table_size'; Value = '0' }
        @{ Name = 'table-size-3'; Field = 'table_size'; Value = '3' }
        @{ Name = 'table-size-32'; Field = 'table_size'; Value = '32' }
        @{ Name = 'table-size-2147483648'; Field = 'table_size'; Value = '2147483648' }
        @{ Name = 'header-size-0'; Field = 'header_size'; Value = '0' }
        @{ Name = 'header-size-past-end'; Field = 'header_size'; Value = '16' }
        @{ Name = 'header-size-max'; Field = 'header_size'; Value = '4294967295' }
        @{ Name = 'l1-unaligned'; Field = 'l1_table_offset'; Value = '4608' }
        @{ Name = 'l1-zero'; Field = 'l1_table_offset'; Value = '0' }
        @{ Name = 'l1-in-header'; Field = 'l1_table_offset'; Value = '4096' }
        @{ Name = 'l1-past-end'; Field = 'l1_table_offset'; Value = '1099511627776' }
        @{ Name = 'l1-wraps'; Field = 'l1_table_offset'; Value = '18446744073709547520' }
        @{ Name = 'image-size-odd'; Field = 'image_size'; Value = '1048676' }
        @{ Name = 'image-size-over-limit'; Field = 'image_size'; Value = '4294967808' }
        @{ Name = 'image-size-max'; Field = 'image_size'; Value = '18446744073709551104' }
        @{ Name = 'backing-past-header'; Field = 'backing_filename_(offset|size)'; Value = '\d+' }
        @{ Name = 'backing-wraps'; Field = 'backing_filename_(offset|size)'; Value = '\d+' }
        @{ Name = 'backing-size-4033'; Field = 'backing_filename_(offset|size)'; Value = '\d+' }
    )
    $overlays = @(
        @{ Name = 'over-raw'; BackingFile = 'base.raw'; BackingFormat = 'Raw' }
        @{ Name = 'over-raw-probed'; BackingFile = 'base.raw'; BackingFormat = 'Probe' }
        @{ Name = 'over-qed'; BackingFile = 'base.qed'; BackingFormat = 'Probe' }
        @{ Name = 'over-name-cluster-2'; BackingFile = 'base.raw'; BackingFormat = 'Raw' }
        @{ Name = 'name-missing'; BackingFile = 'missing.qed'; BackingFormat = 'Probe' }
        @{ Name = 'over-other-folder'; BackingFile = '../images/base-4k.qed'; BackingFormat = 'Probe' }
    )
    # Names that are never followed.
    $refused = @(
        @{ Name = 'name-nbd'; Stored = 'nbd:localhost:10809'; Why = 'protocol' }
        @{ Name = 'name-https'; Stored = 'https://images.example/base.qed'; Why = 'protocol' }
        @{ Name = 'name-json'; Stored = 'json:{"driver":"qed","file":{"driver":"file","filename":"base.qed"}}'; Why = 'protocol' }
        @{ Name = 'name-file-protocol'; Stored = 'file:base.qed'; Why = 'protocol' }
    )
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
}

Describe 'Get-QedInfo' {
    Context 'for images that qemu-img created' {
        It 'describes <Name>.qed' -ForEach $images {
            $path = Get-Fixture "images/$Name.qed"
            $info = Get-QedInfo $path
            $info | Should -HaveCount 1
            $info.Path | Should -BeExactly $path
            $info.Format | Should -BeExactly 'QED'
            $info.ClusterSize | Should -Be $Cluster
            $info.TableSize | Should -Be $Table
            $info.VirtualSize | Should -Be $Size
            $info.FileSize | Should -Be ($Clusters * $Cluster)
            $info.HeaderSize | Should -Be $(if ($_['Header']) { $Header } else { 1 })
            $info.L1TableOffset | Should -Be $(if ($_['L1']) { $L1 * $Cluster } else { $info.HeaderSize * $Cluster })
            $entries = $Table * $Cluster / 8
            $info.MaxVirtualSize | Should -Be ($entries * $entries * $Cluster)
            "$($info.Features)" | Should -Be 'None'
            $info.CompatFeatures | Should -Be 0
            $info.AutoclearFeatures | Should -Be 0
            $info.BackingFile | Should -BeNullOrEmpty
            $info.BackingFormat | Should -BeNullOrEmpty
            $info.BackingFilePath | Should -BeNullOrEmpty
            $info.NeedsCheck | Should -BeFalse
            $info.InUse | Should -BeFalse
            $info.Depth | Should -Be 0
        }

        It 'reports the space that the host has allocated, which is less than the file length if there are holes' {
            $path = Join-TestDrive 'sparse.qed'
            $null = New-QedImage $path 1GB -ClusterSizeBytes 1MB -TableSize 16
            $info = Get-QedInfo $path
            $info.FileSize | Should -Be 17MB
            if ($IsOnWindows) { $info.DiskUsage | Should -BeLessOrEqual 17MB }
            else {
                $blocks = [long]((Invoke-Native stat -c '%b' $path).Output[0])
                $info.DiskUsage | Should -Be ($blocks * 512)
                $info.DiskUsage | Should -BeLessThan 1MB
            }
        }

        It 'reports sizes as numbers' {
            $info = Get-QedInfo (Get-Fixture 'images/empty-default.qed')
            foreach ($name in 'VirtualSize', 'FileSize', 'DiskUsage', 'L1TableOffset', 'MaxVirtualSize') {
                $info.$name | Should -BeOfType long -Because $name
            }
        }

        It 'has the properties Size, BlockSize and ParentPath like Hyper-V disks' {
            $null = Get-Fixture 'chains/base.raw'
            $info = Get-QedInfo (Get-Fixture 'chains/over-raw.qed')
            $info.Size | Should -Be 32768
            $info.BlockSize | Should -Be 4096
            $info.ParentPath | Should -BeExactly (Join-TestDrive 'base.raw')
            foreach ($name in 'Size', 'BlockSize', 'ParentPath') { $info.PSObject.Properties[$name].MemberType | Should -Be 'AliasProperty' }
        }

        It 'has the file name without the folder, as the tables show it' {
            (Get-QedInfo (Get-Fixture 'images/table-1.qed')).Name | Should -BeExactly 'table-1.qed'
            (Test-QedImage (Get-Fixture 'images/table-1.qed')).Name | Should -BeExactly 'table-1.qed'
            @(Get-QedAllocationMap (Get-Fixture 'images/table-1.qed'))[0].Name | Should -BeExactly 'table-1.qed'
        }

        It 'has exactly the documented properties' {
            $info = Get-QedInfo (Get-Fixture 'images/table-1.qed')
            $names = 'Path', 'Name', 'Format', 'VirtualSize', 'FileSize', 'DiskUsage', 'ClusterSize', 'TableSize', 'HeaderSize', 'Features',
            'CompatFeatures', 'AutoclearFeatures', 'L1TableOffset', 'MaxVirtualSize', 'BackingFile', 'BackingFormat',
            'BackingFilePath', 'NeedsCheck', 'InUse', 'Depth', 'FormatDetails', 'LostRanges', 'LostBytes', 'Hash', 'Size', 'BlockSize', 'ParentPath'
            $found = @($info.PSObject.Properties | ForEach-Object { $_.Name })
            foreach ($name in $names) { $found | Should -Contain $name }
            $found | Should -HaveCount $names.Count
        }

        It 'has its path as text' {
            $path = Get-Fixture 'images/table-1.qed'
            "$(Get-QedInfo $path)" | Should -BeExactly $path
        }
    }

    Context 'for overlays' {
        It 'reports the backing file of <Name>.qed as stored and as resolved, and its recorded format' -ForEach $overlays {
            $path = Get-Fixture "chains/$Name.qed"
            $info = Get-QedInfo $path
            $info | Should -HaveCount 1
            $info.BackingFile | Should -BeExactly $BackingFile
            "$($info.BackingFormat)" | Should -Be $BackingFormat
            $info.BackingFilePath | Should -BeExactly ([System.IO.Path]::GetFullPath((Join-TestDrive $BackingFile)))
            "$($info.Features)" | Should -Be $(if ($BackingFormat -eq 'Raw') { 'BackingFile, BackingFormatNoProbe' } else { 'BackingFile' })
        }

        It 'reads UTF-8 names' {
            $copy = Copy-Fixture "chains/$([char]0xDC)berlagerung $([char]0x91CD)$([char]0x306D).qed"
            (Get-QedInfo $copy).BackingFile | Should -BeExactly "Basis mit Gr$([char]0xF6)$([char]0xDF)e $([char]0x57FA)$([char]0x5E95).raw"
        }

        It 'shows <Stored> without resolving it to a file' -ForEach $refused {
            $info = Get-QedInfo (Get-Fixture "chains/$Name.qed")
            $info.BackingFile | Should -BeExactly $Stored
            $info.BackingFilePath | Should -BeNullOrEmpty
        }

        It 'treats a name with ./ before a colon as a file name' {
            Skip-TestWithout Unix
            $info = Get-QedInfo (Get-Fixture 'chains/name-colon.qed')
            $info.BackingFile | Should -BeExactly './not:a-protocol.qed'
            $info.BackingFilePath | Should -BeExactly (Join-TestDrive 'not:a-protocol.qed')
        }

        It 'does not report a missing backing file' {
            $recorded = Invoke-Recorded { Get-QedInfo (Get-Fixture 'chains/name-missing.qed') }
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'reads a backing file name of <_> bytes' -ForEach 1023, 1024, 4032 {
            $info = Get-QedInfo (Get-Fixture "headers/backing-size-$_.qed")
            $info.BackingFile | Should -BeExactly ('n' * $_)
        }

        It 'never cuts a backing file name at a NUL, and does not follow it' {
            $info = Get-QedInfo (Get-Fixture 'headers/backing-nul.qed')
            $info.BackingFile | Should -BeExactly "base$([char]0).raw"
            $info.BackingFilePath | Should -BeNullOrEmpty
        }

        It 'reads a backing file name that is not valid text' {
            $info = Get-QedInfo (Get-Fixture 'headers/backing-invalid-utf8.qed')
            $info.BackingFile | Should -BeLike "base*$([char]0xFFFD)*.raw"
        }

        It 'reports no backing file if the feature bit is clear or the name is empty (<_>)' -ForEach 'backing-without-bit', 'raw-bit-alone', 'backing-size-0' {
            $info = Get-QedInfo (Get-Fixture "headers/$_.qed")
            $info.BackingFile | Should -BeNullOrEmpty
            $info.BackingFormat | Should -BeNullOrEmpty
            $info.BackingFilePath | Should -BeNullOrEmpty
        }
    }

    Context 'for images that have a defect' {
        It 'reports that <_>.qed needs a check' -ForEach 'dirty-clean', 'dirty-leaks', 'dirty-corrupt', 'several' {
            $info = Get-QedInfo (Get-Fixture "damaged/$_.qed")
            $info.NeedsCheck | Should -BeTrue
            "$($info.Features)" | Should -Match 'NeedCheck'
        }

        It 'reads the header of <_>.qed, whose tables are damaged' -ForEach 'l1-huge', 'l2-wraps', 'table-at-data', 'truncated' {
            $recorded = Invoke-Recorded { Get-QedInfo (Get-Fixture "damaged/$_.qed") }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output[0].VirtualSize | Should -Be 12582912
            $recorded.Output[0].NeedsCheck | Should -BeFalse
        }

        It 'reports the exact length of a file that ends inside a cluster' {
            (Get-QedInfo (Get-Fixture 'damaged/tail.qed')).FileSize | Should -Be (17 * 4096 + 1000)
        }

        It 'shows unknown feature bits that may be ignored' {
            (Get-QedInfo (Get-Fixture 'headers/compat-unknown.qed')).CompatFeatures | Should -Be 1
            (Get-QedInfo (Get-Fixture 'headers/autoclear-unknown.qed')).AutoclearFeatures | Should -Be 9223372036854775809
        }

        It 'names the invalid field of <Name>.qed, its value and the allowed values' -ForEach $headers {
            $path = Get-Fixture "headers/$Name.qed"
            $recorded = Invoke-Recorded { Get-QedInfo $path }
            $recorded.Output | Should -BeNullOrEmpty
            $recorded.Errors | Should -HaveCount 1
            $record = $recorded.Errors[0]
            $record.FullyQualifiedErrorId | Should -Be 'QedHeaderInvalid,QedTools.Commands.GetQedInfoCommand'
            "$($record.CategoryInfo.Category)" | Should -Be 'InvalidData'
            $record.TargetObject | Should -BeExactly $path
            $record.ToString() | Should -Match "'$([regex]::Escape($path))'.* ($Field) is $Value\b"
            $record.Exception.Field | Should -Match "^($Field)`$"
            $record.Exception.Allowed | Should -Not -BeNullOrEmpty
            $record.ToString() | Should -Not -Match '1 to 0 ' -Because 'such a range is empty'
        }
    }

    Context 'with -BackingChain' {
        BeforeAll {
            $folder = New-Folder 'chains'
            $null = New-Folder 'images'
            $null = Copy-Fixture 'images/base-4k.qed' -Folder (Join-TestDrive 'images')
            $source = [System.IO.Path]::Combine($PSScriptRoot, '..', 'fixtures', 'chains')
            foreach ($file in [System.IO.Directory]::GetFiles($source)) {
                [System.IO.File]::Copy($file, [System.IO.Path]::Combine($folder, [System.IO.Path]::GetFileName($file)))
            }

            function Get-Chain {
                param([string] $Name)
                Invoke-Recorded { Get-QedInfo -LiteralPath ([System.IO.Path]::Combine($folder, "$Name.qed")) -BackingChain }
            }

            function Get-LayerName {
                param($Recorded)
                $Recorded.Output | ForEach-Object { [System.IO.Path]::GetFileName($_.Path) }
            }
        }

        It 'lists only the image if there is no backing file' {
            $recorded = Get-Chain 'base'
            Get-LayerName $recorded | Should -Be 'base.qed'
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'lists the layers in order, with their depths' {
            $recorded = Get-Chain 'three-top'
            Get-LayerName $recorded | Should -Be 'three-top.qed', 'three-middle.qed', 'base.qed'
            $recorded.Output | ForEach-Object { $_.Depth } | Should -Be 0, 1, 2
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'describes a raw layer with the properties that all formats have' {
            $recorded = Get-Chain 'over-raw'
            Get-LayerName $recorded | Should -Be 'over-raw.qed', 'base.raw'
            $raw = $recorded.Output[1]
            $raw.Format | Should -Be 'Raw'
            $raw.VirtualSize | Should -Be 32768
            $raw.FileSize | Should -Be 32768
            $raw.ClusterSize | Should -BeNullOrEmpty
            $raw.Features | Should -BeNullOrEmpty
            $raw.NeedsCheck | Should -BeFalse
            $raw.Depth | Should -Be 1
        }

        It 'resolves names relative to the folder of the layer that stores them' {
            $recorded = Get-Chain 'over-other-folder'
            $recorded.Output[1].Path | Should -BeExactly (Join-TestDrive ([System.IO.Path]::Combine('images', 'base-4k.qed')))
        }

        It 'reads a raw layer as raw even if it looks like an image' {
            $recorded = Get-Chain 'over-disguised'
            Get-LayerName $recorded | Should -Be 'over-disguised.qed', 'disguised.raw'
            $recorded.Output[1].Format | Should -Be 'Raw'
            $recorded.Output[1].VirtualSize | Should -Be 12288
            $recorded.Errors | Should -BeNullOrEmpty
        }

        It 'lists the layers above a missing one, and writes one error that says what to do' {
            $recorded = Get-Chain 'over-disguised-probed'
            Get-LayerName $recorded | Should -Be 'over-disguised-probed.qed', 'disguised.raw'
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingFileNotFound,*'
            "$($recorded.Errors[0].CategoryInfo.Category)" | Should -Be 'ObjectNotFound'
            $recorded.Errors[0].ToString() | Should -BeLike "*secret.raw*disguised.raw*Set-QedBackingFile*"
            $recorded.Errors[0].Exception.BackingFile | Should -Be 'secret.raw'
        }

        It 'lists each layer of a circular chain once (<Name>)' -ForEach @(
            @{ Name = 'cycle-a'; Layers = 'cycle-a.qed', 'cycle-b.qed' }
            @{ Name = 'cycle-self'; Layers = , 'cycle-self.qed' }
        ) {
            $recorded = Get-Chain $Name
            Get-LayerName $recorded | Should -Be $Layers
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingChain,*'
            "$($recorded.Errors[0].CategoryInfo.Category)" | Should -Be 'InvalidData'
            $recorded.Errors[0].TargetObject | Should -BeLike "*$Name.qed"
        }

        It 'detects a circular chain through a symbolic link' {
            Skip-TestWithout Unix
            $null = Invoke-Native ln -s cycle-self.qed ([System.IO.Path]::Combine($folder, 'link.qed'))
            $recorded = Get-Chain 'link'
            $recorded.Output.Count | Should -BeLessOrEqual 2
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingChain,*'
        }

        It 'does not follow <Stored>' -ForEach $refused {
            $recorded = Get-Chain $Name
            Get-LayerName $recorded | Should -Be "$Name.qed"
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingFileRefused,*'
            "$($recorded.Errors[0].CategoryInfo.Category)" | Should -Be 'SecurityError'
            $recorded.Errors[0].ToString() | Should -Match $Why
        }

        It 'does not follow a Windows path on this host' {
            Skip-TestWithout Unix
            $recorded = Get-Chain 'name-windows-drive'
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingFileRefused,*'
            $recorded.Errors[0].ToString() | Should -BeLike '*Windows path*'
        }

        It 'does not follow a name with a NUL in it' {
            $null = Copy-Fixture 'headers/backing-nul.qed' -Folder $folder
            [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'base'), 'not this one')
            $recorded = Get-Chain 'backing-nul'
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingFileRefused,*'
        }

        It 'does not follow a name that resolves to a folder' {
            $path = Copy-Fixture 'chains/name-missing.qed' -Folder $folder -As 'to-folder.qed'
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($folder, 'missing.qed'))
            $recorded = Get-Chain 'to-folder'
            $recorded.Output | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingFileRefused,*'
            $recorded.Errors[0].ToString() | Should -BeLike '*a folder*'
            [System.IO.Directory]::Delete([System.IO.Path]::Combine($folder, 'missing.qed'))
        }

        It 'follows at most 64 layers' {
            $deep = New-Folder 'deep'
            for ($i = 65; $i -ge 1; $i--) {
                $file = [System.IO.Path]::Combine($deep, "$i.qed")
                if ($i -eq 65) { $null = New-QedImage $file 1MB -ClusterSizeBytes 4KB -TableSize 1 }
                elseif ($i -eq 1) {
                    # A layer beyond the limit is refused, so the name is changed by hand.
                    $null = New-QedImage $file -BackingFile '3.qed' -ClusterSizeBytes 4KB -TableSize 1
                    $bytes = [System.IO.File]::ReadAllBytes($file)
                    $bytes[64] = [byte][char]'2'
                    [System.IO.File]::WriteAllBytes($file, $bytes)
                }
                else { $null = New-QedImage $file -BackingFile "$($i + 1).qed" -ClusterSizeBytes 4KB -TableSize 1 -WarningAction Ignore }
            }

            $whole = Invoke-Recorded { Get-QedInfo ([System.IO.Path]::Combine($deep, '2.qed')) -BackingChain }
            $whole.Output | Should -HaveCount 64
            $whole.Output[63].Depth | Should -Be 63
            $whole.Errors | Should -BeNullOrEmpty

            $recorded = Invoke-Recorded { Get-QedInfo ([System.IO.Path]::Combine($deep, '1.qed')) -BackingChain }
            $recorded.Output | Should -HaveCount 64
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedBackingChain,*'
            $recorded.Errors[0].ToString() | Should -BeLike '*64*'
        }

        It 'continues with the next image after a broken chain' {
            $recorded = Invoke-Recorded {
                'name-missing', 'over-qed' | ForEach-Object { [System.IO.Path]::Combine($folder, "$_.qed") } | Get-QedInfo -BackingChain
            }
            Get-LayerName $recorded | Should -Be 'name-missing.qed', 'over-qed.qed', 'base.qed'
            $recorded.Errors | Should -HaveCount 1
            $recorded.Errors[0].TargetObject | Should -BeLike '*name-missing.qed'
        }
    }

    Context 'for an image in use' {
        It 'reports that it is in use, and still reads it' {
            Skip-TestWithout WriterLock
            $path = Get-Fixture 'images/base-4k.qed'
            $writer = Open-AsWriter $path
            try { $recorded = Invoke-Recorded { Get-QedInfo $path } }
            finally { $writer.Dispose() }
            $recorded.Errors | Should -BeNullOrEmpty
            $recorded.Output[0].InUse | Should -BeTrue
            $recorded.Output[0].VirtualSize | Should -Be 12582912
            (Get-QedInfo $path).InUse | Should -BeFalse
        }

        It 'reports that a cmdlet is reading it, because it cannot be changed during that time' {
            $path = Get-Fixture 'images/base-4k.qed'
            $seen = @(Get-QedAllocationMap $path | ForEach-Object { (Get-QedInfo $path).InUse })
            $seen[0] | Should -BeTrue
            (Get-QedInfo $path).InUse | Should -BeFalse
        }

        It 'reports that qemu-io has it open' {
            Skip-TestWithout QemuLocks
            $path = Get-Fixture 'images/base-4k.qed'
            $qemu = Open-InQemu $path
            try {
                # Twice, because the query must not release the other program's lock.
                (Get-QedInfo $path).InUse | Should -BeTrue
                (Get-QedInfo $path).InUse | Should -BeTrue
            }
            finally { Close-Qemu $qemu }
            (Get-QedInfo $path).InUse | Should -BeFalse
        }

        It 'reports the layers below it that qemu-io has open' {
            Skip-TestWithout QemuLocks
            $base, $top = Get-Fixture 'chains/base.qed', 'chains/over-qed.qed'
            $qemu = Open-InQemu $top
            try { $layers = @(Get-QedInfo $top -BackingChain) }
            finally { Close-Qemu $qemu }
            $layers | Should -HaveCount 2
            $layers[0].InUse | Should -BeTrue
            $layers[1].InUse | Should -BeTrue
        }
    }

    Context 'compared with qemu-img' {
        It 'agrees with qemu-img info about <Name>.qed' -ForEach @(
            @{ Name = 'images/empty-default' }, @{ Name = 'images/size-zero' }, @{ Name = 'images/table-16' }
            @{ Name = 'images/clusters-1m' }, @{ Name = 'images/header-2' }, @{ Name = 'images/size-unaligned' }
            @{ Name = 'damaged/dirty-clean' }, @{ Name = 'chains/over-raw' }, @{ Name = 'chains/name-missing' }
        ) {
            Skip-TestWithout QemuImg
            $path = Get-Fixture "$Name.qed"
            $info = Get-QedInfo $path
            $text = (Invoke-Native qemu-img info -U $path).Output -join "`n"
            $text | Should -Match 'virtual size: .*\((\d+) bytes\)'
            $info.VirtualSize | Should -Be ([regex]::Match($text, 'virtual size: .*\((\d+) bytes\)').Groups[1].Value)
            $info.ClusterSize | Should -Be ([regex]::Match($text, 'cluster_size: (\d+)').Groups[1].Value)
            "$($info.BackingFile)" | Should -BeExactly ([regex]::Match($text, 'backing file: (.*?)( \(actual path: .*\))?(\n|$)').Groups[1].Value)
            ($info.BackingFormat -eq 'Raw') | Should -Be ($text -match 'backing file format: raw')
        }
    }

    Context 'of images of other formats' {
        BeforeAll {
            # What qemu-img says, as an object.
            function Get-QemuInfo {
                param([string] $Path)

                (Invoke-Native qemu-img info -U --output=json $Path).Output -join "`n" | ConvertFrom-Json
            }
        }

        It 'agrees with qemu-img about <Fixture>' -ForEach @(
            @{ Fixture = 'foreign/disk.qcow2'; Format = 'qcow2'; Theirs = 'qcow2' }
            @{ Fixture = 'foreign/disk.vdi'; Format = 'VDI'; Theirs = 'vdi' }
            @{ Fixture = 'foreign/disk.vmdk'; Format = 'VMDK'; Theirs = 'vmdk' }
            @{ Fixture = 'foreign/dynamic.vhd'; Format = 'VHD'; Theirs = 'vpc' }
        ) {
            Skip-TestWithout QemuImg
            $path = Get-Fixture $Fixture
            $info = Get-QedInfo $path
            $their = Get-QemuInfo $path
            $their.format | Should -Be $Theirs
            $info.Format | Should -BeExactly $Format
            $info.VirtualSize | Should -Be $their.'virtual-size'
            if ($their.'cluster-size') { $info.ClusterSize | Should -Be $their.'cluster-size' }
            $createType = if ($Theirs -eq 'vmdk') { $their.'format-specific'.data.'create-type' } else { $info.FormatDetails.Subformat }
            $info.FormatDetails.Subformat | Should -Be $createType
            $info.FormatDetails.LogicalSectorSize | Should -Be 512
            $info.TableSize, $info.Features | Should -Be $null, $null
        }

        It 'lists internal snapshots as qemu-img does' {
            Skip-TestWithout QemuImg
            $path = Join-TestDrive 'snapshots.qcow2'
            $null = Invoke-Native qemu-img create -f qcow2 $path 1M
            foreach ($name in 'first', 'with space', 'first') { (Invoke-Native qemu-img snapshot -c $name $path).ExitCode | Should -Be 0 }
            $theirs = (Get-QemuInfo $path).snapshots
            $details = (Get-QedInfo $path).FormatDetails
            $details.SnapshotCount | Should -Be 3
            $details.Snapshots.Id | Should -BeExactly $theirs.id
            $details.Snapshots.Name | Should -BeExactly $theirs.name
            $details.Snapshots.VirtualSize | Should -Be 1MB, 1MB, 1MB
            $details.Snapshots[0].Created.Kind | Should -Be 'Utc'
            $epoch = [System.DateTime]::new(1970, 1, 1, 0, 0, 0, [System.DateTimeKind]::Utc)
            $details.Snapshots | ForEach-Object { ($_.Created - $epoch).TotalSeconds } | Should -Be $theirs.'date-sec'
            "$details" | Should -Be 'version 3, 3 snapshots'
        }

        It 'names the files that hold the data' {
            Skip-TestWithout QemuImg
            $path = Join-TestDrive 'flat.vmdk'
            $null = Invoke-Native qemu-img create -f vmdk -o subformat=monolithicFlat $path 1M
            $info = Get-QedInfo $path
            $info.FormatDetails.Subformat | Should -Be 'monolithicFlat'
            $info.FormatDetails.DataFiles | Should -Be 'flat-flat.vmdk'
        }

        It 'goes by the contents and warns where the extension means another format' {
            $path = Copy-Fixture 'foreign/disk.qcow2' -As 'cloud.img'
            $recorded = Invoke-Recorded { Get-QedInfo $path }
            $recorded.Output.Format | Should -Be 'qcow2'
            $recorded.Warnings | Should -HaveCount 1
            "$($recorded.Warnings)" | Should -BeLike '*qcow2*raw*-SourceFormat Raw*-SourceFormat Qcow2*'
            foreach ($format in 'Raw', 'Qcow2') {
                $named = Invoke-Recorded { Get-QedInfo $path -SourceFormat $format }
                $named.Output.Format | Should -Be $format
                $named.Warnings | Should -BeNullOrEmpty
            }
        }

        It 'shows the chain through a backing file that was moved' {
            $overlay = Copy-Fixture 'chains/name-missing.qed' -Folder (New-Folder 'moved')
            $base = Get-Fixture 'chains/base.raw'
            $layers = @(Get-QedInfo $overlay -SourceBackingFile $base)
            $layers.Path | Should -Be $overlay, $base
            $layers.Depth | Should -Be 0, 1
        }

        It 'is complete in a list, and in what a job gives back' {
            $info = Get-QedInfo (Get-Fixture 'foreign/disk.vmdk')
            $info | Format-List | Out-String -Width 200 | Should -Match '(?m)^FormatDetails\s+: monolithicSparse'
            $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($info))
            $copy.FormatDetails.Subformat | Should -Be 'monolithicSparse'
            $copy.FormatDetails.Identifier | Should -Match '^[0-9a-f]{8}$'
        }
    }

    Context 'on the screen' {
        It 'is a table of names and readable sizes' {
            $text = Get-QedInfo (Get-Fixture 'images/scattered-default.qed') | Out-String -Width 120
            $lines = @($text -split "`r?`n" | Where-Object { $_ })
            $lines[1] | Should -Match '^Format +VirtualSize +DiskUsage +NeedsCheck +InUse +Name$'
            $lines[3] | Should -Match '^QED +3 GiB .* scattered-default\.qed$'
        }

        It 'is a list of all properties with Format-List, with sizes in readable units and in bytes' {
            $text = Get-QedInfo (Get-Fixture 'images/scattered-default.qed') | Format-List | Out-String -Width 200
            $text | Should -Match 'VirtualSize\s+: 3 GiB \(3221225472 bytes\)'
            $text | Should -Match 'ClusterSize\s+: 64 KiB'
            $text | Should -Match 'MaxVirtualSize\s+: 64 TiB'
            $text | Should -Match 'AutoclearFeatures\s+: 0x0'
            foreach ($name in 'Path', 'FileSize', 'TableSize', 'HeaderSize', 'Features', 'L1TableOffset', 'BackingFile', 'InUse', 'Depth') {
                $text | Should -Match "(?m)^$name\s+:"
            }
        }

        It 'can be converted to CSV and JSON' {
            $info = Get-QedInfo (Get-Fixture 'chains/over-raw.qed')
            $row = $info | ConvertTo-Csv | ConvertFrom-Csv
            $row.VirtualSize | Should -Be '32768'
            $row.BackingFormat | Should -Be 'Raw'
            $copy = $info | ConvertTo-Json | ConvertFrom-Json
            $copy.VirtualSize | Should -Be 32768
            $copy.BackingFile | Should -Be 'base.raw'
        }

        It 'can be sorted and measured by size' {
            $found = Get-QedInfo (Get-Fixture 'images/size-at-limit.qed', 'images/table-1.qed') | Sort-Object VirtualSize
            $found[0].VirtualSize | Should -Be 3145728
            ($found | Measure-Object VirtualSize -Sum).Sum | Should -Be 4298113024
        }
    }
}
