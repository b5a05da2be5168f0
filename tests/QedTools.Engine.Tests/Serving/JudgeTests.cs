using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>Clients that others have written: those of libnbd and of QEMU.</summary>
public sealed class JudgeTests
{
    public const string LibnbdReason = "nbdinfo and nbdcopy are not installed (Debian: libnbd-bin)";
    public const string ShellReason = "nbdsh is not installed, or its Python lacks the module nbd (Debian: python3-libnbd)";

    public static bool HasLibnbd { get; } = Qemu.IsOnPath("nbdinfo") && Qemu.IsOnPath("nbdcopy");

    public static bool HasShell { get; } = Qemu.IsOnPath("nbdsh") && Start("nbdsh", "-c", "pass").Code == 0;

    public static TheoryData<bool> Endpoints => [false, true];

    [Theory(Skip = LibnbdReason, SkipUnless = nameof(HasLibnbd))]
    [MemberData(nameof(Endpoints))]
    public void Nbdinfo_lists_and_describes_the_export(bool isTcp)
    {
        using ServedFile file = ServedFile.Start("overlay", isTcp: isTcp);
        using JsonDocument list = JsonDocument.Parse(Run("nbdinfo", "--list", "--json", Root(file.Uri)));
        Assert.Equal("newstyle-fixed", list.RootElement.GetProperty("protocol").GetString());
        AssertDescribes(Assert.Single(list.RootElement.GetProperty("exports").EnumerateArray()), file);

        using JsonDocument one = JsonDocument.Parse(Run("nbdinfo", "--json", file.Uri));
        AssertDescribes(Assert.Single(one.RootElement.GetProperty("exports").EnumerateArray()), file);
        Assert.Contains("disk.qed", Run("nbdinfo", "--list", Root(file.Uri)), StringComparison.Ordinal);
        Assert.Equal(file.Model.Length.ToString(CultureInfo.InvariantCulture), Run("nbdinfo", "--size", file.Uri).Trim());
        file.StopAndCompare();
    }

