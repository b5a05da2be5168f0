using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace QedTools.Tests.Independent;

/// <summary>Ways in which an image becomes damaged, or only looks damaged.</summary>
internal static class QedMutation
{
    private delegate string Way(Random random, QedLayout layout, ref byte[] file);

    private static readonly Way[] Ways =
    [
        FlipHeaderBit, FlipHeaderBit, SetHeaderField, SetHeaderField, FlipEntryBit, FlipEntryBit, FlipEntryBit,
        LinkDataToData, LinkDataToData, LinkDataToTable, LinkTableToTable, LinkTableToData, LinkMany,
        PointOutside, PointOutside, Misalign, PointIntoHeader, MapPastTheEnd, MapPastTheEnd,
        CutInside, CutInside, CutInside, CutSomewhere, CutSomewhere, CutBySectors, GrowTail, Mark, Mark, ForgetEntry, DamageData, DamageName,
    ];

    /// <summary>Damages a file and returns descriptions of the damage.</summary>
    public static List<string> Apply(Random random, QedLayout layout, int count, ref byte[] file)
    {
        List<string> descriptions = [];
        for (int i = 0; i < count; i++)
        {
            Way way = Ways[random.Next(Ways.Length)];
            if (file.Length >= 64)
            {
                descriptions.Add($"{way.Method.Name} {way(random, layout, ref file)}");
            }
        }

        return descriptions;
    }

    private static string FlipHeaderBit(Random random, QedLayout layout, ref byte[] file)
    {
        int at = random.Next(64), bit = random.Next(8);
        file[at] ^= (byte)(1 << bit);
        return $"{at}.{bit}";
    }

