using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>A virtual machine boots from a served image, writes to it and reads it back; the image stays as it is.</summary>
public sealed class BootTests(ITestOutputHelper output) : IDisposable
{
    public const string SkipReason = "qemu-system-x86_64 is not installed, or this is not Unix";

    private const string Greeting = "This text is in the base of a QED image.\r\n";
    private const int Sector = 512;
    private const int Success = 33; // isa-debug-exit: twice the value that was written, plus 1

    // The guest, for the BIOS (loaded at 0000:7C00, the drive in DL). It writes sector 1, reads it into another place and compares, reads sector 2 and
    // prints what is there.
    private static readonly byte[] Program =
    [
        0x31, 0xC0,                   // 00 xor ax, ax
        0x8E, 0xD8,                   // 02 mov ds, ax
        0x8E, 0xC0,                   // 04 mov es, ax
        0x8E, 0xD0,                   // 06 mov ss, ax
        0xBC, 0x00, 0x7C,             // 08 mov sp, 7C00
        0xFC,                         // 0B cld
        0xBF, 0x00, 0x80,             // 0C mov di, 8000
        0xB9, 0x00, 0x01,             // 0F mov cx, 256
        0xB8, 0x5A, 0xA5,             // 12 mov ax, A55A
        0xF3, 0xAB,                   // 15 rep stosw
        0xB8, 0x01, 0x03,             // 17 mov ax, 0301   write a sector
        0xBB, 0x00, 0x80,             // 1A mov bx, 8000
        0xB9, 0x02, 0x00,             // 1D mov cx, 0002   sector 2 of track 0, which is sector 1 of the disk
        0xB6, 0x00,                   // 20 mov dh, 0
        0xCD, 0x13,                   // 22 int 13
        0x72, 0x4A,                   // 24 jc fail (70)
        0xB8, 0x01, 0x02,             // 26 mov ax, 0201   read a sector
        0xBB, 0x00, 0x82,             // 29 mov bx, 8200
        0xB9, 0x02, 0x00,             // 2C mov cx, 0002
        0xB6, 0x00,                   // 2F mov dh, 0
        0xCD, 0x13,                   // 31 int 13
        0x72, 0x3B,                   // 33 jc fail
        0xBE, 0x00, 0x80,             // 35 mov si, 8000
        0xBF, 0x00, 0x82,             // 38 mov di, 8200
        0xB9, 0x00, 0x01,             // 3B mov cx, 256
        0xF3, 0xA7,                   // 3E repe cmpsw
        0x75, 0x2E,                   // 40 jne fail
        0xB8, 0x01, 0x02,             // 42 mov ax, 0201
        0xBB, 0x00, 0x84,             // 45 mov bx, 8400
        0xB9, 0x03, 0x00,             // 48 mov cx, 0003
        0xB6, 0x00,                   // 4B mov dh, 0
        0xCD, 0x13,                   // 4D int 13
        0x72, 0x1F,                   // 4F jc fail
        0xBE, 0x00, 0x84,             // 51 mov si, 8400
        0xAC,                         // 54 next: lodsb
        0x84, 0xC0,                   // 55 test al, al
        0x74, 0x11,                   // 57 jz done (6A)
        0x88, 0xC4,                   // 59 mov ah, al
        0xBA, 0xFD, 0x03,             // 5B mov dx, 3FD    line status
        0xEC,                         // 5E busy: in al, dx
        0xA8, 0x20,                   // 5F test al, 20
        0x74, 0xFB,                   // 61 jz busy
        0x88, 0xE0,                   // 63 mov al, ah
        0xB2, 0xF8,                   // 65 mov dl, F8
        0xEE,                         // 67 out dx, al
        0xEB, 0xEA,                   // 68 jmp next
        0xB0, 0x10,                   // 6A done: mov al, 10
        0xEB, 0x04,                   // 6C jmp end (72)
        0x90, 0x90,                   // 6E nop, nop
        0xB0, 0x11,                   // 70 fail: mov al, 11
        0xE6, 0xF4,                   // 72 end: out F4, al
        0xF4,                         // 74 hlt
        0xEB, 0xFD,                   // 75 jmp 74
    ];

