using System;
using System.IO;
using System.Linq;
using System.Reflection;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

/// <summary>
/// Runs tests/QedTools.Mono in Mono: a .NET Framework program that uses the files that Windows PowerShell loads. xunit's own runner
/// does not run there.
/// </summary>
public sealed class MonoTests
{
    // A minimal Mono runtime runs programs but lacks netstandard.dll, which every .NET Standard library refers to.
    public static bool IsInstalled => Qemu.IsOnPath("mono") && File.Exists("/usr/lib/mono/4.5/Facades/netstandard.dll");

    [Fact(Skip = "Mono with the .NET Standard facades is not installed (Debian: mono-devel)", SkipUnless = nameof(IsInstalled))]
    public void The_engine_does_all_its_work_in_a_NET_Framework_program()
    {
        string program = typeof(MonoTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "MonoProgram").Value!;

        (int code, string output, string errors) = Qemu.Run("mono", program, Fixture.PathOf(string.Empty));

        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(code == 0, output + errors);
        Assert.True(output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) >= 13, output);
    }
}