    private static string SetHeaderField(Random random, QedLayout layout, ref byte[] file)
    {
        (int at, long value, bool isWide) = random.Next(12) switch
        {
            0 => (48, layout.Length / 2 / 512 * 512, true),
            1 => (48, (layout.Length + layout.ClusterSize * random.NextInt64(1, 40)) / 512 * 512, true),
            2 => (48, QedLayout.Pick(random, 0, 512, 1, long.MaxValue / 512 * 512, layout.Length + 1, layout.Entries * layout.Entries * layout.ClusterSize), true),
            3 => (4, (long)layout.ClusterSize * QedLayout.Pick(random, 2, 4, 16), false),
            4 => (4, QedLayout.Pick(random, 0, 512, 4095, 4096, 1 << 26, 1 << 27), false),
            5 => (8, QedLayout.Pick(random, 0, 1, 2, 3, 4, 8, 16, 32), false),
            6 => (12, QedLayout.Pick(random, 0, 1, 2, 3, 5, layout.File.Length / layout.ClusterSize, int.MaxValue), false),
            7 => (16, random.Next(16), true),
            8 => (40, QedLayout.Pick(random, AnyTable(random, layout), AnyData(random, layout), 0L, 512L, layout.File.Length, layout.File.Length - layout.ClusterSize), true),
            9 => (56, QedLayout.Pick(random, 0, 65, 4090, layout.File.Length, -1), false),
            10 => (60, QedLayout.Pick(random, 0, 1, 3, 2000, -1), false),
            _ => (QedLayout.Pick(random, 24, 32), 1L << random.Next(64), true),
        };
        if (isWide)
        {
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), unchecked((int)value));
        }

        return $"{at} = {value}";
    }

    private static string FlipEntryBit(Random random, QedLayout layout, ref byte[] file) =>
        Change(file, AnyEntry(random, layout), value => value ^ (1L << random.Next(random.Next(2) == 0 ? 64 : 20)));

    private static string LinkDataToData(Random random, QedLayout layout, ref byte[] file)
    {
        long target = AnyData(random, layout);
        return Change(file, random.Next(2) == 0 ? AnyOf(random, layout.L2Entries, -1) : AnyL2Place(random, layout), _ => target);
    }

    private static string LinkDataToTable(Random random, QedLayout layout, ref byte[] file)
    {
        long target = (random.Next(3) == 0 ? layout.L1Offset : AnyTable(random, layout)) + (random.Next(layout.TableClusters) * (long)layout.ClusterSize);
        return Change(file, random.Next(2) == 0 ? AnyOf(random, layout.L2Entries, -1) : AnyL2Place(random, layout), _ => target);
    }

    private static string LinkTableToTable(Random random, QedLayout layout, ref byte[] file)
    {
        long target = random.Next(4) == 0 ? layout.L1Offset : AnyTable(random, layout);
        if (random.Next(3) == 0)
        {
            target += layout.ClusterSize * QedLayout.Pick(random, -1L, 1L);
        }

        return Change(file, AnyL1Place(random, layout), _ => target);
    }

    private static string LinkTableToData(Random random, QedLayout layout, ref byte[] file)
    {
        long target = AnyData(random, layout);
        return Change(file, AnyL1Place(random, layout), _ => target);
    }

    private static string LinkMany(Random random, QedLayout layout, ref byte[] file)
    {
        long target = random.Next(4) == 0 ? AnyTable(random, layout) : AnyData(random, layout);
        long table = AnyTable(random, layout);
        int count = random.Next(2, random.Next(8) == 0 ? (int)layout.Entries : 12);
        for (int i = 0; i < count; i++)
        {
            Change(file, table + (8 * (i % layout.Entries)), _ => target);
        }

        return $"{count} entries at {table} = {target}";
    }

    private static string PointOutside(Random random, QedLayout layout, ref byte[] file)
    {
        long end = (file.Length + layout.ClusterSize - 1) / layout.ClusterSize * layout.ClusterSize;
        long target = random.Next(6) switch
        {
            0 => end,
            1 => end + ((long)layout.ClusterSize * random.Next(1, 20)),
            2 => end - layout.ClusterSize,
            3 => 1L << random.Next(30, 63),
            4 => long.MinValue + layout.ClusterSize,
            _ => -layout.ClusterSize,
        };
        return Change(file, AnyEntry(random, layout), _ => target);
    }

    private static string Misalign(Random random, QedLayout layout, ref byte[] file)
    {
        long value = QedLayout.Pick(random, 512, 1, 7, 2048, 4096);
        bool isAlone = random.Next(3) == 0;
        return Change(file, AnyEntry(random, layout), old => isAlone ? value : old + value);
    }

    private static string PointIntoHeader(Random random, QedLayout layout, ref byte[] file)
    {
        long target = random.Next(1, layout.HeaderClusters + 1) * (long)layout.ClusterSize;
        return Change(file, AnyEntry(random, layout), _ => target - (random.Next(2) * layout.ClusterSize));
    }

    private static string MapPastTheEnd(Random random, QedLayout layout, ref byte[] file)
    {
        long span = layout.Entries * layout.ClusterSize;
        long target = QedLayout.Pick(random, AnyData(random, layout), file.Length / layout.ClusterSize * (long)layout.ClusterSize, 1L, 1L << 40);
        if (random.Next(2) == 0)
        {
            long index = Math.Min(layout.Entries - 1, ((layout.Length + span - 1) / span) + random.Next(3));
            return Change(file, layout.L1Offset + (8 * index), _ => random.Next(2) == 0 ? target : AnyTable(random, layout));
        }

        // The table that maps the end of the disk, if there is one, and an entry past that end.
        int last = (int)((layout.Length - 1) / span);
        long at = layout.L1Offset + (8L * last);
        long table = at + 8 <= file.Length ? BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan((int)at)) : 0;
        long behind = ((layout.Length - (last * span) + layout.ClusterSize - 1) / layout.ClusterSize) + random.Next(3);
        return table > 0 && behind < layout.Entries ? Change(file, table + (8 * behind), _ => target) : "no such entry";
    }

    private static string CutInside(Random random, QedLayout layout, ref byte[] file)
    {
        int by = QedLayout.Pick(random, 1, 8, 256, 511, 512, 513, 1024, layout.ClusterSize - 1, layout.ClusterSize, layout.ClusterSize + 1, layout.ClusterSize - 512);
        return Cut(ref file, file.Length - by);
    }

    private static string CutSomewhere(Random random, QedLayout layout, ref byte[] file)
    {
        long length = random.Next(4) switch
        {
            0 => random.Next(file.Length),
            1 => (random.Next(file.Length) / layout.ClusterSize * (long)layout.ClusterSize) + QedLayout.Pick(random, 0, 1, 511, 512, layout.ClusterSize - 1),
            2 => AnyTable(random, layout) + random.Next(layout.TableBytes),
            _ => layout.L1Offset + random.Next(layout.TableBytes),
        };
        return Cut(ref file, length);
    }

    private static string CutBySectors(Random random, QedLayout layout, ref byte[] file) =>
        Cut(ref file, file.Length - (512L * random.Next(1, 3 * layout.ClusterSize / 512)));

    private static string GrowTail(Random random, QedLayout layout, ref byte[] file)
    {
        int by = QedLayout.Pick(random, 1, 511, 512, layout.ClusterSize - 1, layout.ClusterSize, layout.ClusterSize + 700, 3 * layout.ClusterSize);
        int old = file.Length;
        Array.Resize(ref file, old + by);
        if (random.Next(3) > 0)
        {
            QedLayout.Stamp(file.AsSpan(old), 7777, old);
        }

        return $"by {by}";
    }

    private static string Mark(Random random, QedLayout layout, ref byte[] file)
    {
        file[16] ^= (byte)ReferenceQed.NeedsCheckBit;
        return string.Empty;
    }

    private static string ForgetEntry(Random random, QedLayout layout, ref byte[] file) =>
        Change(file, AnyEntry(random, layout), _ => random.Next(3) == 0 ? 1 : 0);

    private static string DamageData(Random random, QedLayout layout, ref byte[] file)
    {
        long at = AnyData(random, layout) + random.Next(layout.ClusterSize);
        if (at < file.Length)
        {
            file[at] ^= 0x10;
        }

        return $"{at}";
    }

    private static string DamageName(Random random, QedLayout layout, ref byte[] file)
    {
        long at = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(56)) + (uint)random.Next(8);
        if (at < file.Length)
        {
            file[at] ^= (byte)(1 << random.Next(5));
        }

        return $"{at}";
    }

    private static string Cut(ref byte[] file, long length)
    {
        int old = file.Length;
        if (length > 0 && length < old)
        {
            Array.Resize(ref file, (int)length);
        }

        return $"{old} to {file.Length}";
    }

    private static string Change(byte[] file, long at, Func<long, long> change)
    {
        if (at < 0 || at + 8 > file.Length)
        {
            return "no such entry";
        }

        long old = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan((int)at));
        long value = change(old);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan((int)at), value);
        return $"at {at}: {old} to {value}";
    }

    private static long AnyOf(Random random, List<long> all, long otherwise) => all.Count == 0 ? otherwise : all[random.Next(all.Count)];

    private static long AnyData(Random random, QedLayout layout) => AnyOf(random, layout.Data, layout.File.Length - layout.ClusterSize);

    private static long AnyTable(Random random, QedLayout layout) => AnyOf(random, layout.Tables, layout.L1Offset);

    private static long AnyEntry(Random random, QedLayout layout) =>
        random.Next(3) == 0 ? AnyOf(random, layout.L1Entries, layout.L1Offset) : AnyOf(random, layout.L2Entries, AnyL2Place(random, layout));

    private static long AnyL1Place(Random random, QedLayout layout) => random.Next(2) == 0
        ? AnyOf(random, layout.L1Entries, layout.L1Offset)
        : layout.L1Offset + (8 * random.NextInt64((layout.Length / (layout.Entries * layout.ClusterSize)) + 1));

    private static long AnyL2Place(Random random, QedLayout layout) => AnyTable(random, layout) + (8 * random.Next(64));
}
