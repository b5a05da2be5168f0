using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using QedTools.Qed.Format;

namespace QedTools.Tests.Reliability;

/// <summary>The role of a change to an image.</summary>
internal enum WriteRole
{
    /// <summary>Not a change to the image in question.</summary>
    None,

    /// <summary>A header with the need-check bit, which was not set before.</summary>
    NeedCheckSet,

    /// <summary>A header without the need-check bit, which was set before.</summary>
    NeedCheckCleared,

    /// <summary>Any other header.</summary>
    Header,

    /// <summary>A backing file's name.</summary>
    Name,

    L1,

    L2,

    Data,

    Growth,

    Truncation,
}

/// <summary>Classifies the changes to one image by what they overwrite.</summary>
internal sealed class WriteRoles
{
    private readonly WriteRole[] _roles;
    private readonly Recording _recording;

    private WriteRoles(Recording recording, WriteRole[] roles)
    {
        _recording = recording;
        _roles = roles;
    }

    /// <summary>Classifies the changes to the image that has this name at the start.</summary>
    public static WriteRoles Of(Recording recording, string name)
    {
        byte[] file = recording.Before[name];
        int number = recording.Numbers[name];
        WriteRole[] roles = new WriteRole[recording.Events.Count];
        QedHeader header = QedHeader.Parse(file.AsSpan(0, QedHeader.Size), name, file.Length);
        long tableBytes = header.Geometry.TableBytes;
        HashSet<long> l1Tables = [(long)header.L1TableOffset];
        HashSet<long> l2Tables = [.. EntriesOf(file.AsSpan((int)header.L1TableOffset, (int)tableBytes))];
        HostEvent[] writes = [.. recording.Events.Where(e => e.File == number && e.Kind == HostEventKind.Write)];
        foreach (HostEvent write in writes.Where(IsHeader))
        {
            l1Tables.Add((long)QedHeader.Parse(write.Data, name, file.Length).L1TableOffset);
        }

        foreach (HostEvent write in writes.Where(write => IsIn(write, l1Tables, tableBytes)))
        {
            l2Tables.UnionWith(EntriesOf(write.Data));
        }

        long length = file.Length;
        for (int i = 0; i < roles.Length; i++)
        {
            HostEvent change = recording.Events[i];
            if (change.File != number)
            {
                continue;
            }

            if (change.Kind == HostEventKind.SetLength)
            {
                roles[i] = change.Offset < length ? WriteRole.Truncation : WriteRole.Growth;
                length = change.Offset;
            }
            else if (change.Kind == HostEventKind.Write)
            {
                if (IsHeader(change))
                {
                    QedHeader next = QedHeader.Parse(change.Data, name, file.Length);
                    roles[i] = next.NeedsCheck == header.NeedsCheck
                        ? WriteRole.Header
                        : next.NeedsCheck ? WriteRole.NeedCheckSet : WriteRole.NeedCheckCleared;
                    header = next;
                }
                else
                {
                    roles[i] = change.Offset < header.HeaderBytes ? WriteRole.Name
                        : IsIn(change, l1Tables, tableBytes) ? WriteRole.L1
                        : IsIn(change, l2Tables, tableBytes) ? WriteRole.L2
                        : WriteRole.Data;
                }

                length = Math.Max(length, change.End);
            }
        }

        return new WriteRoles(recording, roles);
    }

    /// <summary>The flushes between a change with one of some roles and the next change, which has one of other roles.</summary>
    /// <param name="before">The roles before the flush; empty for any.</param>
    /// <param name="after">The roles after it; empty for any, or for no later change.</param>
    public int[] FlushesBetween(WriteRole[] before, WriteRole[] after) => [.. _recording.Flushes.Where(flush =>
    {
        int last = Array.FindLastIndex(_roles, flush, role => role != WriteRole.None);
        int next = Array.FindIndex(_roles, flush, role => role != WriteRole.None);
        return (before.Length == 0 || (last >= 0 && before.Contains(_roles[last])))
            && (after.Length == 0 || (next >= 0 && after.Contains(_roles[next])));
    })];

    private static bool IsHeader(HostEvent write) => write.Offset == 0 && write.Data.Length == QedHeader.Size;

    private static bool IsIn(HostEvent write, HashSet<long> tables, long tableBytes) =>
        tables.Any(table => write.Offset >= table && write.Offset < table + tableBytes);

    private static IEnumerable<long> EntriesOf(ReadOnlySpan<byte> table) =>
        [.. MemoryMarshal.Cast<byte, long>(table).ToArray().Where(entry => entry > 1)];
}
