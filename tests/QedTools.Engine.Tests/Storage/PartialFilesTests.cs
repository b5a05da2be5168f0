using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Storage;
using QedTools.Storage.Native;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>
/// What a killed process left behind is removed, and nothing else. For tests with real processes, see Reliability/PartialFileTests.
/// </summary>
public sealed class PartialFilesTests : IDisposable
{
    private const string Leftover = ".0123456789abcdef0123456789abcdef.qedtools-partial";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_leftover_is_removed_and_reported_when_the_next_file_is_created_in_its_folder()
    {
        Host.WriteText(_folder, Leftover, "half");
        List<string> reported = [];
        using ReservedName name = ReservedName.Hold(_folder.PathOf("new.qed"), replace: false);
        Assert.Equal([Leftover], Host.NamesIn(_folder));
        using (NewFile file = NewFile.Create(name, trace: new OperationTrace { Decision = reported.Add }))
        {
            file.Commit();
        }

        Assert.Equal(["new.qed"], Host.NamesIn(_folder));
        Assert.Contains(Leftover, Assert.Single(reported), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_still_being_built_is_kept()
    {
        using NewFile first = NewFile.Create(_folder.PathOf("first.qed"), replace: false);
        first.Storage.Write(0, "first"u8);
        using (NewFile second = NewFile.Create(_folder.PathOf("second.qed"), replace: false))
        {
            second.Commit();
        }

        first.Commit();
        Assert.Equal("first", File.ReadAllText(_folder.PathOf("first.qed")));
        Assert.Equal(["first.qed", "second.qed"], Host.NamesIn(_folder));
    }

    [Theory]
    [InlineData(".qedtools-partial")]
    [InlineData(".mine.qedtools-partial")]
    [InlineData("0123456789abcdef0123456789abcdef.qedtools-partial")]
    [InlineData(".0123456789ABCDEF0123456789ABCDEF.qedtools-partial")]
    [InlineData(Leftover + ".bak")]
    public void A_file_with_another_name_is_kept(string name)
    {
        Host.WriteText(_folder, name, "somebody's");
        PartialFiles.Sweep(_folder.Path, trace: null);

        Assert.Equal([name], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_link_with_such_a_name_is_kept_and_so_is_its_target()
    {
        string file = Host.WriteText(_folder, "precious", "somebody's");
        File.CreateSymbolicLink(_folder.PathOf(Leftover), file);
        PartialFiles.Sweep(_folder.Path, trace: null);

        Assert.Equal([Leftover, "precious"], Host.NamesIn(_folder));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void Without_file_system_locks_leftovers_cannot_be_identified_and_nothing_is_removed()
    {
        Host.WriteText(_folder, Leftover, "half");
        ByteLocks.AreMissing.Value = true;
        try
        {
            PartialFiles.Sweep(_folder.Path, trace: null);
        }
        finally
        {
            ByteLocks.AreMissing.Value = false;
        }

        Assert.Equal([Leftover], Host.NamesIn(_folder));
    }
}
