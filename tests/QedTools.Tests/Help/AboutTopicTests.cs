using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace QedTools.Tests.Help;

/// <summary>The about topics match the pages in docs/en-US, and have the form that every PowerShell version reads.</summary>
public sealed partial class AboutTopicTests
{
    private const string Ending = ".help.txt";

    public static TheoryData<string> Names => [.. Directory.EnumerateFiles(HelpFolders.Pages, "about_*.md").Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    [Fact]
    public void Every_topic_has_a_page() =>
        Assert.Equal(
            Names.Select(row => row.Data),
            Directory.EnumerateFiles(HelpFolders.Generated, "*" + Ending).Select(path => Path.GetFileName(path)[..^Ending.Length]).Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_topic_has_the_text_of_its_page(string name)
    {
        // Heading and fence marks would count as words; HelpText.Plain removes the backticks of inline code.
        string page = Marks().Replace(HelpFolders.Read(HelpFolders.Pages, name + ".md"), string.Empty);

        Assert.Equal(HelpText.Words("TOPIC " + HelpText.Plain(page)), HelpText.Words(HelpFolders.Read(HelpFolders.Generated, name + Ending)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_topic_has_the_form_that_Get_Help_reads(string name)
    {
        string text = HelpFolders.Read(HelpFolders.Generated, name + Ending);
        string[] lines = text.Split('\n');

        Assert.Equal(["TOPIC", "    " + name, string.Empty, "SHORT DESCRIPTION"], lines[..4]);
        // Get-Help uses only this line as the synopsis.
        Assert.Matches(@"^    \S.+\.$", lines[4]);
        Assert.Equal([string.Empty, "LONG DESCRIPTION"], lines[5..7]);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        // Windows PowerShell reads the file in the code page of the machine.
        Assert.All(text, character => Assert.InRange(character, '\n', '~'));
        Assert.Empty(HelpText.Residue(text));
    }

    [GeneratedRegex("^(#+ |```.*\n)", RegexOptions.Multiline)]
    private static partial Regex Marks();
}
