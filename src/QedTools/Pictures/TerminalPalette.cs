namespace QedTools.Pictures;

/// <summary>The colours of pictures in the terminal, as parameters of the escape sequence SGR.</summary>
/// <remarks>
/// From the 256-colour palette that terminals share. The layers' colours remain distinguishable with every kind of colour blindness,
/// and are visible on black and on white.
/// </remarks>
internal static class TerminalPalette
{
    /// <summary>The terminal's own colours.</summary>
    public const string Plain = "";

    /// <summary>Headings.</summary>
    public const string Strong = "1";

    /// <summary>Secondary text, such as the offset labels.</summary>
    public const string Muted = "38;5;244";

    /// <summary>Barely visible: empty cells.</summary>
    public const string Faint = "38;5;240";

    /// <summary>Anything that needs attention.</summary>
    public const string Alert = "38;5;203";

    private static readonly string[] Layers = ["5;33", "5;208", "5;35", "5;176", "5;160", "5;247"];

    /// <summary>Data of a layer.</summary>
    /// <param name="share">Its <see cref="MapShare"/>.</param>
    public static string Layer(int share) => "38;" + Layers[share];

    /// <summary>Data of two layers, in the foreground and the background of one character.</summary>
    public static string Layer(int front, int background) => Layer(front) + ";48;" + Layers[background];
}
