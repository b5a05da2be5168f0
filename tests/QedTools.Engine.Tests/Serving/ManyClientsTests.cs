using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Reliability;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>A hundred clients at once: all of them get what they wrote, and the server needs no more memory later than at the beginning.</summary>
/// <remarks>QEDTOOLS_CLIENT_ROUNDS sets how long it goes on.</remarks>
public sealed class ManyClientsTests(ITestOutputHelper output)
{
    private const int Clients = 100;
    private const int Rounds = 6;
    private const int RequestsInRound = 25;
    private const int RegionBytes = 256 << 10;
    private const int MaxBytes = 64 << 10;

    // A client gets a few threads, each with its buffer, when the disk is slow. After the measurement come thousands of requests.
    private const long MaxGrowth = 48 << 20;

    [Fact]
    public void A_hundred_clients_get_what_they_wrote_and_the_memory_stays_flat()
    {
        int seed = Seeds.One;
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("QEDTOOLS_CLIENT_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted)
            ? wanted : Rounds;
        using TempFolder folder = new();
        string path = folder.PathOf("top.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = (long)Clients * RegionBytes }, TestContext.Current.CancellationToken);
        byte[][] expected = [.. Enumerable.Range(0, Clients).Select(_ => new byte[RegionBytes])];
        using HelperProcess server = new("serve", path, "write");
        string uri = server.ReadLine() ?? throw new InvalidOperationException($"The server ended by itself: {server.Errors}");
        using Process process = Process.GetProcessById(int.Parse(server.Id, CultureInfo.InvariantCulture));
        Stopwatch time = Stopwatch.StartNew();
        string? failure = null;
        long warm = 0;
        long last = 0;

        // Between two rounds nobody asks for anything, so the memory can be compared.
        using Barrier barrier = new(Clients, now =>
        {
            process.Refresh();
            last = process.WorkingSet64;
            warm = now.CurrentPhaseNumber <= rounds / 3 ? last : warm;
            if (now.CurrentPhaseNumber == 0 || now.CurrentPhaseNumber % 20 == 0)
            {
                Report(now.CurrentPhaseNumber);
            }
        });
        Thread[] threads = [.. Enumerable.Range(0, Clients).Select(i => new Thread(() => Use(i), 256 << 10))];
        Array.ForEach(threads, thread => thread.Start());
        TimeSpan limit = Patience.Limit + TimeSpan.FromSeconds(5L * rounds);
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(limit), $"A client was not done after {limit}.");
        }

        Report(rounds);
        Assert.True(failure is null, failure);
        Assert.True(last < warm + MaxGrowth, $"The server used {warm >> 20} MiB at the beginning and {last >> 20} MiB at the end.");
        server.Finish();
        Assert.Equal(0, server.ExitCode);
        byte[] disk = DiskBytes.OfFile(path);
        for (int i = 0; i < Clients; i++)
        {
            Assert.True(disk.AsSpan(i * RegionBytes, RegionBytes).SequenceEqual(expected[i]), $"The part of client {i} differs in the file (seed {seed}).");
        }

        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(path, new ImageCheckOptions(), cancellation: TestContext.Current.CancellationToken).Status);

        void Report(long phase) => output.WriteLine(string.Format(
            CultureInfo.InvariantCulture, "seed {0}, round {1}, {2:0} s: {3} MiB", seed, phase, time.Elapsed.TotalSeconds, last >> 20));

        void Use(int index)
        {
            try
            {
                Random random = new(seed + index);
                using PlainClient client = PlainClient.Connect(uri);
                for (int round = 0; round < rounds && Volatile.Read(ref failure) is null; round++)
                {
                    for (int i = 0; i < RequestsInRound; i++)
                    {
                        Request(client, random, (long)index * RegionBytes, expected[index]);
                    }

                    if (!barrier.SignalAndWait(Patience.Limit))
                    {
                        throw new TimeoutException($"The others were not done with a round after {Patience.Limit}.");
                    }
                }

                client.Disconnect();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, $"Client {index} (seed {seed}): {e}", null);
            }
            finally
            {
                // The others need not wait for this one.
                barrier.RemoveParticipant();
            }
        }
    }

    private static void Request(PlainClient client, Random random, long start, byte[] expected)
    {
        int offset = random.Next(RegionBytes);
        int count = random.Next(1, Math.Min(MaxBytes, RegionBytes - offset) + 1);
        Span<byte> part = expected.AsSpan(offset, count);
        switch (random.Next(40))
        {
            case 0:
                client.Flush();
                break;
            case 1:
                client.Zero(start + offset, count);
                part.Clear();
                break;
            case < 16:
                random.NextBytes(part);
                client.Write(start + offset, part, random.Next(16) == 0 ? PlainClient.Fua : (ushort)0);
                break;
            default:
                if (!client.Read(start + offset, count).AsSpan().SequenceEqual(part))
                {
                    throw new InvalidDataException($"{count} bytes at {start + offset} are not what was written.");
                }

                break;
        }
    }
}
