using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Serving;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>
/// Whatever a client sends, the connection ends, nothing unexpected happens in the server, its answers have the form of the protocol, and nothing of
/// another export or of its memory is in them.
/// </summary>
/// <remarks>QEDTOOLS_FUZZ_COUNT sets the number of conversations, and QEDTOOLS_SEED the first seed; a failure names the seed of its conversation.</remarks>
public sealed class ConversationFuzzTests(ITestOutputHelper output)
{
    private const int Conversations = 6000;
    private const int Size = 1 << 20;
    private static readonly byte[] Secret = "Nobody may see this."u8.ToArray();
    private static readonly string[] Names = ["disk", "raw", "locked", "none"];
    private static readonly NbdExport SecretExport = MakeSecret();
    private static readonly NbdExport Locked = NbdTestHost.Export(NbdTestHost.Raw(new byte[Size]), "locked", isReadOnly: true);

    [Fact]
    public void Mutated_conversations_end_and_reveal_nothing()
    {
        bool isAsked = int.TryParse(Environment.GetEnvironmentVariable("QEDTOOLS_FUZZ_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted);
        int count = isAsked ? wanted : Conversations;
        int reached = 0;
        int explained = 0;
        long messages = 0;
        int done = 0;
        Background run = new(() => Seeded.Run(1, count, random =>
        {
            FuzzOwner owner = new(MakeExports());
            FillBuffers();
            byte[] script = Conversation.Make(random, Names, Size);
            ScriptedChannel channel = new(script, random);
            new NbdConnection(channel, owner).Run();
            Assert.Empty(owner.Errors);
            byte[] sent = channel.Sent;
            Assert.True(sent.AsSpan().IndexOf(Secret) < 0, "The secret was sent.");
            int replies = Transcript.Check(sent, Size, channel.IsAborted);
            reached += replies > 0 ? 1 : 0;
            messages += replies;
            explained += owner.Explained;
            Interlocked.Increment(ref done);
        }));
        run.Join("conversations", () => Volatile.Read(ref done));
        output.WriteLine($"{count} conversations from seed {Seeds.From(1)} on: {reached} got replies to requests, {messages} at least, {explained} were cut off.");
        Assert.True(reached > count / 3, $"Only {reached} of {count} conversations came as far as requests: the mutations are too coarse to test anything.");
        Assert.InRange(explained, count / 20, count);
    }

    private static NbdExport MakeSecret()
    {
        byte[] secret = new byte[Size];
        for (int at = 0; at + Secret.Length <= Size; at += 40_960)
        {
            Secret.CopyTo(secret, at);
        }

        return NbdTestHost.Export(NbdTestHost.Raw(secret), new string('s', 200));
    }

    private static List<NbdExport> MakeExports()
    {
        MemoryStorage raw = new("disk.raw");
        raw.SetLength(Size);
        IDisk qed = NbdTestHost.Qed(Size);
        qed.Write(10_000, [1, 2, 3]);
        return
        [
            NbdTestHost.Export(qed),
            NbdTestHost.Export(new RawDisk(raw), "raw"),
            Locked,
            SecretExport,
        ];
    }

    // One buffer of each kind: the next connection takes it.
    private static void FillBuffers()
    {
        foreach (NbdBuffers pool in new[] { NbdBuffers.Large, NbdBuffers.Small })
        {
            byte[] buffer = pool.Rent();
            for (int at = 0; at + Secret.Length <= buffer.Length; at += 1000)
            {
                Secret.CopyTo(buffer, at);
            }

            pool.Return(buffer);
        }
    }

    private sealed class FuzzOwner(List<NbdExport> exports) : INbdClientOwner
    {
        private readonly List<string> _errors = [];

        public NbdExports Exports { get; } = new(exports);

        public NbdTls? Tls => null;

        public NbdTotals Totals { get; } = new();

        public NbdWatch? Watch => null;

        public bool IsStopping => false;

        public bool IsRefusing => false;

        public int Explained { get; private set; }

        public IReadOnlyList<string> Errors => _errors;

        public void Report(NbdExport? export, Exception error)
        {
            lock (_errors)
            {
                _errors.Add(error.ToString());
            }
        }

        public void Explain(string what) => Explained++;
    }
}
