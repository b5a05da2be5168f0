using System;
using System.IO;
using System.Linq;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>A server with a certificate: TLS is required (FORCEDTLS in "TLS support").</summary>
public sealed class StartTlsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly X509Certificate2 _certificate = SelfSigned();
    private readonly byte[] _contents = NbdTestHost.Bytes(1 << 20);
    private QedNbdServer _server;

    public StartTlsTests()
    {
        File.WriteAllBytes(Path, _contents);
        _server = Start(requiresClient: false);
    }

    private string Path => _folder.PathOf("disk.raw");

    public void Dispose()
    {
        _server.Dispose();
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Clients_without_TLS_can_do_nothing()
    {
        using NbdTestClient client = Greet();
        foreach (uint option in new[] { Nbd.OptList, Nbd.OptStructuredReply, Nbd.OptExtendedHeaders, 77u })
        {
            Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(option));
            Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(option, new byte[50_000]));
        }

        foreach (uint option in new[] { Nbd.OptInfo, Nbd.OptGo })
        {
            Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(option, NbdTestClient.InfoQuery("disk.raw")));
            Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(option, NbdTestClient.InfoQuery("unknown")));
            Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(option, []));
        }

        Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(Nbd.OptListMetaContext, NbdTestClient.ContextQuery("disk.raw")));
        Assert.Equal(Nbd.ErrTlsRequired, client.AskOne(Nbd.OptSetMetaContext, NbdTestClient.ContextQuery("disk.raw", Nbd.Allocation)));
        Assert.Equal(Nbd.RepAck, client.AskOne(Nbd.OptAbort));
        client.AssertEnd();
    }

    [Theory]
    [InlineData(Nbd.FixedNewstyle | Nbd.NoZeroes)]
    [InlineData(0)]
    public void The_old_option_ends_a_connection_without_TLS(uint flags)
    {
        using NbdTestClient client = NbdTestClient.Connect(_server.Uri);
        client.Greet(flags);
        if (flags != 0)
        {
            client.SendOption(Nbd.OptExportName, Encoding.UTF8.GetBytes("disk.raw"));
        }

        client.AssertEndSoon(0);
    }

    [Theory]
    [InlineData(HeaderStyle.Simple)]
    [InlineData(HeaderStyle.Structured)]
    [InlineData(HeaderStyle.Extended)]
    public void Under_TLS_everything_works(HeaderStyle style)
    {
        using NbdTestClient client = Greet();
        Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptStartTls, 1));
        BeginTls(client);
        Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptStartTls));
        Assert.Equal(["disk.raw"], client.List());
        Assert.Equal(Nbd.ErrUnknown, client.AskOne(Nbd.OptGo, NbdTestClient.InfoQuery("unknown")));
        client.Agree(style).Go();
        Assert.True(client.Read(0, _contents.Length).AsSpan().SequenceEqual(_contents));
        byte[] data = NbdTestHost.Bytes(300_000, 2);
        Assert.Equal(0u, client.Write(1000, data, Nbd.Fua));
        Assert.Equal(data, client.Read(1000, data.Length));
        client.Disconnect();
    }

    [Fact]
    public void The_old_option_works_under_TLS()
    {
        using NbdTestClient client = Greet();
        BeginTls(client);
        client.ChooseByName("disk.raw");
        Assert.Equal(_contents[..100], client.Read(0, 100));
        client.Disconnect();
    }

    // Otherwise somebody in between could put words into the client's mouth.
    [Fact]
    public void What_comes_in_the_clear_between_the_request_and_TLS_ends_the_connection()
    {
        using NbdTestClient client = Greet();
        byte[] starts = [.. NbdTestClient.UInt64(Nbd.OptionMagic), .. NbdTestClient.UInt32(Nbd.OptStartTls), .. NbdTestClient.UInt32(0)];
        byte[] lists = [.. NbdTestClient.UInt64(Nbd.OptionMagic), .. NbdTestClient.UInt32(Nbd.OptList), .. NbdTestClient.UInt32(0)];
        client.Send([.. starts, .. lists]);
        if (client.ReceiveUpTo(20).Length > 0)
        {
            Assert.ThrowsAny<Exception>(() => client.BeginTls(_certificate));
        }
    }

    [Fact]
    public void Something_else_than_TLS_after_the_acknowledgement_ends_the_connection()
    {
        using NbdTestClient client = Greet();
        Assert.Equal(Nbd.RepAck, client.AskOne(Nbd.OptStartTls));
        client.Send([.. NbdTestClient.UInt64(Nbd.OptionMagic), .. NbdTestClient.UInt32(Nbd.OptList), .. NbdTestClient.UInt32(0), .. new byte[200]]);
        client.AssertEndSoon(1000);

        using NbdTestClient next = Greet();
        BeginTls(next);
        next.Go();
    }

    [Fact]
    public void A_client_without_a_certificate_is_refused_where_one_is_required()
    {
        _server.Dispose();
        _server = Start(requiresClient: true);
        using NbdTestClient client = Greet();
        Assert.Equal(Nbd.RepAck, client.AskOne(Nbd.OptStartTls));
        try
        {
            client.BeginTls(_certificate);
            client.SendOption(Nbd.OptList, []);
            client.AssertEndSoon(0);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Which of the steps fails depends on the version of TLS.
        }
    }

    private NbdTestClient Greet()
    {
        NbdTestClient client = NbdTestClient.Connect(_server.Uri);
        client.Greet();
        return client;
    }

    private void BeginTls(NbdTestClient client)
    {
        Assert.Equal(Nbd.RepAck, client.AskOne(Nbd.OptStartTls));
        client.BeginTls(_certificate);
    }

    private QedNbdServer Start(bool requiresClient) => DiskServing.Start(
        Path,
        new DiskServingOptions { Writable = true, Port = 0, Certificate = _certificate, RequireClientCertificate = requiresClient });

    private static X509Certificate2 SelfSigned()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        // With a key that every host's TLS can use.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }
}
