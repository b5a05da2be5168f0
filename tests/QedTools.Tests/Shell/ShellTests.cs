using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace QedTools.Tests.Shell;

/// <summary>The behaviour of the shell's command line. Apart from the module and the colours, it is expected to match pwsh.</summary>
public sealed class ShellTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("qedtools-tests-").FullName;

    [Fact]
    public void A_command_can_use_the_module()
    {
        (int code, string output, _) = Run(null, "-Command", $"(New-QedImage '{PathOf("a.qed")}' 1MB).VirtualSize; (Test-QedImage '{PathOf("a.qed")}' -Quiet)");

        Assert.Equal((0, "1048576 True"), (code, output));
    }

    [Fact]
    public void A_script_is_read_from_standard_input()
    {
        (int code, string output, _) = Run("'one'\n(Get-Command Get-QedInfo).Name\n", "-Command", "-");

        Assert.Equal((0, "one Get-QedInfo"), (code, output));
    }

    [Fact]
    public void A_script_file_gets_its_arguments_and_its_path_and_sets_the_exit_code()
    {
        string script = PathOf("script with a space.ps1");
        File.WriteAllText(script, "param($First, [switch] $Last) $First; $Last.IsPresent; $MyInvocation.MyCommand.Name; $PSScriptRoot; exit 7");

        (int code, string output, _) = Run(null, "-File", script, "a b", "-Last");

        Assert.Equal((7, $"a b True script with a space.ps1 {_folder}"), (code, output));
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("throw 'it'", 1)]
    [InlineData("Get-QedInfo nowhere.qed", 1)]
    [InlineData("Get-QedInfo nowhere.qed; 1", 0)]
    public void The_exit_code_matches_pwsh(string command, int expected) => Assert.Equal(expected, Run(null, "-Command", command).Code);

    [Fact]
    public void Output_to_a_pipe_has_no_colours()
    {
        (_, string output, string errors) = Run(null, "-Command", $"New-QedImage '{PathOf("b.qed")}' 1MB | Format-Table; Get-QedInfo nowhere.qed");

        Assert.Contains("VirtualSize", output, StringComparison.Ordinal);
        Assert.Contains("nowhere.qed", errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output + errors);
    }

    [Fact]
    public void A_prompt_that_cannot_be_answered_is_an_error_of_the_host_and_ends_the_command()
    {
        (int code, _, string errors) = Run(null, "-NonInteractive", "-Command", $"New-QedImage '{PathOf("c.qed")}', '{PathOf("d.qed")}' 1MB -Confirm");

        Assert.Equal(1, code);
        Assert.Contains("NonInteractive", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("authors", errors, StringComparison.Ordinal);
        Assert.Equal(errors.IndexOf("NonInteractive", StringComparison.Ordinal), errors.LastIndexOf("NonInteractive", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void The_modules_of_PowerShell_are_available()
    {
        (_, string output, _) = Run(null, "-Command", "(Get-Module -ListAvailable).Name -like 'Microsoft.PowerShell.*' | Sort-Object; (Get-Date 2020-01-02).Day; (Get-FileHash $PSHOME/System.Management.Automation.dll).Algorithm");

        Assert.Equal("Microsoft.PowerShell.Host Microsoft.PowerShell.Management Microsoft.PowerShell.Security Microsoft.PowerShell.Utility 2 SHA256", output);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Combine(_folder, name);

    // Output lines are joined by spaces.
    private (int Code, string Output, string Errors) Run(string? input, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "QedTools.Shell.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, string.Join(' ', output.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)), errors.Result);
    }
}
