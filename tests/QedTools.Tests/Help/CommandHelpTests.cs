using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Xunit;

namespace QedTools.Tests.Help;

/// <summary>
/// A cmdlet's page, the file that Get-Help reads and the cmdlet itself agree. Needs neither PlatyPS nor pwsh: the output of
/// `build.ps1 -Task Docs` is committed, and is compared here.
/// </summary>
public sealed class CommandHelpTests(HelpSession session) : IClassFixture<HelpSession>
{
    private static readonly string[] Sections =
        ["SYNOPSIS", "SYNTAX", "ALIASES", "DESCRIPTION", "EXAMPLES", "PARAMETERS", "INPUTS", "OUTPUTS", "NOTES", "RELATED LINKS"];

    public static TheoryData<string> Names => [.. HelpPage.Names()];

    [Fact]
    public void Every_cmdlet_has_a_page_and_is_in_the_file_that_Get_Help_reads()
    {
        string[] cmdlets = [.. session.Cmdlets.Keys.Order(StringComparer.Ordinal)];
        Assert.Equal(cmdlets, HelpPage.Names());
        Assert.Equal(cmdlets, MamlCommand.ReadAll().Select(command => command.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_is_complete(string name)
    {
        HelpPage page = HelpPage.Read(name);

        Assert.Equal(name, page.Name);
        Assert.Equal("QedTools", page.Metadata["Module Name"]);
        Assert.Equal("QedTools.dll-Help.xml", page.Metadata["external help file"]);
        Assert.Equal("2024-05-01", page.Metadata["PlatyPS schema version"]);
        Assert.Equal(Sections, page.Titles);
        Assert.True(page.Examples.Count >= 3, $"{name} has {page.Examples.Count} examples.");
        Assert.Equal(page.Examples.Select((_, index) => $"Example {index + 1}: "), page.Examples.Select(example => example.Title[..(example.Title.IndexOf(": ", StringComparison.Ordinal) + 2)]));
        Assert.All(page.Parameters, parameter => Assert.NotEmpty(HelpText.Paragraphs(parameter.Description)));
        Assert.All(["synopsis: ", "description: ", "input: ", "output: ", "output says: ", "note: ", "link: "], kind => Assert.Contains(page.Facts(), fact => fact.StartsWith(kind, StringComparison.Ordinal) && fact.Length > kind.Length));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Get_Help_shows_the_text_of_the_page(string name)
    {
        MamlCommand command = MamlCommand.ReadAll().Single(candidate => candidate.Name == name);

        // After changing a page, run: pwsh ./build.ps1 -Task Docs
        Assert.Equal(HelpPage.Read(name).Facts(), command.Facts());
        Assert.Empty(command.Texts.SelectMany(HelpText.Residue));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_page_has_the_parameters_of_the_cmdlet(string name)
    {
        HelpPage page = HelpPage.Read(name);
        CmdletShape cmdlet = new(session.Cmdlets[name]);

        Assert.Equal(cmdlet.Parameters.Select(parameter => parameter.Name), page.Parameters.Select(parameter => parameter.Name));
        Assert.All(page.Parameters.Zip(cmdlet.Parameters), pair =>
        {
            (PageParameter documented, ParameterMetadata actual) = pair;
            Assert.Equal(CmdletShape.TypeName(actual), documented.Type);
            Assert.Equal(actual.Aliases, documented.Aliases);
            Assert.Equal(CmdletShape.Values(actual), documented.AcceptedValues);
            Assert.Equal(CmdletShape.HasWildcards(actual), documented.SupportsWildcards);
            Assert.Equal(CmdletShape.Bindings(actual), documented.Sets.Select(PageParameter.Binding).Order(StringComparer.Ordinal));
            bool isOptional = actual.ParameterSets.Values.Any(set => !set.IsMandatory);
            if (isOptional && cmdlet.InitialValue(actual) is { Length: > 0 } initial)
            {
                Assert.Equal(initial, documented.DefaultValue);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_page_has_the_syntax_and_the_outputs_of_the_cmdlet(string name)
    {
        HelpPage page = HelpPage.Read(name);
        CmdletShape cmdlet = new(session.Cmdlets[name]);

        Assert.Equal(cmdlet.OutputTypes, page.OutputTypes);
        Assert.Equal(
            cmdlet.Sets.Select(set => (set.Name, set.IsDefault, cmdlet.Syntax(set))).Order(),
            page.Syntaxes.Select(syntax => (syntax.Name, syntax.IsDefault, syntax.Text)).Order());
        Assert.DoesNotContain(page.Syntaxes.Skip(1), syntax => syntax.IsDefault);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Get_Help_has_the_parameters_of_the_cmdlet(string name)
    {
        MamlCommand command = MamlCommand.ReadAll().Single(candidate => candidate.Name == name);
        CmdletShape cmdlet = new(session.Cmdlets[name]);

        Assert.Equal(
            cmdlet.Sets.Select(set => Lines(cmdlet.OwnParameters(set).Select(cmdlet.Fact))).Order(StringComparer.Ordinal),
            command.Syntaxes.Select(Lines).Order(StringComparer.Ordinal));
        Assert.Equal(cmdlet.Parameters.Select(parameter => parameter.Name), command.Parameters.Select(parameter => parameter.Name));
        Assert.All(command.Parameters, parameter => Assert.Contains(
            parameter with { DefaultValue = string.Empty },
            General(cmdlet, parameter.Name)));
    }

    private static string Lines(IEnumerable<ParameterFact> parameters) => string.Join(
        '\n', parameters.Select(parameter => $"{parameter with { DefaultValue = string.Empty }}").Order(StringComparer.Ordinal));

    // The parameter in each of the sets, but marked as required, and as bound from the pipeline, if it is so in any of them.
    private static IEnumerable<ParameterFact> General(CmdletShape cmdlet, string name)
    {
        ParameterFact[] facts = [.. cmdlet.Sets.SelectMany(cmdlet.OwnParameters).Where(parameter => parameter.Name == name).Select(cmdlet.Fact)];
        string pipeline = facts.MaxBy(fact => fact.Pipeline.Length)!.Pipeline;
        return facts.Select(fact => fact with { IsRequired = facts.Any(other => other.IsRequired), Pipeline = pipeline });
    }
}
