using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;

namespace QedTools.Benchmarks.Compare;

/// <summary>The jobs of a server beside qemu-nbd, with the same client. Both servers listen on Unix sockets.</summary>
internal sealed class ServeJobs(Session session)
{
    private const int Depth = 16;
    private const int BlockSize = 4096;
    private const long Step = 409_601L * BlockSize;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    /// <summary>nbdcopy of a served QED image to nothing, which the servers' work and the socket take all the time of.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="size">The disk's size, in bytes.</param>
    /// <param name="connections">How many connections nbdcopy makes.</param>
    public Job CopyOut(Inputs inputs, long size, int connections)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes: true);
        string qed = ToQed(inputs, raw);
        string ours = Start(inputs, qed, isWritable: false);
        string theirs = StartTheirs(inputs, qed, "qed", isWritable: false, connections);
        return new Job(
            $"nbdcopy of {Size(size)} QED out of Start-QedNbdServer, {connections} connections",
            1.00,
            () => NbdCopy($"--connections={connections}", ours, "null:"),
            () => NbdCopy($"--connections={connections}", theirs, "null:"),
            (_, _) => IsEqual(raw, ours) && IsEqual(raw, theirs));
    }

    /// <summary>
    /// nbdcopy of a raw disk into a served QED image, which is new in each round, flushed at the end. qemu-nbd aborts when a QED image gets two
    /// writes at once (an assertion in its driver), so it gets them one by one, or all of them into a qcow2 file.
    /// </summary>
    /// <param name="inputs">The files.</param>
    /// <param name="size">The disk's size, in bytes.</param>
    /// <param name="connections">How many connections nbdcopy makes.</param>
    /// <param name="theirFormat">What qemu-nbd serves: qed or qcow2.</param>
    public Job CopyIn(Inputs inputs, long size, int connections, string theirFormat)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes: false);
        string ourImage = inputs.PathOf("ours.qed");
        string theirImage = inputs.PathOf("theirs." + theirFormat);
        string[] theirOptions = theirFormat == "qed" ? ["--synchronous"] : [$"--connections={connections}"];
        string ours = string.Empty;
        string theirs = string.Empty;
        return new Job(
            $"nbdcopy --flush of {Size(size)} raw into QED in Start-QedNbdServer, {connections} connections; into {theirFormat} in qemu-nbd{(theirFormat == "qed" ? ", one write at a time" : string.Empty)}",
            1.00,
            () => NbdCopy($"--connections={connections}", "--flush", raw, ours),
            () => NbdCopy([.. theirOptions, "--flush", raw, theirs]),
            (_, _) => IsEqual(raw, ours) && IsEqual(raw, theirs))
        {
            BytesWritten = size * 3 / 8,
            BeforeRound = () =>
            {
                inputs.Release();
                Programs.Run("qemu-img", "create", "-q", "-f", "qed", ourImage, size.ToString(CultureInfo.InvariantCulture));
                Programs.Run("qemu-img", "create", "-q", "-f", theirFormat, theirImage, size.ToString(CultureInfo.InvariantCulture));
                ours = Start(inputs, ourImage, isWritable: true);
                theirs = StartTheirs(inputs, theirImage, theirFormat, isWritable: true, connections);
            },
        };
    }

    /// <summary>Random reads of 4 KiB, 16 in flight, by qemu-img bench.</summary>
    /// <param name="inputs">The files.</param>
    /// <param name="size">The disk's size, in bytes.</param>
    /// <param name="reads">How many reads.</param>
    public Job RandomReads(Inputs inputs, long size, int reads)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes: true);
        string qed = ToQed(inputs, raw);
        string ours = Start(inputs, qed, isWritable: false);
        string theirs = StartTheirs(inputs, qed, "qed", isWritable: false, connections: 1);
        return new Job(
            string.Format(CultureInfo.InvariantCulture, "4 KiB random reads from Start-QedNbdServer, {0:#,0}, {1} in flight", reads, Depth),
            1.00,
            () => Bench(ours, reads),
            () => Bench(theirs, reads),
            (_, _) => IsEqual(raw, ours) && IsEqual(raw, theirs));
    }

    // Told to keep the memory that it has, which it would otherwise give back to the system and get again for each request: that takes longer than what
    // either server does.
    private static string NbdCopy(params string[] arguments) =>
        Programs.Run("env", ["MALLOC_MMAP_THRESHOLD_=4194304", "MALLOC_TRIM_THRESHOLD_=1073741824", "MALLOC_TOP_PAD_=67108864", "nbdcopy", .. arguments]);

    private static string Bench(string uri, int reads) => Programs.Run(
        "qemu-img", "bench", "-f", "raw", "-d", $"{Depth}", "-c", $"{reads}", "-s", $"{BlockSize}", "-S", $"{Step}", uri);

    private string Start(Inputs inputs, string image, bool isWritable)
    {
        string socket = inputs.PathOf("ours.sock");
        string uri = session.Run($"(Start-QedNbdServer '{image}' -SocketPath '{socket}'{(isWritable ? " -ReadWrite" : string.Empty)}).Uri")[0].ToString();
        inputs.Keep(() => session.Run("Stop-QedNbdServer * -GracePeriodSeconds 0"));
        return uri;
    }

    private static string StartTheirs(Inputs inputs, string image, string format, bool isWritable, int connections)
    {
        string socket = inputs.PathOf("theirs.sock");
        string[] mode = isWritable ? [] : ["--read-only"];
        Process process = Process.Start("qemu-nbd", [.. mode, "--persistent", $"--shared={connections + 1}", $"--format={format}", $"--socket={socket}", image]);
        inputs.Keep(() =>
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            File.Delete(socket);
        });
        Stopwatch watch = Stopwatch.StartNew();
        while (!File.Exists(socket))
        {
            if (process.HasExited || watch.Elapsed > StartLimit)
            {
                throw new InvalidOperationException("qemu-nbd did not start.");
            }
        }

        return $"nbd+unix:///?socket={socket}";
    }

    private static string ToQed(Inputs inputs, string raw)
    {
        string qed = inputs.PathOf("disk.qed");
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", raw, qed);
        return qed;
    }

    private static bool IsEqual(string raw, string uri) =>
        Programs.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", raw, uri).Contains("identical", StringComparison.Ordinal);

    private static string Size(long bytes) => bytes >= 1 << 30 ? $"{bytes >> 30} GiB" : $"{bytes >> 20} MiB";
}
