using System.Linq;
using System.Management.Automation.Runspaces;
using System.Threading.Tasks;
using Microsoft.PowerShell;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace QedTools.Tests;

/// <summary>
/// Runs the tests. If the first argument is pwsh, it is a PowerShell with nothing imported instead, for the tests that need
/// another process. Both use the PowerShell engine that this program was built with.
/// </summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => arguments switch
    {
        ["pwsh", .. string[] rest] => Task.FromResult(ConsoleShell.Start(InitialSessionState.CreateDefault2(), bannerText: null, helpText: null, rest)),
        _ when arguments.Any(argument => argument is "--server" or "--internal-msbuild-node") =>
            TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => ConsoleRunner.Run(arguments),
    };
}
