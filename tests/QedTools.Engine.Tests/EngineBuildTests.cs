using System.Linq;
using System.Reflection;
using System.Runtime.Versioning;
using Xunit;

namespace QedTools.Tests;

/// <summary>These tests run against both builds of the engine, from two projects; each project must use its own build.</summary>
public sealed class EngineBuildTests
{
    [Fact]
    public void The_engine_is_the_build_that_this_project_tests()
    {
        string wanted = typeof(EngineBuildTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "EngineTarget").Value!;

        string? target = typeof(QedException).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()?.FrameworkName;

        Assert.Equal(wanted, target);
    }
}
