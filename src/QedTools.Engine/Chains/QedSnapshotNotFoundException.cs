using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Disks;

namespace QedTools;

/// <summary>A disk's file has no snapshot with the requested name or id.</summary>
public sealed class QedSnapshotNotFoundException : QedException
{
    private const int MaxShownLength = 64;

    private QedSnapshotNotFoundException(string path, string snapshot, string message)
        : base(path, message) => Snapshot = snapshot;

    /// <summary>The requested name or id.</summary>
    public string Snapshot { get; }

    /// <param name="path">The file.</param>
    /// <param name="snapshot">The requested name or id.</param>
    /// <param name="first">The first snapshots in the file.</param>
    /// <param name="count">How many there are.</param>
    internal static QedSnapshotNotFoundException ForFile(string path, string snapshot, IReadOnlyList<DiskSnapshot> first, int count) =>
        new(path, snapshot, $"'{path}' has no snapshot '{Shown(snapshot)}'. {Names(first, count)}");

    /// <param name="path">The file.</param>
    /// <param name="snapshot">The requested name or id.</param>
    /// <param name="format">The file's format, which has no snapshots.</param>
    internal static QedSnapshotNotFoundException ForFormat(string path, string snapshot, string format) =>
        new(path, snapshot, $"'{path}' has no snapshot '{Shown(snapshot)}': it is read as a {format} file, and that format has no snapshots.");

    private static string Names(IReadOnlyList<DiskSnapshot> first, int count)
    {
        if (count == 0)
        {
            return "It has no snapshots.";
        }

        string names = string.Join(", ", first.Select(one => $"'{Shown(one.Name)}' (id {Shown(one.Id)})"));
        return count == first.Count
            ? $"It has {names}."
            : string.Format(CultureInfo.InvariantCulture, "It has {0} and {1} more.", names, count - first.Count);
    }

    private static string Shown(string text) => text.Length <= MaxShownLength ? text : $"{text.Substring(0, MaxShownLength)}...";
}