    private readonly TempFolder _folder = new();

    /// <summary>Whether a machine can be started here and reach a Unix socket.</summary>
    public static bool IsPossible => Qemu.IsInstalled && Qemu.IsOnPath("qemu-system-x86_64") && !OperatingSystem.IsWindows();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Skip = SkipReason, SkipUnless = nameof(IsPossible))]
    public void A_machine_boots_from_an_image_that_it_does_not_change()
    {
        string image = MakeOverlay();
        byte[] before = SHA256.HashData(File.ReadAllBytes(image));
        using (QedNbdServer server = DiskServing.Start(image, new DiskServingOptions { Temporary = true, SocketPath = _folder.PathOf("s") }, cancellation: Token))
        {
            RequireBoot(server.Uri);

            // By another program: what the guest wrote is on the served disk, for all clients.
            Qemu.Io(server.Uri, "raw", "read -P 0x5a 512 1", "read -P 0xa5 513 1", "read -P 0x5a 1022 1", "read -P 0xa5 1023 1");
        }

        Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(image)));
    }

    [Fact(Skip = SkipReason, SkipUnless = nameof(IsPossible))]
    public void What_a_machine_writes_is_in_an_image_that_clients_may_change()
    {
        string image = MakeOverlay();
        using (QedNbdServer server = DiskServing.Start(image, new DiskServingOptions { Writable = true, Port = 0 }, cancellation: Token))
        {
            RequireBoot(server.Uri);
        }

        byte[] disk = DiskBytes.OfFile(image);
        Assert.All(Enumerable.Range(Sector, Sector), at => Assert.Equal(at % 2 == 0 ? 0x5A : 0xA5, disk[at]));
        Assert.Equal(Greeting, Encoding.ASCII.GetString(disk, 2 * Sector, Greeting.Length));
        Assert.Contains("No errors were found", Qemu.Img("check", "-f", "qed", image), StringComparison.Ordinal);
    }

    // The text is in the backing file, the program in the overlay.
    private string MakeOverlay()
    {
        byte[] contents = new byte[1 << 20];
        Encoding.ASCII.GetBytes(Greeting).CopyTo(contents, 2 * Sector);
        File.WriteAllBytes(_folder.PathOf("base.raw"), contents);
        string image = _folder.PathOf("machine.qed");
        ImageCreation.Run(image, new ImageCreationOptions { BackingFile = "base.raw" }, Token);
        byte[] boot = new byte[Sector];
        Program.CopyTo(boot, 0);
        (boot[510], boot[511]) = (0x55, 0xAA);
        using DiskStream disk = DiskOpening.Run(
            image, new DiskOpeningOptions { Writable = true }, cancellation: Token);
        disk.Write(boot);
        return image;
    }

    private void RequireBoot(string uri)
    {
        ProcessStartInfo start = new("qemu-system-x86_64") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        IEnumerable<string> arguments =
        [
            "-accel", "tcg", "-m", "32", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
            "-drive", $"file={uri},format=raw,if=ide",
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Stopwatch time = Stopwatch.StartNew();
        using Process machine = Process.Start(start) ?? throw new InvalidOperationException(start.FileName);
        Task<string> serial = machine.StandardOutput.ReadToEndAsync(Token);
        Task<string> errors = machine.StandardError.ReadToEndAsync(Token);
        if (!machine.WaitForExit(Patience.Limit))
        {
            machine.Kill();
            machine.WaitForExit();
            Assert.Fail($"The machine was not done after {Patience.Limit}: {serial.GetAwaiter().GetResult()} {errors.GetAwaiter().GetResult()}");
        }

        string text = serial.GetAwaiter().GetResult();
        Assert.True(machine.ExitCode == Success, $"The machine ended with {machine.ExitCode}: '{text}' {errors.GetAwaiter().GetResult()}");
        Assert.Equal(Greeting, text);
        output.WriteLine($"{uri}: {time.Elapsed.TotalSeconds:0.0} s");
    }
}
