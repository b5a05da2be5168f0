using System;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>Random operations by clients in all styles, compared with plain bytes: through the server, and in the file after it has ended.</summary>
public sealed class ServedModelTests(ITestOutputHelper output)
{
    private const int Steps = 250;

    [Theory]
    [InlineData("qed", 1)]
    [InlineData("overlay", 2)]
    [InlineData("overlay", 3)]
    [InlineData("raw", 4)]
    [InlineData("temporary", 5)]
    public void A_served_disk_holds_what_was_written(string kind, int seed)
    {
        seed = Seeds.From(seed);
        output.WriteLine($"{Seeds.Variable}={seed}");
        Random random = new(seed);
        using ServedFile file = ServedFile.Start(kind, isTcp: seed % 2 == 0);
        NbdTestClient[] clients = [file.Open(HeaderStyle.Simple), file.Open(HeaderStyle.Structured, Nbd.Allocation, Nbd.Depth), file.Open(HeaderStyle.Extended, Nbd.Allocation)];
        Assert.All(clients, client => Assert.Equal((ulong)file.Model.Length, client.Size));
        for (int step = 0; step < Steps; step++)
        {
            string done = Step(random, random.Pick<NbdTestClient>(clients), file.Model);
            if (step % 25 == 0 || step == Steps - 1)
            {
                byte[] read = random.Pick<NbdTestClient>(clients).Read(0, file.Model.Length);
                Assert.True(read.AsSpan().SequenceEqual(file.Model), $"After step {step}, {done}, with seed {seed}: {read.AsSpan().CommonPrefixLength(file.Model)}");
            }
        }

        foreach (NbdTestClient client in clients)
        {
            client.Disconnect();
            client.Dispose();
        }

        Assert.True(file.Server.BytesRead > 0 && file.Server.BytesWritten > 0);
        Assert.Null(file.Server.LastError);
        file.StopAndCompare();
    }

    private static string Step(Random random, NbdTestClient client, byte[] model)
    {
        int offset = random.Next(5) switch { 0 => model.Length - random.Next(1, 5000), 1 or 2 => random.Next(model.Length / 4096) * 4096, _ => random.Next(model.Length) };
        int length = Math.Min(model.Length - offset, random.Next(8) switch { 0 => random.Next(1, 600_000), 1 or 2 => random.Next(1, 10) * 4096, _ => random.Next(1, 20_000) });
        int fua = random.Next(10) == 0 ? Nbd.Fua : 0;
        Span<byte> range = model.AsSpan(offset, length);
        string where = $"{client.Style} {offset}+{length}";
        switch (random.Next(9))
        {
            case 0:
                Assert.Equal(0u, client.Do(Nbd.CmdFlush));
                return "flush";
            case 1:
                Assert.Equal(0u, client.Do(Nbd.CmdTrim, (ulong)offset, (ulong)length, fua));
                byte[] left = client.Read((ulong)offset, length);
                for (int i = 0; i < length; i++)
                {
                    Assert.True(left[i] == 0 || left[i] == range[i], $"trim {where} at {i}");
                }

                left.CopyTo(range);
                return "trim " + where;
            case 2:
                int flags = random.Pick(0, 0, Nbd.NoHole, Nbd.FastZero) | fua;
                uint error = client.Do(Nbd.CmdWriteZeroes, (ulong)offset, (ulong)length, flags);
                Assert.True(error == 0 || (error == Nbd.ENotSup && (flags & Nbd.FastZero) != 0), $"zero {where}: {error}");
                if (error == 0)
                {
                    range.Clear();
                }

                return "zero " + where;
            case 3:
                byte[] read = client.Read((ulong)offset, length, client.Style == HeaderStyle.Simple ? 0 : random.Pick(0, (int)Nbd.Df));
                Assert.True(read.AsSpan().SequenceEqual(range), $"read {where}");
                return "read " + where;
            case 4 when client.Contexts.Count > 0:
                NbdTestReply reply = client.Call(Nbd.CmdBlockStatus, (ulong)offset, (ulong)length, random.Pick(0, (int)Nbd.ReqOne));
                int at = 0;
                foreach ((ulong count, ulong status) in reply.Extents[client.Contexts[Nbd.Allocation]])
                {
                    Assert.True((status & Nbd.StateZero) == 0 || range.Slice(at, (int)count).IndexOfAnyExcept((byte)0) < 0, $"status {where} at {at}");
                    at += (int)count;
                }

                return "status " + where;
            default:
                byte[] data = NbdTestHost.Bytes(length, random.Next());
                if (random.Next(6) == 0)
                {
                    data.AsSpan().Clear();
                }

                Assert.Equal(0u, client.Write((ulong)offset, data, fua));
                data.CopyTo(range);
                return "write " + where;
        }
    }
}
