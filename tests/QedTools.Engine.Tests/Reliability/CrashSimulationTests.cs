using System.Globalization;
using System.Linq;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>The power fails at every step of every operation that changes files (design, section 3).</summary>
public sealed class CrashSimulationTests(ITestOutputHelper output)
{
    // Random states for each step, in addition to the systematic ones.
    private const int Samples = 3;

    public static TheoryData<string> Names => [.. Scenarios.All().Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_power_cut_at_any_step_breaks_no_promise(string name)
    {
        using MemoryHost host = new();
        Scenario scenario = Scenarios.All().Single(s => s.Name == name);
        Recording recording = CrashSimulation.Record(host, scenario);

        CrashOutcome outcome = CrashSimulation.Run(host, scenario, recording, Seeds.One, Samples);

        Assert.True(outcome.Violation is null, outcome.Violation);
        output.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "{0}: seed {1}, {2} changes, {3} crash states, {4} distinct ones checked",
            name,
            Seeds.One,
            outcome.Events,
            outcome.States,
            outcome.Checked));
        Assert.Equal(0, host.OpenFiles);
    }
}
