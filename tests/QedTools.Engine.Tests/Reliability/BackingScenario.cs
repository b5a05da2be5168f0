using System;
using QedTools.Disks;

namespace QedTools.Tests.Reliability;

/// <summary>The image names the old backing file or the new one, and nothing in between.</summary>
internal sealed class RenameBackingScenario(int oldLength, int? newLength) : Scenario
{
    private readonly string _old = NameOf("old.raw", oldLength);
    private readonly string? _new = newLength is { } length ? NameOf("new.raw", length) : null;

    public override string Name => $"set-backing, names of {oldLength} and {newLength ?? 0} bytes";

    public override void Prepare(MemoryHost host)
    {
        Images.Make(host, Top, 1 << 20, backing: new BackingReference(_old, IsRaw: true));
        host.Put("new.raw", [1]);
    }

    public override void Act(MemoryHost host) => BackingFileChange.Run(
        host.PathOf(Top),
        new BackingFileChangeOptions { BackingFile = _new, BackingFormat = QedBackingFormat.Raw, AllowMissing = true });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        QedImageInfo info = host.Do(() => ImageInspection.Run(host.PathOf(Top), new ImageInspectionOptions()));
        if (info.BackingFile != _new && (isEnd || info.BackingFile != _old))
        {
            throw new ViolationException($"The image names '{info.BackingFile}'.");
        }

        Images.RequireRepairable(host, Top, withBackup: state.Count % 2 == 0);
    }

    // A name of the requested length: "./" components in a path cost nothing.
    private static string NameOf(string file, int length) =>
        string.Concat(System.Linq.Enumerable.Repeat("./", (length - file.Length) / 2)) + file;
}

/// <summary>A change to another backing file, or to none, with the contents preserved: the disk reads the same at every moment.</summary>
internal sealed class RebaseScenario(bool removes) : Scenario
{
    private const int Size = 512 << 10;

    private static readonly string NewName = new string('b', 100) + ".raw";

    private byte[] _contents = [];

    public override string Name => removes ? "set-backing, removed with the contents preserved" : "set-backing, changed with the contents preserved";

    public override void Prepare(MemoryHost host)
    {
        byte[] old = Images.Pattern(1, 300_000);
        host.Put("base.raw", old);
        byte[] changed = [.. old, .. Images.Pattern(2, 50_000)];
        Images.Pattern(3, 40_000).CopyTo(changed, 100_000);
        changed.AsSpan(200_000, 20_000).Clear();
        host.Put(NewName, changed);
        Images.Make(host, Top, Size, tableSize: 1, new BackingReference("base.raw", IsRaw: true));
        Images.Scatter(host, Top, 5, pieces: 8);
        Images.Change(host, Top, disk => disk.Zero(16 << 10, 8 << 10));
        _contents = Images.Read(host, Top);
    }

    public override void Act(MemoryHost host) => BackingFileChange.Run(
        host.PathOf(Top),
        new BackingFileChangeOptions { BackingFile = removes ? null : NewName, PreserveContent = true });

    public override void Verify(MemoryHost host, CrashState state, bool isEnd)
    {
        QedImageInfo info = host.Do(() => ImageInspection.Run(host.PathOf(Top), new ImageInspectionOptions()));
        string? wanted = removes ? null : NewName;
        if (info.BackingFile != wanted && (isEnd || info.BackingFile != "base.raw"))
        {
            throw new ViolationException($"The image names '{info.BackingFile}'.");
        }

        Images.RequireReads(host, Top, _contents, withBackup: state.Count % 2 == 0);
    }
}
