using System;
using System.IO;
using System.Threading;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>What a conversion leaves behind when its process ends early, and what another process does about it.</summary>
public sealed class PartialFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _source;
    private readonly string _result;

    public PartialFileTests()
    {
        _source = _folder.PathOf("source.raw");
        _result = _folder.PathOf("result.qed");
        byte[] contents = new byte[4 << 20];
        new Random(1).NextBytes(contents);
        File.WriteAllBytes(_source, contents);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Host.NotHearingSignals, SkipUnless = nameof(Host.HearsSignals), SkipType = typeof(Host))]
    [InlineData("TERM", 15)]
    [InlineData("HUP", 1)]
    public void A_process_that_gets_a_signal_to_terminate_removes_its_file_and_ends(string signal, int number)
    {
        using HelperProcess helper = Begin(HelperProcess.HearingSignals("convert", _source, _result));
        Host.Run("kill", "-" + signal, helper.Id);
        helper.Wait();

        Assert.Equal(128 + number, helper.ExitCode);
        Assert.Equal(["source.raw"], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotHearingSignals, SkipUnless = nameof(Host.HearsSignals), SkipType = typeof(Host))]
    public void A_process_that_ignores_the_hangup_of_its_terminal_keeps_its_file()
    {
        using HelperProcess helper = HelperProcess.Under(["nohup"], "convert", _source, _result);
        Assert.Equal("building", helper.ReadLine());
        Host.Run("kill", "-HUP", helper.Id);
        helper.Finish();

        Assert.Equal(0, helper.ExitCode);
        Assert.Equal(["result.qed", "source.raw"], Host.NamesIn(_folder));
    }

    [Fact]
    public void The_leftover_of_a_killed_process_is_removed_by_the_next_one()
    {
        using (HelperProcess helper = Begin())
        {
            helper.Kill();
        }

        Assert.Single(Host.PartialsIn(_folder));
        ImageCreation.Run(_folder.PathOf("other.qed"), new ImageCreationOptions { SizeBytes = 1 << 20 }, Token);

        Assert.Equal(["other.qed", "source.raw"], Host.NamesIn(_folder));
    }

    [Fact]
    public void A_file_that_another_process_is_still_building_is_left_alone()
    {
        using HelperProcess helper = Begin();
        ImageCreation.Run(_folder.PathOf("other.qed"), new ImageCreationOptions { SizeBytes = 1 << 20 }, Token);
        Assert.Single(Host.PartialsIn(_folder));
        helper.Finish();

        Assert.Equal(0, helper.ExitCode);
        Assert.Equal(["other.qed", "result.qed", "source.raw"], Host.NamesIn(_folder));
        Assert.True(DiskComparison.Run(_result, _source, new DiskComparisonOptions(), cancellation: Token).AreEqual);
    }

    [Fact(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    public void A_file_size_limit_is_an_error_and_does_not_end_the_process()
    {
        using HelperProcess helper = Begin();
        Host.Run("prlimit", "--pid", helper.Id, "--fsize=2097152");
        helper.Finish();
        string errors = helper.Errors;

        Assert.Equal(1, helper.ExitCode);
        Assert.Contains(_result, errors, StringComparison.Ordinal);
        Assert.Contains("ulimit -f", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("qedtools-partial", errors, StringComparison.Ordinal);
        Assert.Equal(["source.raw"], Host.NamesIn(_folder));
    }

    private HelperProcess Begin() => Begin(new HelperProcess("convert", _source, _result));

    private HelperProcess Begin(HelperProcess helper)
    {
        Assert.Equal("building", helper.ReadLine());
        Assert.Single(Host.PartialsIn(_folder));
        return helper;
    }
}
