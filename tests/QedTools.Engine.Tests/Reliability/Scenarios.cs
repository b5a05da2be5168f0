using System.Collections.Generic;

namespace QedTools.Tests.Reliability;

/// <summary>The list of all scenarios: every operation that changes files.</summary>
internal static class Scenarios
{
    private static readonly string[] Damaged =
    [
        "several", "table-shared", "table-overlap", "table-at-l1", "table-at-data", "double-one-table", "double-two-tables",
        "data-at-l1", "data-at-own-l2", "data-at-later-l2", "leak-in-middle", "leak-table", "tail-leak", "dirty-corrupt",
        "l1-past-end", "l2-partial-cluster", "past-size-l2", "truncated",
    ];

    /// <summary>The scenarios in which every call is made to fail: all operations, but only some variants of each.</summary>
    public static IEnumerable<Scenario> ForFaults()
    {
        yield return new CreateScenario(replaces: false);
        yield return new CreateScenario(replaces: true);
        yield return new WriteScenario(Below.Nothing, tableSize: 2, seed: 1, steps: 20);
        yield return new WriteScenario(Below.Raw, tableSize: 2, seed: 2, steps: 20);
        yield return new WriteScenario(Below.Qed, tableSize: 4, seed: 3, steps: 20);
        yield return new ResizeScenario(Below.Raw, from: (1 << 20) + 1536, to: 3 << 20);
        yield return new ResizeScenario(Below.Raw, from: 3 << 20, to: (1 << 20) + 1536);
        yield return new RenameBackingScenario(8, 1000);
        yield return new RebaseScenario(removes: false);
        yield return new RebaseScenario(removes: true);
        yield return new MergeScenario(Below.Raw, keeps: false);
        yield return new MergeScenario(Below.Qed, keeps: false);
        yield return new MergeIntoScenario(Below.Qed, keeps: false);
        yield return new OptimizeScenario(fixture: null, Below.Raw, tableSize: 1);
        yield return new PackingScenario(tableSize: 1);
        yield return new ConvertScenario("result.qed", isOverlay: true, replaces: true);
        yield return new ConvertScenario("result.raw", isOverlay: false, replaces: false);
        yield return new ConvertScenario("result.vhdx", isOverlay: false, replaces: false);
        yield return new ConvertScenario("result.vhd", isOverlay: false, replaces: false);
        yield return new ConvertScenario("result.qcow2", isOverlay: true, replaces: true);
        yield return new ConvertScenario("result.vdi", isOverlay: false, replaces: false);
        yield return new ConvertScenario("result.vmdk", isOverlay: false, replaces: false);
        yield return new ConvertScenario("result.qcow2", isOverlay: true, replaces: true, compresses: true);
        yield return new ConvertScenario("result.vmdk", isOverlay: false, replaces: false, compresses: true);
        foreach (string fixture in new[] { "several", "table-shared", "leak-in-middle", "dirty-corrupt" })
        {
            yield return new RepairScenario($"damaged/{fixture}.qed", withBackup: true);
        }

        yield return new RepairScenario("damaged/several.qed", withBackup: false);
        yield return new RestoreScenario("damaged/table-shared.qed");
        yield return new SharedScenario(new RebaseScenario(removes: false));
        yield return new SharedScenario(new RebaseScenario(removes: true));
        yield return new SharedScenario(new MergeScenario(Below.Raw, keeps: false));
        yield return new SharedScenario(new MergeScenario(Below.Qed, keeps: false));
        yield return new SharedScenario(new MergeScenario(Below.Qed, keeps: false, isShuffled: true));
        yield return new SharedScenario(new ConvertScenario("result.qed", isOverlay: false, replaces: true, isShuffled: true));
        yield return new SharedScenario(new ConvertScenario("result.qcow2", isOverlay: false, replaces: true, isShuffled: true));
        yield return new SharedScenario(new PackingScenario(tableSize: 1));
        yield return new SharedScenario(new ConvertScenario("result.qed", isOverlay: true, replaces: true));
        yield return new SharedScenario(new ConvertScenario("result.qcow2", isOverlay: true, replaces: true));
        yield return new SharedScenario(new ConvertScenario("result.vhd", isOverlay: false, replaces: false));
        yield return new SharedScenario(new RepairScenario("damaged/several.qed", withBackup: true));
        yield return new SharedScenario(new RepairScenario("damaged/several.qed", withBackup: false));
    }

