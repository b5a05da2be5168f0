using System;
using System.Linq;
using QedTools.Disks;

namespace QedTools.Tests.Reliability;

/// <summary>The result of a conversion is there completely or not at all; the file that it replaces is there until then.</summary>
internal sealed class ConvertScenario(string target, bool isOverlay, bool replaces, bool compresses = false, bool isShuffled = false) : Scenario
{
    private static readonly byte[] OldFile = Images.Pattern(3, 10_000);

    private byte[] _contents = [];

    public override string Name => $"convert to {target}{(isOverlay ? " as an overlay" : string.Empty)}{(compresses ? ", compressed" : string.Empty)}{(isShuffled ? ", shuffled" : string.Empty)}{(replaces ? ", replacing" : string.Empty)}";

    private bool IsQed => target.EndsWith(".qed", StringComparison.Ordinal);

    public override void Prepare(MemoryHost host)
    {
        host.Put("base.raw", Images.Pattern(1, 200_000));
        Images.Make(host, Top, 512 << 10, backing: isShuffled ? null : new BackingReference("base.raw", IsRaw: true));
        Images.Shuffle(host, Top, 2, clusters: isShuffled ? 60 : 0);
        Images.Scatter(host, Top, 2, pieces: isShuffled ? 0 : 10);
        _contents = Images.Read(host, Top);
        if (replaces)
        {
            host.Put(target, OldFile);
        }
    }

    public override void Act(MemoryHost host) => DiskConversion.Run(
        host.PathOf(Top),
        host.PathOf(target),
        new DiskConversionOptions
        {
            ClusterSize = IsQed || isShuffled ? Images.ClusterSize : null,
            TableSize = IsQed ? 2 : null,
            BlockSize = target.EndsWith(".vhdx", StringComparison.Ordinal) ? 1 << 20 : null,
            BackingFile = isOverlay ? "base.raw" : null,
            Compress = compresses,
            Replace = replaces,
            Verify = true,
        });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        Images.RequireEqual(_contents, Images.Read(host, Top), "the source");
        if (!host.Has(target))
        {
            if (replaces || isEnd)
            {
                throw new ViolationException("There is no result.");
            }

            return;
        }

        byte[] file = host.Get(target);
        if (replaces && !isEnd && file.SequenceEqual(OldFile))
        {
            return;
        }

        Images.RequireEqual(_contents, Images.Read(host, target), "the result");
        if (target.EndsWith(".qed", System.StringComparison.Ordinal))
        {
            QedCheckResult check = host.Do(() => ImageCheck.Run(host.PathOf(target), new ImageCheckOptions()));
            if (check.Status != QedCheckStatus.Clean || check.NeedsCheck)
            {
                throw new ViolationException($"The result is {check.Status}, need-check {check.NeedsCheck}.");
            }
        }
    }
}
