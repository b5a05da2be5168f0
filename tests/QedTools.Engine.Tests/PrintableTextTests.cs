using System;
using Xunit;

namespace QedTools.Tests;

/// <summary>Displaying text from untrusted sources.</summary>
public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("Größe 基底 \U0001F4BE.qed", "Größe 基底 \U0001F4BE.qed")]
    [InlineData("a\0b", "a\u2400b")]
    [InlineData("\u001b[2J", "\u241b[2J")]
    [InlineData("two\r\nlines\t", "two\u240d\u240alines\u2409")]
    [InlineData("\u007f", "\u2421")]
    [InlineData("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e")]
    [InlineData("\u009b31m", "\ufffd31m")]
    [InlineData("gpj\u202edeq.qed", "gpj\ufffddeq.qed")]
    [InlineData("\u061cx", "\ufffdx")]
    [InlineData("\u2066x\u2069\u200f\u2028", "\ufffdx\ufffd\ufffd\ufffd")]
    public void Control_characters_become_visible_signs_and_everything_else_stays(string text, string shown) => Assert.Equal(shown, PrintableText.Of(text));

    [Fact]
    public void Half_a_character_is_replaced()
    {
        Assert.Equal("a\ufffdb", PrintableText.Of("a\ud83db"));
        Assert.Equal("\ufffd\U0001F4BE\ufffd", PrintableText.Of("\udcbe\U0001F4BE\ud83d"));
        Assert.Equal("\ufffd\ufffd", PrintableText.Of("\ufffe\uffff"));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("disk~1 (a).qed", "disk~1 (a).qed")]
    [InlineData("Gr\u00f6\u00dfe\u001b[31m\u202e\n\u007f", "Gr??e?[31m???")]
    public void In_ASCII_everything_else_becomes_a_question_mark(string? text, string shown) => Assert.Equal(shown, PrintableText.InAscii(text));

    [Fact]
    public void Null_gives_an_empty_text() => Assert.Empty(PrintableText.Of(null));

    [Fact]
    public void A_text_without_control_characters_is_not_copied()
    {
        string text = new('x', 10);
        Assert.Same(text, PrintableText.Of(text));
    }

    [Fact]
    public void No_error_message_breaks_its_line_or_controls_the_screen()
    {
        QedFileNotFoundException error = new("/i/\u001b[2J\n.qed");
        Assert.Contains("\u241b[2J\u240a.qed", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal("/i/\u001b[2J\n.qed", error.Path);
    }
}
