using System.Text;

namespace QedTools;

/// <summary>Makes text from elsewhere, such as names stored in an image, safe to display.</summary>
public static class PrintableText
{
    private const char FirstControlPicture = '\u2400';
    private const char DeleteControlPicture = '\u2421';
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// The text with a visible character in place of each control character: a name must not move the cursor, change a colour,
    /// begin a new line or change the direction of the text around it. Unpaired surrogates are replaced too, as no file can hold
    /// them as text.
    /// </summary>
    /// <param name="text">The text; null gives an empty string.</param>
    public static string Of(string? text)
    {
        if (text is null)
        {
            return string.Empty;
        }

        StringBuilder? changed = null;
        for (int i = 0; i < text.Length; i++)
        {
            char sign = SignAt(text, i);
            if (sign != text[i])
            {
                changed ??= new StringBuilder(text);
                changed[i] = sign;
            }
        }

        return changed?.ToString() ?? text;
    }

    /// <summary>The text in printable ASCII, with a question mark for each other character.</summary>
    /// <param name="text">The text; null gives an empty string.</param>
    internal static string InAscii(string? text)
    {
        char[] shown = (text ?? string.Empty).ToCharArray();
        for (int i = 0; i < shown.Length; i++)
        {
            shown[i] = shown[i] is >= ' ' and <= '~' ? shown[i] : '?';
        }

        return new string(shown);
    }

    private static char SignAt(string text, int index) => text[index] switch
    {
        < ' ' and var control => (char)(FirstControlPicture + control),
        '\u007F' => DeleteControlPicture,
        >= '\u0080' and <= '\u009F' => Replacement,
        '\u2028' or '\u2029' => Replacement,
        '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') => Replacement,
        >= '\uD800' and <= '\uDBFF' when !char.IsSurrogatePair(text, index) => Replacement,
        >= '\uDC00' and <= '\uDFFF' when index == 0 || !char.IsSurrogatePair(text, index - 1) => Replacement,
        '\uFFFE' or '\uFFFF' => Replacement,
        var character => character,
    };
}
