using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using QedTools.Tests.Support;

namespace QedTools.Tests.Serving;

/// <summary>What a client sends from the greeting to the end: first sensible, then damaged.</summary>
internal static class Conversation
{
    private static readonly byte[][] Numbers =
    [
        [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0x10, 0], [0, 0, 0x10, 1], [0, 1, 0, 0], [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0xff, 0xff, 0xff, 0xff],
        [0, 0, 0x80, 1], [0, 0x10, 0, 1], [2, 0, 0, 0], [2, 0, 0, 1],
    ];

    /// <summary>A conversation.</summary>
    /// <param name="random">The source of randomness.</param>
    /// <param name="names">The names of exports; the last is of none.</param>
    /// <param name="size">The size of the disks, in bytes.</param>
    public static byte[] Make(Random random, string[] names, int size)
    {
        List<byte[]> messages = [NbdTestClient.UInt32((uint)random.Pick(3, 3, 3, 1, 0, 2))];
        HeaderStyle style = HeaderStyle.Simple;
        for (int i = random.Next(5); i > 0; i--)
        {
            messages.Add(Option(random, names, ref style));
        }

        bool isOld = style != HeaderStyle.Extended && random.Next(4) == 0;
        string name = random.Next(20) == 0 ? random.Pick(names) : names[random.Next(names.Length - 1)];
        messages.Add(isOld ? Option(Nbd.OptExportName, Encoding.UTF8.GetBytes(name)) : Option(Nbd.OptGo, NbdTestClient.InfoQuery(name, Nbd.InfoBlockSize)));
        for (int i = random.Next(12); i > 0; i--)
        {
            messages.Add(Request(random, style, size));
        }

        if (random.Next(2) == 0)
        {
            messages.Add(Request(random, style, Nbd.CmdDisc, 0, 0, 0, []));
        }

        return Damage(random, messages);
    }

    private static byte[] Option(Random random, string[] names, ref HeaderStyle style)
    {
        string name = random.Pick(names);
        switch (random.Next(8))
        {
            case 0:
                return Option(Nbd.OptList, []);
            case 1:
                return Option(Nbd.OptInfo, NbdTestClient.InfoQuery(name, [.. Enumerable.Range(0, random.Next(5)).Select(_ => (ushort)random.Next(5))]));
            case 2:
                return Option((uint)random.Pick(4, 5, 12, 77), new byte[random.Next(40)]);
            case 3:
                style = style == HeaderStyle.Extended ? style : HeaderStyle.Structured;
                return Option(Nbd.OptStructuredReply, []);
            case 4:
                style = HeaderStyle.Extended;
                return Option(Nbd.OptExtendedHeaders, []);
            default:
                string[] queries = [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Pick(Nbd.Allocation, Nbd.Depth, "base:", "qemu:", "x-a:b", "none"))];
                return Option(random.Pick(Nbd.OptListMetaContext, Nbd.OptSetMetaContext, Nbd.OptSetMetaContext), NbdTestClient.ContextQuery(name, queries));
        }
    }

    private static byte[] Option(uint option, byte[] data) =>
        [.. NbdTestClient.UInt64(Nbd.OptionMagic), .. NbdTestClient.UInt32(option), .. NbdTestClient.UInt32((uint)data.Length), .. data];

    private static byte[] Request(Random random, HeaderStyle style, int size)
    {
        ushort command = random.Pick(Nbd.CmdRead, Nbd.CmdRead, Nbd.CmdWrite, Nbd.CmdWrite, Nbd.CmdFlush, Nbd.CmdTrim, Nbd.CmdCache, Nbd.CmdWriteZeroes, Nbd.CmdBlockStatus, Nbd.CmdBlockStatus);
        int flags = random.Next(4) > 0 ? 0 : random.Pick(Nbd.Fua, Nbd.Df, Nbd.NoHole, Nbd.ReqOne, Nbd.FastZero, Nbd.PayloadLen);
        int offset = random.Next(3) == 0 ? random.Next(size) : random.Next(size / 4096) * 4096;
        int length = Math.Min(size - offset, random.Pick(random.Next(1, 700), 512, 4096, 16_385, random.Next(40) == 0 ? 300_000 : 1000));
        byte[] payload = [];
        if (command == Nbd.CmdWrite)
        {
            payload = new byte[length];
            payload.AsSpan().Fill((byte)random.Next(256));
            flags |= style == HeaderStyle.Extended ? Nbd.PayloadLen : 0;
        }

        return Request(random, style, command, (ulong)offset, (ulong)length, flags, payload);
    }

    private static byte[] Request(Random random, HeaderStyle style, ushort command, ulong offset, ulong length, int flags, byte[] payload) =>
    [
        .. NbdTestClient.UInt32(style == HeaderStyle.Extended ? Nbd.ExtendedRequestMagic : Nbd.RequestMagic),
        .. NbdTestClient.UInt16((ushort)flags), .. NbdTestClient.UInt16(command), .. NbdTestClient.UInt64((ulong)random.NextInt64()), .. NbdTestClient.UInt64(offset),
        .. style == HeaderStyle.Extended ? NbdTestClient.UInt64(length) : NbdTestClient.UInt32((uint)length), .. payload,
    ];

    private static byte[] Damage(Random random, List<byte[]> messages)
    {
        for (int i = random.Pick(0, 0, 0, 0, 1, 2); i > 0; i--)
        {
            int at = random.Next(messages.Count);
            switch (random.Next(4))
            {
                case 0:
                    messages.RemoveAt(at);
                    break;
                case 1:
                    messages.Insert(at, messages[random.Next(messages.Count)]);
                    break;
                case 2:
                    int other = random.Next(messages.Count);
                    (messages[at], messages[other]) = (messages[other], messages[at]);
                    break;
            }

            if (messages.Count == 0)
            {
                return [];
            }
        }

        // In a message, near its beginning more often than in its data.
        for (int i = random.Pick(0, 1, 1, 1, 2, 4); i > 0; i--)
        {
            int which = random.Next(4) == 0 ? random.Next(messages.Count) : messages.Count - 1 - (int)(random.NextDouble() * random.NextDouble() * messages.Count);
            byte[] message = messages[which];
            int at = random.Next(random.Next(4) == 0 ? message.Length : Math.Min(message.Length, 40));
            messages[which] = random.Next(10) switch
            {
                0 => [.. message[..at], (byte)(message[at] ^ (1 << random.Next(8))), .. message[(at + 1)..]],
                1 => [.. message[..at], (byte)random.Next(256), .. message[(at + 1)..]],
                2 => [.. message[..at], .. random.Pick<byte[]>(Numbers), .. message[Math.Min(message.Length, at + 4)..]],
                3 => [.. message[..at], .. message[random.Next(at, message.Length)..], 0],
                4 => [.. message[..at], .. new byte[random.Next(1, 20)], .. message[at..]],
                _ => [.. message[..(at / 4 * 4)], .. random.Pick<byte[]>(Numbers), .. message[Math.Min(message.Length, (at / 4 * 4) + 4)..]],
            };
        }

        byte[] all = [.. messages.SelectMany(message => message)];
        return random.Next(8) == 0 ? all[..random.Next(all.Length + 1)] : all;
    }
}
