using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>A new image is there completely or not at all; an image that it replaces is there until then.</summary>
internal sealed class CreateScenario(bool replaces) : Scenario
{
    private const long Size = 1 << 20;

    private static readonly byte[] OldFile = Images.Pattern(3, 10_000);

    public override string Name => replaces ? "create, replacing" : "create";

    public override void Prepare(MemoryHost host)
    {
        host.Put("base.raw", Images.Pattern(1, 1 << 16));
        if (replaces)
        {
            host.Put(Top, OldFile);
        }
    }

    public override void Act(MemoryHost host) => ImageCreation.Run(
        host.PathOf(Top),
        new ImageCreationOptions { SizeBytes = Size, ClusterSize = Images.ClusterSize, TableSize = 2, BackingFile = "base.raw", Replace = replaces });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        if (!host.Has(Top))
        {
            if (replaces || isEnd)
            {
                throw new ViolationException("There is no image.");
            }

            return;
        }

        if (replaces && !isEnd && host.Get(Top).SequenceEqual(OldFile))
        {
            return;
        }

        QedImageInfo info = host.Do(() => ImageInspection.Run(host.PathOf(Top), new ImageInspectionOptions()));
        if (info.BackingFile != "base.raw" || info.NeedsCheck)
        {
            throw new ViolationException($"The image names '{info.BackingFile}', need-check {info.NeedsCheck}.");
        }

        byte[] expected = new byte[Size];
        host.Get("base.raw").CopyTo(expected, 0);
        Images.RequireReads(host, Top, expected, withBackup: state.Count % 2 == 0);
    }
}
