using System;
using System.IO;
using System.Linq;
using System.Reflection;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

/// <summary>
/// tests/QedTools.Mono, a program of the .NET Framework over the files that Windows PowerShell loads, in Mono: xunit's own runner
/// does not run there.
/// </summary>
public sealed class MonoTests
{
    // A bare runtime runs programs but has no netstandard.dll, which every library of .NET Standard refers to.
    public static bool IsInstalled => Qemu.IsOnPath("mono") && File.Exists("/usr/lib/mono/4.5/Facades/netstandard.dll");

    [Fact(Skip = "Mono with the facades of .NET Standard is not installed (Debian: mono-devel)", SkipUnless = nameof(IsInstalled))]
    public void The_engine_does_all_its_work_in_a_program_of_the_NET_Framework()
    {
        string program = typeof(MonoTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "MonoProgram").Value!;

        (int code, string output, string errors) = Qemu.Run("mono", program, Fixture.PathOf(string.Empty));

        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(code == 0, output + errors);
        Assert.True(output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) >= 13, output);
    }
}
