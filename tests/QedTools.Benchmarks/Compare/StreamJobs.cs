using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;

namespace QedTools.Benchmarks.Compare;

/// <summary>The jobs that read and write small blocks all over a disk, through the stream of Open-QedImage.</summary>
internal sealed class StreamJobs(Session session)
{
    private const int BlockSize = 4096;

    // qemu-img bench advances by a fixed step. This one has no common factor with the number of blocks, so that no block comes twice,
    // and each step leads to another table, which is as hard as random access.
    private const long Step = 409_601L * BlockSize;

    public Job RandomReads(Inputs inputs, long size, int reads)
    {
        string raw = inputs.ScatteredRaw("disk.raw", size, storesZeroes: false);
        string qed = inputs.PathOf("disk.qed");
        Programs.Run("qemu-img", "convert", "-f", "raw", "-O", "qed", raw, qed);
        return new Job(
            $"4 KiB random reads through Open-QedImage's stream, {Count(reads)}",
            0.07,
            () =>
            {
                using Stream stream = (Stream)session.Run($"Open-QedImage '{qed}'")[0].BaseObject;
                return ReadAll(stream, size, reads);
            },
            () => Programs.Run("qemu-img", "bench", "-f", "qed", "-d", "1", "-c", $"{reads}", "-s", $"{BlockSize}", "-S", $"{Step}", qed),
            (ours, _) =>
            {
                using FileStream expected = File.OpenRead(raw);
                return ours == ReadAll(expected, size, reads);
            });
    }

    public Job RandomWrites(Inputs inputs, long size, int writes)
    {
        string ours = inputs.PathOf("ours.qed");
        string theirs = inputs.PathOf("theirs.qed");
        return new Job(
            $"4 KiB random allocating writes through Open-QedImage's stream, {Count(writes)}, both flushed at the end",
            0.10,
            () =>
            {
                using Stream stream = (Stream)session.Run($"Open-QedImage '{ours}' -ReadWrite")[0].BaseObject;
                byte[] block = new byte[BlockSize];
                Array.Fill(block, (byte)1);
                long at = 0;
                for (int i = 0; i < writes; i++, at = (at + Step) % size)
                {
                    stream.Position = at;
                    stream.Write(block);
                }

                return string.Empty;
            },
            () => Programs.Run("qemu-img", "bench", "-w", "--pattern=1", "-f", "qed", "-d", "1", "-c", $"{writes}", "-s", $"{BlockSize}", "-S", $"{Step}", theirs),
            (_, _) => Programs.Run("qemu-img", "compare", ours, theirs).Contains("identical", StringComparison.Ordinal))
        {
            BytesWritten = (long)writes * 65536,
            BeforeRound = () =>
            {
                foreach (string path in new[] { ours, theirs })
                {
                    File.Delete(path);
                    Programs.Run("qemu-img", "create", "-q", "-f", "qed", path, size.ToString(CultureInfo.InvariantCulture));
                }
            },
        };
    }

    private static string ReadAll(Stream stream, long size, int reads)
    {
        byte[] block = new byte[BlockSize];
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(block);
        ulong sum = 0;
        long at = 0;
        for (int i = 0; i < reads; i++, at = (at + Step) % size)
        {
            stream.Position = at;
            stream.ReadExactly(block);
            sum = (sum * 31) + words[i % words.Length] + words[0];
        }

        return sum.ToString(CultureInfo.InvariantCulture);
    }

    private static string Count(int count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
