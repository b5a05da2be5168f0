using System;
using System.IO;
using System.Text;

namespace QedTools.Tests.Interchange;

/// <summary>Raw files with what compression meets: text, noise, zeroes and holes, one value, noise that comes again.</summary>
internal static class MixedFile
{
    private const int Stretch = 24 << 10;

    /// <summary>Writes a file, and returns its contents.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="seed">Decides what is where.</param>
    public static byte[] Write(string path, int length, int seed)
    {
        Random random = new(seed);
        byte[] contents = new byte[length];
        byte[] noise = new byte[Stretch];
        random.NextBytes(noise);
        using FileStream file = new(path, FileMode.CreateNew);
        file.SetLength(length);
        for (int at = 0; at < length;)
        {
            Span<byte> part = contents.AsSpan(at, Math.Min(random.Next(1, 5) * Stretch, length - at));
            switch (random.Next(6))
            {
                case 0:
                    random.NextBytes(part);
                    break;
                case 1:
                    Repeat(noise, part);
                    break;
                case 2:
                    part.Fill((byte)random.Next(1, 256));
                    break;
                case 3 or 4:
                    Repeat(Text(random), part);
                    break;
                default:
                    at += part.Length; // a hole
                    continue;
            }

            file.Position = at;
            file.Write(part);
            at += part.Length;
        }

        return contents;
    }

    private static byte[] Text(Random random)
    {
        StringBuilder text = new();
        for (int i = 0; i < 400; i++)
        {
            text.Append("line ").Append(random.Next()).Append(": cluster ").Append(random.Next(100)).Append(" of ").Append(random.Next(1000)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Repeat(ReadOnlySpan<byte> pattern, Span<byte> part)
    {
        for (int at = 0; at < part.Length; at += pattern.Length)
        {
            pattern.Slice(0, Math.Min(pattern.Length, part.Length - at)).CopyTo(part.Slice(at));
        }
    }
}
