using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;

namespace QedTools.Tests.Help;

/// <summary>A cmdlet's help in QedTools.dll-Help.xml, the file that Get-Help shows.</summary>
internal sealed class MamlCommand
{
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private readonly XElement _element;

    private MamlCommand(XElement element) => _element = element;

    /// <summary>The cmdlet's name.</summary>
    public string Name => _element.Element(Command + "details")!.Element(Command + "name")!.Value;

    /// <summary>The parameter sets, each as a list of its parameters.</summary>
    public IEnumerable<IReadOnlyList<ParameterFact>> Syntaxes => _element.Element(Command + "syntax")!.Elements(Command + "syntaxItem")
        .Select(item => item.Elements(Command + "parameter").Select(Parameter).ToList());

    /// <summary>The parameters, independent of parameter sets.</summary>
    public IEnumerable<ParameterFact> Parameters => _element.Element(Command + "parameters")!.Elements(Command + "parameter").Select(Parameter);

    /// <summary>All texts except the commands of the examples.</summary>
    public IEnumerable<string> Texts => _element.Descendants(Maml + "para").Select(paragraph => paragraph.Value);

    /// <summary>Reads all commands in the file.</summary>
    public static IReadOnlyList<MamlCommand> ReadAll() =>
        [.. XDocument.Load(Path.Combine(HelpFolders.Generated, "QedTools.dll-Help.xml")).Root!.Elements(Command + "command").Select(element => new MamlCommand(element))];

    /// <summary>Everything that Get-Help shows, a line for each fact, in the same form as <see cref="HelpPage.Facts"/>.</summary>
    public IEnumerable<string> Facts()
    {
        foreach (string line in Say("synopsis", _element.Element(Command + "details")).Concat(Say("description", _element)))
        {
            yield return line;
        }

        foreach (XElement item in _element.Element(Command + "syntax")!.Elements(Command + "syntaxItem"))
        {
            yield return $"syntax: {item.Element(Maml + "name")!.Value}";
            foreach (XElement parameter in item.Elements(Command + "parameter"))
            {
                yield return $"syntax has: {Parameter(parameter)}";
            }
        }

        foreach (XElement parameter in _element.Element(Command + "parameters")!.Elements(Command + "parameter"))
        {
            yield return $"parameter: {Parameter(parameter)}";
            foreach (string line in Say("parameter says", parameter))
            {
                yield return line;
            }
        }

        IEnumerable<string> typed = Typed("input", "inputTypes", "inputType").Concat(Typed("output", "returnValues", "returnValue"));
        foreach (string line in typed.Concat(Say("note", _element.Element(Maml + "alertSet"), "alert")))
        {
            yield return line;
        }

        foreach (XElement example in _element.Element(Command + "examples")!.Elements(Command + "example"))
        {
            yield return $"example: {example.Element(Maml + "title")!.Value.Trim('-', ' ')}";
            yield return $"example shows:\n{example.Element(Dev + "code")!.Value.ReplaceLineEndings("\n")}";
            foreach (string line in Paragraphs("example says", example.Element(Dev + "remarks")))
            {
                yield return line;
            }
        }

        foreach (XElement link in _element.Element(Command + "relatedLinks")!.Elements(Maml + "navigationLink"))
        {
            yield return $"link: {link.Element(Maml + "linkText")!.Value}{link.Element(Maml + "uri")!.Value}";
        }
    }

    private static IEnumerable<string> Say(string what, XElement? parent, string name = "description") => Paragraphs(what, parent?.Element(Maml + name));

    private static IEnumerable<string> Paragraphs(string what, XElement? text) => text is null
        ? []
        : text.Elements(Maml + "para").Where(paragraph => paragraph.Value.Length > 0).Select(paragraph => $"{what}: {HelpText.Words(paragraph.Value)}");

    private static ParameterFact Parameter(XElement element)
    {
        string pipeline = Attribute("pipelineInput");
        string aliases = Attribute("aliases");
        string defaultValue = element.Element(Dev + "defaultValue")!.Value;
        return new ParameterFact(
            element.Element(Maml + "name")!.Value,
            element.Element(Dev + "type")!.Element(Maml + "name")!.Value,
            Attribute("required") == "true",
            Attribute("position"),
            pipeline == "false" ? string.Empty : pipeline["true (".Length..^1],
            Attribute("globbing") == "true",
            aliases == "none" ? string.Empty : aliases,
            string.Join(", ", element.Elements(Command + "parameterValueGroup").Elements(Command + "parameterValue").Select(value => value.Value)),
            defaultValue == "None" ? string.Empty : defaultValue);

        string Attribute(string name) => element.Attribute(name)!.Value;
    }

    private IEnumerable<string> Typed(string what, string list, string item) => _element.Element(Command + list)!.Elements(Command + item)
        .SelectMany(element => Say($"{what} says", element).Prepend($"{what}: {element.Element(Dev + "type")!.Element(Maml + "name")!.Value}"));
}
