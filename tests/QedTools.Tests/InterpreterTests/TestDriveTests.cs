using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace QedTools.Tests.InterpreterTests;

/// <summary>TestDrive: there for the tests of a file, emptied after each block, gone after the last.</summary>
public sealed class TestDriveTests
{
    [Fact]
    public void What_a_block_makes_goes_with_it_and_the_folder_goes_with_the_file()
    {
        string script = """
            BeforeAll {
                [System.IO.File]::WriteAllText("$TestDrive/file", 'x')
                $null = [System.IO.Directory]::CreateDirectory("$TestDrive/folder")
            }
            Describe 'd' {
                BeforeAll { [System.IO.File]::WriteAllText("$TestDrive/folder/block", 'x') }
                Context 'c' {
                    It 'makes' {
                        [System.IO.File]::WriteAllText("$TestDrive/folder/inner", 'x')
                        $null = [System.IO.Directory]::CreateDirectory("$TestDrive/deep/er")
                        [System.IO.File]::WriteAllText("$TestDrive/deep/er/file", 'x')
                        [System.IO.File]::SetAttributes("$TestDrive/deep/er/file", 'ReadOnly')
                    }
                    It 'keeps for the next test' {
                        'TestDrive:/folder/inner', 'TestDrive:/deep/er/file' | Should -Exist
                    }
                }
                It 'lost what the inner block made' {
                    'TestDrive:/folder/inner', 'TestDrive:/deep' | Should -Not -Exist
                    'TestDrive:/folder/block', 'TestDrive:/file' | Should -Exist
                }
            }
            Describe 'e' {
                It 'lost what the block made' {
                    'TestDrive:/folder/block' | Should -Not -Exist
                    'TestDrive:/file', 'TestDrive:/folder' | Should -Exist
                }
                It 'says where it was' { throw "<$TestDrive>" }
            }
            """;

        string failure = Assert.Single(PesterScript.Run(script).Failures());

        string folder = Regex.Match(failure, "<(.+?)>").Groups[1].Value;
        Assert.True(Path.IsPathFullyQualified(folder));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void Links_go_and_their_targets_stay()
    {
        string kept = Directory.CreateTempSubdirectory("qedtools-kept-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(kept, "file"), "x");
            string script = $$"""
                Describe 'd' {
                    It 'links' { $null = [System.IO.Directory]::CreateSymbolicLink("$TestDrive/link", '{{kept}}') }
                }
                """;

            var tests = PesterScript.Run(script);

            // Making links takes a privilege on Windows.
            Assert.SkipWhen(tests.Failures().Any(failure => failure.Contains("privilege")), "No right to make links.");
            Assert.Empty(tests.Failures());
            Assert.True(File.Exists(Path.Combine(kept, "file")));
        }
        finally
        {
            Directory.Delete(kept, recursive: true);
        }
    }
}
