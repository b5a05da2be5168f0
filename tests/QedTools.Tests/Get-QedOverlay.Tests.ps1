# Get-QedOverlay: which images lie over which. The tree itself is tested with the engine, against a model.
BeforeDiscovery {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
}

BeforeAll {
    . "$PSScriptRoot/TestModule.ps1"
    . "$PSScriptRoot/SessionHelp.ps1"
    . "$PSScriptRoot/DiskHelp.ps1"
}

Describe 'Get-QedOverlay' {
    BeforeEach {
        $folder = New-Folder 'forest'
        $golden = [System.IO.Path]::Combine($folder, 'golden.qed')
        $null = New-QedImage $golden 1MB
        foreach ($name in 'vm10', 'vm2') { $null = New-QedImage ([System.IO.Path]::Combine($folder, "$name.qed")) -BackingFile 'golden.qed' }
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'test.qed')) -BackingFile 'vm2.qed'
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'unused.qed')) 1MB
    }

    It 'accepts its parameters as documented' {
        Get-OwnParameter Get-QedOverlay Path | Should -Be 'AllowUnc', 'BackingFolder', 'Folder', 'Path!@0 value property', 'Recurse'
        Get-OwnParameter Get-QedOverlay LiteralPath | Should -Be 'AllowUnc', 'BackingFolder', 'Folder', 'LiteralPath! property', 'Recurse'
    }

    It 'returns what lies over an image, directly and further up' {
        $found = @(Get-QedOverlay $golden)
        $found | Should -BeOfType ([QedTools.QedOverlayInfo])
        $found | Should -BeOfType ([QedTools.QedImageInfo])
        $found.Name | Should -Be 'vm2.qed', 'test.qed', 'vm10.qed'
        $found.Depth | Should -Be 1, 2, 1
        $found.BackingFile | Should -Be 'golden.qed', 'vm2.qed', 'golden.qed'
        $found.BackingFilePath | Should -Be $golden, $found[0].Path, $golden
        $found[0].ParentPath | Should -Be $golden
        $found[0].Size | Should -Be 1MB
        Get-QedOverlay ([System.IO.Path]::Combine($folder, 'unused.qed')) | Should -BeNullOrEmpty
    }

    It 'returns a folder as a tree' {
        [System.IO.File]::Delete($golden)
        $found = @(Get-QedOverlay $folder)
        $found.Name | Should -Be 'unused.qed', 'vm2.qed', 'test.qed', 'vm10.qed'
        "$($found.State)" | Should -Be 'Standalone Orphan Broken Orphan'
        $found.OverlayCount | Should -Be 0, 1, 0, 0
        @(Get-QedOverlay "$folder$([System.IO.Path]::DirectorySeparatorChar)").Path | Should -Be $found.Path
    }

    It 'takes images and folders from the pipeline, and goes on after an error' {
        $missing = [System.IO.Path]::Combine($folder, 'missing.qed')
        $recorded = Invoke-Recorded { $missing, $golden | Get-QedOverlay }
        $recorded.Output.Count | Should -Be 3
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedFileNotFound,*'
        @([System.IO.DirectoryInfo]::new($folder) | Get-QedOverlay) | Should -HaveCount 5
        @(Get-QedInfo $golden | Get-QedOverlay) | Should -HaveCount 3
        @(Get-QedOverlay ([System.IO.Path]::Combine($folder, 'vm*.qed'))) | Should -HaveCount 1
        @(Get-QedOverlay -LiteralPath $golden | Get-QedInfo) | Should -HaveCount 3
    }

    It 'looks in other folders, relative to the current location' {
        $other = New-Folder 'other folder'
        $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($other, 'inner'))
        $null = New-QedImage ([System.IO.Path]::Combine($other, 'inner', 'far.qed')) -BackingFile $golden
        Invoke-InFolder $TestDrive {
            Get-QedOverlay $golden -Folder 'other folder' | Should -BeNullOrEmpty
            (Get-QedOverlay $golden -Folder 'other folder' -Recurse).Name | Should -Be 'far.qed'
            @(Get-QedOverlay forest -Folder 'other folder/inner') | Should -HaveCount 6
        }

        $missing = [System.IO.Path]::Combine($folder, 'missing')
        Assert-OneError { Get-QedOverlay $golden -Folder $missing } 'QedRequest' 'InvalidArgument' $golden '*is not a folder*'
    }

    It 'does not look outside the allowed folders' {
        $other = New-Folder 'elsewhere'
        $null = New-QedImage ([System.IO.Path]::Combine($other, 'far.qed')) -BackingFile $golden
        @(Get-QedOverlay $other).Name | Should -Be 'golden.qed', 'far.qed'
        "$((Get-QedOverlay $other -BackingFolder $other).State)" | Should -Be 'NotFollowed'
    }

    It 'writes an error for a file that cannot be read, once, and returns the others' {
        $damaged = [System.IO.Path]::Combine($folder, 'damaged.qed')
        [System.IO.File]::WriteAllText($damaged, 'no image')
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'notes.txt'), 'no image')
        $recorded = Invoke-Recorded { $golden, ([System.IO.Path]::Combine($folder, 'vm2.qed')) | Get-QedOverlay -Verbose }
        $recorded.Output.Count | Should -Be 4
        $recorded.Errors | Should -HaveCount 1
        $recorded.Errors[0].FullyQualifiedErrorId | Should -BeLike 'QedNotAnImage,*'
        $recorded.Errors[0].TargetObject | Should -BeExactly $damaged
        $recorded.Verbose | Should -Be "${golden}: 3 images found.", "$([System.IO.Path]::Combine($folder, 'vm2.qed')): 1 image found."
    }

    It 'finds overlays with odd names: <_>' -ForEach @(Get-OddName) {
        $path = [System.IO.Path]::Combine($folder, $_)
        if ($_ -ne 'co:lon.qed') {
            $null = New-QedImage -LiteralPath $path -BackingFile 'golden.qed'
            @(Get-QedOverlay $golden).Path | Should -Contain $path
        }

        $null = New-QedImage -LiteralPath $path 1MB -Force
        $null = New-QedImage ([System.IO.Path]::Combine($folder, 'over.qed')) -BackingFile "./$_"
        (Get-QedOverlay -LiteralPath $path).Name | Should -Be 'over.qed'
    }

    It 'changes nothing' {
        $before = Get-FolderState $folder
        $null = Get-QedOverlay $folder -Recurse
        Get-FolderState $folder | Should -Be $before
    }

    It 'finds overlays of images that are in use' {
        $stream = Open-QedImage ([System.IO.Path]::Combine($folder, 'vm2.qed')) -ReadWrite -Force
        try { (Get-QedOverlay $golden)[0].InUse | Should -BeTrue }
        finally { $stream.Dispose() }
    }

    It 'shows the tree as a table, without control characters' {
        Skip-TestWithout Unix
        $null = New-QedImage -LiteralPath ([System.IO.Path]::Combine($folder, "a$([char]27)[31m.qed")) -BackingFile 'golden.qed'
        $text = (Get-QedOverlay $folder | Out-String -Width 100) -split '\r?\n'
        @($text -match 'golden\.qed$')[0] | Should -Match '^Base +QED +1 MiB .* golden\.qed$'
        $text -match '^Overlay +QED +1 MiB .*    test\.qed -> vm2\.qed$' | Should -HaveCount 1
        $text -match 'a.\[31m\.qed' | Should -HaveCount 1
        "$text" | Should -Not -Match ([char]27 + '\[31m\.qed')
    }

    It 'survives serialization, with the names of the states' {
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-QedOverlay $golden)[0]))
        "$($copy.State)" | Should -Be 'Overlay'
        $copy.OverlayCount | Should -Be 1
        ($copy | Format-List | Out-String) | Should -Match 'OverlayCount +: 1'
    }
}