    [Theory(Skip = LibnbdReason, SkipUnless = nameof(HasLibnbd))]
    [MemberData(nameof(Endpoints))]
    public void Nbdinfo_maps_the_disk_in_both_contexts(bool isTcp)
    {
        using ServedFile file = ServedFile.Start("overlay", isTcp: isTcp);
        using (NbdTestClient client = file.Open(HeaderStyle.Structured))
        {
            byte[] data = NbdTestHost.Bytes(65_536, 9);
            data.CopyTo(file.Model, 2 << 20);
            Assert.Equal(0u, client.Write(2 << 20, data));
            file.Model.AsSpan(0, 65_536).Clear();
            Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, 0, 65_536));
            client.Disconnect();
        }

        using JsonDocument map = JsonDocument.Parse(Run("nbdinfo", "--map", "--json", file.Uri));
        long at = 0;
        foreach (JsonElement extent in map.RootElement.EnumerateArray())
        {
            Assert.Equal(at, extent.GetProperty("offset").GetInt64());
            int length = extent.GetProperty("length").GetInt32();
            bool isHole = extent.GetProperty("type").GetInt32() == (Nbd.StateHole | Nbd.StateZero);
            Assert.Equal(isHole, file.Model.AsSpan((int)at, length).IndexOfAnyExcept((byte)0) < 0);
            at += length;
        }

        Assert.Equal(file.Model.Length, at);

        // Zeroes on top, raw data two below, the middle, nothing, and what was written on top.
        using JsonDocument depths = JsonDocument.Parse(Run("nbdinfo", "--map=qemu:allocation-depth", "--json", file.Uri));
        Assert.Equal([1, 3, 2, 0, 1, 0], depths.RootElement.EnumerateArray().Select(extent => extent.GetProperty("type").GetInt32()));
        file.StopAndCompare();
    }

    [Theory(Skip = LibnbdReason, SkipUnless = nameof(HasLibnbd))]
    [InlineData("qed", true)]
    [InlineData("raw", false)]
    [InlineData("overlay", true)]
    [InlineData("temporary", false)]
    public void Nbdcopy_copies_both_ways_with_four_connections(string kind, bool isTcp)
    {
        using ServedFile file = ServedFile.Start(kind, isTcp: isTcp);
        byte[] data = NbdTestHost.Bytes(file.Model.Length, 7);
        data.AsSpan(500_000, 900_000).Clear();
        File.WriteAllBytes(file.PathOf("in.raw"), data);
        Run("nbdcopy", "--connections=4", "--requests=16", "--flush", file.PathOf("in.raw"), file.Uri);
        data.CopyTo(file.Model, 0);
        File.WriteAllBytes(file.PathOf("out.raw"), []);
        Run("nbdcopy", "--connections=4", "--requests=16", file.Uri, file.PathOf("out.raw"));
        Assert.True(File.ReadAllBytes(file.PathOf("out.raw")).AsSpan().SequenceEqual(data));
        file.StopAndCompare();
    }

    [Theory(Skip = LibnbdReason, SkipUnless = nameof(HasLibnbd))]
    [MemberData(nameof(Endpoints))]
    public void Nbdcopy_copies_from_one_server_to_another(bool isTcp)
    {
        using ServedFile from = ServedFile.Start("overlay", isReadOnly: true, isTcp: isTcp);
        using ServedFile to = ServedFile.Start("temporary", isTcp: !isTcp);
        Run("nbdcopy", "--connections=4", from.Uri, to.Uri);
        using NbdTestClient client = to.Open(HeaderStyle.Structured);
        Assert.True(client.Read(0, from.Model.Length).AsSpan().SequenceEqual(from.Model));
        from.StopAndCompare();
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Endpoints))]
    public void Qemu_img_describes_converts_and_compares(bool isTcp)
    {
        using ServedFile file = ServedFile.Start("overlay", isTcp: isTcp);
        using (JsonDocument info = JsonDocument.Parse(Run("qemu-img", "info", "-f", "raw", "--output=json", file.Uri)))
        {
            Assert.Equal(file.Model.Length, info.RootElement.GetProperty("virtual-size").GetInt64());
        }

        string copy = file.PathOf("copy.raw");
        Run("qemu-img", "convert", "-f", "raw", "-O", "raw", file.Uri, copy);
        Assert.True(File.ReadAllBytes(copy).AsSpan().SequenceEqual(file.Model));
        Run("qemu-img", "compare", "-f", "raw", "-F", "raw", file.Uri, copy);

        byte[] data = NbdTestHost.Bytes(file.Model.Length, 8);
        data.AsSpan(1_000_000, 1_000_000).Clear();
        File.WriteAllBytes(copy, data);
        Run("qemu-img", "convert", "-n", "-W", "-m", "8", "-f", "raw", "-O", "raw", copy, file.Uri);
        data.CopyTo(file.Model, 0);
        Run("qemu-img", "compare", "-f", "raw", "-F", "raw", file.Uri, copy);
        using (JsonDocument map = JsonDocument.Parse(Run("qemu-img", "map", "-f", "raw", "--output=json", file.Uri)))
        {
            Assert.Equal(file.Model.Length, map.RootElement.EnumerateArray().Sum(extent => extent.GetProperty("length").GetInt64()));
            Assert.Contains(map.RootElement.EnumerateArray(), extent => extent.GetProperty("zero").GetBoolean());
        }

        file.StopAndCompare();
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Endpoints))]
    public void Qemu_io_writes_reads_zeroes_and_discards(bool isTcp)
    {
        using ServedFile file = ServedFile.Start("qed", isTcp: isTcp);
        string output = Run(
            "qemu-io", "-f", "raw", "-d", "unmap",
            "-c", "write -P 17 1000 70000", "-c", "write -f -P 34 1M 512", "-c", "write -z 8k 8k", "-c", "write -z -u 32k 8k",
            "-c", "discard 64k 4k", "-c", "flush", "-c", "aio_write -P 51 2M 1M", "-c", "aio_flush",
            "-c", "read -P 17 1000 7192", "-c", "read -P 0 8k 8k", "-c", "read -P 0 32k 8k", "-c", "read -P 0 64k 4k", "-c", "read -P 51 2M 1M",
            "-c", "read -P 34 1M 512", file.Uri);
        Assert.DoesNotContain("failed", output, StringComparison.Ordinal);
        file.Model.AsSpan(1000, 70_000).Fill(17);
        file.Model.AsSpan(1 << 20, 512).Fill(34);
        file.Model.AsSpan(8192, 8192).Clear();
        file.Model.AsSpan(32_768, 8192).Clear();
        file.Model.AsSpan(65_536, 4096).Clear();
        file.Model.AsSpan(2 << 20, 1 << 20).Fill(51);
        file.StopAndCompare();

        using ServedFile locked = ServedFile.Start("qed", isReadOnly: true, isTcp: isTcp);
        (int code, string text, string errors) = Start("qemu-io", "-f", "raw", "-c", "write 0 512", locked.Uri);
        Assert.True(code != 0 || text.Contains("failed", StringComparison.Ordinal), text + errors);
        Run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0 0 64k", locked.Uri);
    }

    [Theory(Skip = ShellReason, SkipUnless = nameof(HasShell))]
    [MemberData(nameof(Endpoints))]
    public void Nbdsh_gets_answers_to_odd_requests(bool isTcp)
    {
        using ServedFile file = ServedFile.Start("qed", isTcp: isTcp);
        string output = Run("nbdsh", "--opt-mode", "-c", $"uri = '{file.Uri}'", "-c", Script);
        Assert.Equal("done", output.Trim());
        file.Model.AsSpan(100, 1000).Fill((byte)'x');
        file.StopAndCompare();
    }

    // Without its own checks, the library sends whatever it is told to.
    private const string Script = """
        import errno

        def fails(code, call, *args):
            try:
                call(*args)
            except nbd.Error as e:
                assert e.errnum == code, (call, args, e.errnum)
            else:
                raise AssertionError((call, args))

        h.set_strict_mode(0)
        h.set_full_info(True)
        h.connect_uri(uri)
        assert h.opt_list(lambda name, description: 0) == 1
        h.set_export_name('nothing')
        fails(errno.ENOENT, h.opt_info)
        h.set_export_name('')
        h.opt_info()
        assert h.get_block_size(nbd.SIZE_PREFERRED) == 4096 and h.get_block_size(nbd.SIZE_MINIMUM) == 1
        assert h.get_block_size(nbd.SIZE_MAXIMUM) == 32 << 20
        assert h.get_canonical_export_name() == 'disk.qed'
        names = []
        h.opt_list_meta_context(lambda name: names.append(name))
        assert names == ['base:allocation', 'qemu:allocation-depth'], names
        h.add_meta_context('base:allocation')
        h.add_meta_context('x-unknown:context')
        h.opt_go()
        size = h.get_size()
        assert h.can_meta_context('base:allocation') and not h.can_meta_context('x-unknown:context')
        assert h.can_multi_conn() and h.can_fast_zero() and h.can_df() and h.can_cache() and not h.is_read_only()

        fails(errno.EINVAL, h.pread, 1, size)
        fails(errno.EINVAL, h.pread, 512, size - 511)
        fails(errno.ENOSPC, h.pwrite, b'1', size)
        fails(errno.ENOSPC, h.zero, 512, size)
        fails(errno.EINVAL, h.trim, 512, size)
        fails(errno.EINVAL, h.cache, 512, size)
        fails(errno.EINVAL, h.block_status, 512, size, lambda *a: 0)
        fails(errno.ENOTSUP, h.zero, 100, 1, nbd.CMD_FLAG_FAST_ZERO)
        fails(errno.EINVAL, h.pread, 512, 0, nbd.CMD_FLAG_NO_HOLE)
        fails(errno.EINVAL, h.pwrite, bytearray(512), 0, nbd.CMD_FLAG_DF)
        h.pwrite(b'x' * 1000, 100, nbd.CMD_FLAG_FUA)
        assert h.pread(1000, 100, nbd.CMD_FLAG_DF) == bytearray(b'x' * 1000)
        assert h.pread(0, 0) == bytearray() and h.pread(0, size) == bytearray()
        h.trim(0, 5)
        h.zero(0, 5)
        h.flush()
        h.zero(size, 0, nbd.CMD_FLAG_FAST_ZERO)
        h.pwrite(b'x' * 1000, 100)
        chunks = []
        h.pread_structured(1 << 20, 0, lambda data, offset, status, error: chunks.append((offset, len(data), status)))
        assert chunks[0][2] == nbd.READ_DATA and chunks[-1][2] == nbd.READ_HOLE, chunks
        extents = []
        h.block_status(size, 0, lambda context, offset, entries, error: extents.extend(entries))
        assert sum(extents[::2]) == size and extents[1] == 0 and extents[-1] == nbd.STATE_HOLE | nbd.STATE_ZERO, extents
        cookies = [h.aio_pread(nbd.Buffer(4096), i * 4096) for i in range(64)]
        while cookies:
            h.poll(-1)
            cookies = [cookie for cookie in cookies if not h.aio_command_completed(cookie)]
        h.shutdown()
        print('done')
        """;

    private static void AssertDescribes(JsonElement export, ServedFile file)
    {
        Assert.Equal("disk.qed", export.GetProperty("export-name").GetString());
        Assert.Equal(file.Model.Length, export.GetProperty("export-size").GetInt64());
        foreach (string can in new[] { "can_cache", "can_df", "can_fast_zero", "can_flush", "can_fua", "can_multi_conn", "can_trim", "can_zero" })
        {
            Assert.True(export.GetProperty(can).GetBoolean(), can);
        }

        Assert.False(export.GetProperty("is_read_only").GetBoolean());
        Assert.Equal((1, 4096, 32 << 20), (export.GetProperty("block_size_minimum").GetInt32(), export.GetProperty("block_size_preferred").GetInt32(), export.GetProperty("block_size_maximum").GetInt32()));
        Assert.Equal([Nbd.Allocation, Nbd.Depth], export.GetProperty("contexts").EnumerateArray().Select(context => context.GetString()).Order());
    }

    // The URI of the server itself, without an export.
    private static string Root(string uri) => Regex.Replace(uri, "/disk\\.[a-z]+", uri.Contains("+unix", StringComparison.Ordinal) ? "/" : string.Empty);

    private static string Run(string program, params string[] arguments)
    {
        (int code, string output, string errors) = Start(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}: {output} {errors}");
        return output;
    }

    // A server that does not answer must not hold the tests up for ever.
    private static (int Code, string Output, string Errors) Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // nbdsh takes the first Python, and the module is in the one of the system.
        start.Environment["PATH"] = "/usr/bin:" + start.Environment["PATH"];
        using Process process = Process.Start(start) ?? throw new InvalidOperationException(program);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience.Limit))
        {
            process.Kill();
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end in time.");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
