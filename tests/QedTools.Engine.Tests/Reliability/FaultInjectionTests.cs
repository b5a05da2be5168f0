using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>
/// Every call that an operation makes on a file fails once, in turn, and the disk becomes full at every moment: the operation
/// fails with one of the engine's errors or not at all, closes its files, and leaves the image intact.
/// </summary>
public sealed class FaultInjectionTests(ITestOutputHelper output)
{
    /// <summary>How a call fails; with the last two, later calls fail as well.</summary>
    public enum Way
    {
        /// <summary>The device reports an error and has done nothing.</summary>
        Error,

        /// <summary>The device reports an error in the middle of a write.</summary>
        ErrorHalfWay,

        /// <summary>The disk is full, once.</summary>
        FullOnce,

        /// <summary>From then on there is no space beyond what the files already take.</summary>
        FullFromThenOn,

        /// <summary>From then on nothing can be written.</summary>
        DeadFromThenOn,
    }

    public static TheoryData<string> Names => [.. Scenarios.ForFaults().Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_failing_call_leaves_everything_intact(string name)
    {
        Scenario scenario = Scenarios.ForFaults().Single(s => s.Name == name);
        using MemoryHost host = new();
        scenario.Prepare(host);
        SortedDictionary<string, byte[]> before = host.Snapshot();
        int injected = 0;
        foreach (Way way in Enum.GetValues<Way>())
        {
            // Until there is no call left that can fail.
            for (int at = 0; Fail(host, scenario, before, way, ref at); at++)
            {
                injected++;
            }
        }

        output.WriteLine(string.Format(CultureInfo.InvariantCulture, "{0}: {1} faults injected", name, injected));
        Assert.True(injected > 0);
    }

    /// <summary>
    /// From some call on, the backup can no longer be written: before the first change it is removed, and after that it restores the
    /// image.
    /// </summary>
    [Fact]
    public void A_backup_that_cannot_be_written_is_removed_or_usable()
    {
        using MemoryHost host = new();
        host.PutFixture("damaged/several.qed", "top.qed");
        SortedDictionary<string, byte[]> before = host.Snapshot();
        int removed = 0;
        int used = 0;
        for (int sound = 0; ; sound++)
        {
            host.Restore(before);
            int left = sound;
            host.Faults = point => point.Name.EndsWith(".qedundo", StringComparison.Ordinal) && point.Kind is FaultKind.Write or FaultKind.SetLength && left-- <= 0
                ? new Fault(IsDiskFull: false)
                : null;
            QedException? error = Xunit.Record.Exception(() => host.Do(() => ImageRepair.Run(host.PathOf("top.qed"), new ImageRepairOptions()))) as QedException;
            host.Faults = null;
            if (error is null)
            {
                break;
            }

            if (error.Remedy == QedRemedy.RestoreBackup)
            {
                used++;
                string backup = host.Names.Single(name => name != "top.qed");
                host.Do(() => ImageRepair.Restore(host.PathOf("top.qed"), host.PathOf(backup)));
            }
            else
            {
                removed++;
                Assert.Equal("top.qed", Assert.Single(host.Names));
            }

            Images.RequireSameUse(before["top.qed"], host.Get("top.qed"), $"the image, after {sound} writes of the backup");
        }

        output.WriteLine($"{removed} backups removed, {used} used");
        Assert.True(removed > 0 && used > 0, $"{removed} removed, {used} used");
    }

    // Makes call number at fail, or the first later one that can fail this way. Returns whether there was one.
    private static bool Fail(MemoryHost host, Scenario scenario, SortedDictionary<string, byte[]> before, Way way, ref int at)
    {
        host.Restore(before);
        int first = host.Calls + at;
        FaultPoint? failed = null;
        host.Faults = point =>
        {
            bool isFirst = failed is null && point.Index >= first && CanFail(way, point);
            if (isFirst)
            {
                failed = point;
            }

            return isFirst || (failed is { } begun && KeepsFailing(way, point, begun))
                ? new Fault(way is Way.FullOnce or Way.FullFromThenOn, way == Way.ErrorHalfWay)
                : null;
        };
        Recording? recording = null;
        Exception? thrown = Xunit.Record.Exception(() => recording = host.Record(() => scenario.Act(host)));
        host.Faults = null;
        if (failed is not { } fault)
        {
            return false;
        }

        at = fault.Index - first + at;
        string what = $"{scenario.Name}, {way} at call {at} ({fault.Kind} of {fault.Name} at {fault.Offset}+{fault.Length}, {thrown?.GetType().Name ?? "no error"})";
        Assert.True(thrown is null or QedException, $"{what}: {thrown}");
        Assert.True(thrown is not null || !MustBeReported(way, fault), $"{what}: the error is not reported.");
        Assert.True(host.OpenFiles == 0, $"{what}: {host.OpenFiles} files are still open.");
        Assert.DoesNotContain(host.Names, file => file.EndsWith("-partial", StringComparison.Ordinal));
        CrashState state = new(host.Events.Count, host.Snapshot(), "a fault");
        host.AllowsLeaks = thrown is null && way is (Way.FullOnce or Way.FullFromThenOn);
        try
        {
            scenario.VerifyFailed(host, state, before, isReported: thrown is not null, canUndo: way is not (Way.FullFromThenOn or Way.DeadFromThenOn));
        }
        catch (Exception e)
        {
            Assert.Fail($"{what}: {e}");
        }

        return true;
    }

    private static bool CanFail(Way way, FaultPoint point) => way switch
    {
        Way.Error => true,
        Way.ErrorHalfWay => point is { Kind: FaultKind.Write or FaultKind.Share, Length: > PowerCut.SectorSize },
        Way.FullOnce => point.Kind is FaultKind.Write or FaultKind.Share or FaultKind.SetLength or FaultKind.Flush,
        Way.FullFromThenOn => point.Growth > 0,
        _ => point.Kind != FaultKind.Read,
    };

    private static bool KeepsFailing(Way way, FaultPoint point, FaultPoint begun) => way switch
    {
        Way.FullFromThenOn => point.Growth > 0 && point.Total + point.Growth > begun.Total,
        Way.DeadFromThenOn => point.Kind != FaultKind.Read,
        _ => false,
    };

    // Packing is optional and is skipped if there is no space; reads of other files may be optional too; and what cannot be shared is copied.
    private static bool MustBeReported(Way way, FaultPoint fault) => way is not (Way.FullOnce or Way.FullFromThenOn) && fault.Kind is not (FaultKind.Read or FaultKind.Share);
}
