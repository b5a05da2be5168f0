using System.Collections.Generic;

namespace QedTools.Tests.Reliability;

/// <summary>An operation on a file system that shares blocks.</summary>
/// <param name="scenario">The operation.</param>
internal sealed class SharedScenario(Scenario scenario) : Scenario
{
    public override string Name => scenario.Name + ", sharing";

    public override void Prepare(MemoryHost host)
    {
        host.SharesBlocks = true;
        scenario.Prepare(host);
    }

    public override void Act(MemoryHost host) => scenario.Act(host);

    public override void Verify(MemoryHost host, CrashState state, bool isEnd) => scenario.Verify(host, state, isEnd);

    public override void VerifyFailed(
        MemoryHost host, CrashState state, IReadOnlyDictionary<string, byte[]> before, bool isReported, bool canUndo) =>
        scenario.VerifyFailed(host, state, before, isReported, canUndo);

    public override int PhaseAt(int count) => scenario.PhaseAt(count);
}
