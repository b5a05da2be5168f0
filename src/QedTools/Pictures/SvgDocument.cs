using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Xml;

namespace QedTools.Pictures;

/// <summary>The elements that all SVG pictures are made of (https://www.w3.org/TR/SVG2).</summary>
internal static class SvgDocument
{
    /// <summary>The namespace of the elements.</summary>
    public const string Namespace = "http://www.w3.org/2000/svg";

    /// <summary>A document, in UTF-8.</summary>
    /// <param name="write">Writes its root element.</param>
    public static byte[] ToBytes(Action<XmlWriter> write)
    {
        using MemoryStream stream = new();
        XmlWriterSettings settings = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true, NewLineChars = "\n" };
        using (XmlWriter xml = XmlWriter.Create(stream, settings))
        {
            write(xml);
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Begins the root element, with the styles.</summary>
    /// <param name="xml">The document.</param>
    /// <param name="width">The picture's width.</param>
    /// <param name="height">The picture's height.</param>
    /// <param name="title">What it is a picture of.</param>
    /// <param name="description">What it shows, for those who cannot see it.</param>
    public static void Begin(XmlWriter xml, int width, int height, string title, string description)
    {
        xml.WriteStartElement("svg", Namespace);
        Attribute(xml, "width", width);
        Attribute(xml, "height", height);
        xml.WriteAttributeString("viewBox", string.Format(CultureInfo.InvariantCulture, "0 0 {0} {1}", width, height));
        xml.WriteAttributeString("style", "max-width: 100%; height: auto");
        xml.WriteAttributeString("role", "img");
        xml.WriteAttributeString("aria-labelledby", "title description");
        xml.WriteAttributeString("lang", "en");
        Described(xml, "title", "title", title);
        Described(xml, "desc", "description", description);
        xml.WriteElementString("style", Namespace, SvgStyle.Css);
    }

    /// <summary>Writes an element with an id and a text.</summary>
    public static void Described(XmlWriter xml, string element, string id, string text)
    {
        xml.WriteStartElement(element, Namespace);
        xml.WriteAttributeString("id", id);
        xml.WriteString(text);
        xml.WriteEndElement();
    }

    /// <summary>Writes a line of text.</summary>
    public static void Text(XmlWriter xml, string style, double x, double y, string text)
    {
        xml.WriteStartElement("text", Namespace);
        if (style.Length > 0)
        {
            xml.WriteAttributeString("class", style);
        }

        Attribute(xml, "x", x);
        Attribute(xml, "y", y);
        xml.WriteString(text);
        xml.WriteEndElement();
    }

    /// <summary>Writes a rectangle.</summary>
    public static void Rectangle(XmlWriter xml, string style, double x, double y, double width, double height)
    {
        xml.WriteStartElement("rect", Namespace);
        xml.WriteAttributeString("class", style);
        Attribute(xml, "x", x);
        Attribute(xml, "y", y);
        Attribute(xml, "width", width);
        Attribute(xml, "height", height);
        xml.WriteEndElement();
    }

    /// <summary>Writes an attribute with a number, to two decimal places.</summary>
    public static void Attribute(XmlWriter xml, string name, double value) =>
        xml.WriteAttributeString(name, value.ToString("0.##", CultureInfo.InvariantCulture));
}