    /// <summary>New instances of all scenarios.</summary>
    public static IEnumerable<Scenario> All()
    {
        yield return new CreateScenario(replaces: false);
        yield return new CreateScenario(replaces: true);
        for (int seed = 1; seed <= 3; seed++)
        {
            yield return new WriteScenario(Below.Nothing, tableSize: 1 << (seed - 1), seed, steps: 40);
            yield return new WriteScenario(Below.Raw, tableSize: 1 << (seed - 1), seed, steps: 40);
            yield return new WriteScenario(Below.Qed, tableSize: 1 << (seed - 1), seed, steps: 40);
        }

        foreach (Below below in new[] { Below.Nothing, Below.Raw })
        {
            yield return new ResizeScenario(below, from: (1 << 20) + 1536, to: 3 << 20);
            yield return new ResizeScenario(below, from: 3 << 20, to: (1 << 20) + 1536);
        }

        yield return new RenameBackingScenario(8, 1000);
        yield return new RenameBackingScenario(1000, 1000);
        yield return new RenameBackingScenario(1000, null);
        yield return new RebaseScenario(removes: false);
        yield return new RebaseScenario(removes: true);
        yield return new MergeScenario(Below.Raw, keeps: false);
        yield return new MergeScenario(Below.Qed, keeps: false);
        yield return new MergeScenario(Below.Qed, keeps: true);
        yield return new MergeIntoScenario(Below.Raw, keeps: false);
        yield return new MergeIntoScenario(Below.Qed, keeps: false);
        yield return new MergeIntoScenario(Below.Qed, keeps: true);
        foreach (int tableSize in new[] { 1, 4 })
        {
            yield return new OptimizeScenario(fixture: null, Below.Nothing, tableSize);
            yield return new OptimizeScenario(fixture: null, Below.Raw, tableSize);
            yield return new PackingScenario(tableSize);
        }

        yield return new OptimizeScenario("damaged/leak-in-middle.qed", Below.Nothing, tableSize: 2);
        yield return new OptimizeScenario("damaged/tail-leak.qed", Below.Nothing, tableSize: 2);
        yield return new ConvertScenario("result.qed", isOverlay: false, replaces: false);
        yield return new ConvertScenario("result.qed", isOverlay: true, replaces: true);
        yield return new ConvertScenario("result.raw", isOverlay: false, replaces: true);
        yield return new ConvertScenario("result.vhdx", isOverlay: false, replaces: true);
        yield return new ConvertScenario("result.vhd", isOverlay: false, replaces: true);
        yield return new ConvertScenario("result.qcow2", isOverlay: false, replaces: true);
        yield return new ConvertScenario("result.qcow2", isOverlay: true, replaces: false);
        yield return new ConvertScenario("result.vdi", isOverlay: false, replaces: true);
        yield return new ConvertScenario("result.vmdk", isOverlay: false, replaces: true);
        yield return new ConvertScenario("result.qcow2", isOverlay: false, replaces: true, compresses: true);
        yield return new ConvertScenario("result.vmdk", isOverlay: false, replaces: true, compresses: true);
        foreach (string fixture in Damaged)
        {
            yield return new RepairScenario($"damaged/{fixture}.qed", withBackup: true);
            yield return new RepairScenario($"damaged/{fixture}.qed", withBackup: false);
            yield return new RestoreScenario($"damaged/{fixture}.qed");
            yield return new SharedScenario(new RepairScenario($"damaged/{fixture}.qed", withBackup: true));
        }

        yield return new SharedScenario(new RebaseScenario(removes: false));
        yield return new SharedScenario(new RebaseScenario(removes: true));
        yield return new SharedScenario(new MergeScenario(Below.Raw, keeps: false));
        yield return new SharedScenario(new MergeScenario(Below.Qed, keeps: true));
        yield return new SharedScenario(new MergeScenario(Below.Qed, keeps: false, isShuffled: true));
        yield return new SharedScenario(new ConvertScenario("result.qed", isOverlay: false, replaces: true, isShuffled: true));
        yield return new SharedScenario(new ConvertScenario("result.qcow2", isOverlay: false, replaces: true, isShuffled: true));
        yield return new SharedScenario(new PackingScenario(tableSize: 1));
        yield return new SharedScenario(new PackingScenario(tableSize: 4));
        foreach (string target in new[] { "result.qed", "result.raw", "result.vhdx", "result.vhd", "result.qcow2", "result.vdi", "result.vmdk" })
        {
            yield return new SharedScenario(new ConvertScenario(target, isOverlay: target is "result.qed" or "result.qcow2", replaces: true));
        }
    }
}
