namespace QedTools.Pictures;

/// <summary>The colours of pictures in the terminal, as parameters of the escape sequence SGR.</summary>
/// <remarks>
/// From the 256 that terminals share. The layers' colours stay apart for people with each kind of colour blindness, and can
/// be seen on black and on white.
/// </remarks>
internal static class TerminalPalette
{
    /// <summary>The terminal's own colours.</summary>
    public const string Plain = "";

    /// <summary>Headings.</summary>
    public const string Strong = "1";

    /// <summary>What steps back, such as the names of offsets.</summary>
    public const string Muted = "38;5;244";

    /// <summary>What is hardly there: cells without anything.</summary>
    public const string Faint = "38;5;240";

    /// <summary>What asks for attention.</summary>
    public const string Alert = "38;5;203";

    private static readonly string[] Layers = ["5;33", "5;208", "5;35", "5;176", "5;160", "5;247"];

    /// <summary>Data of a layer.</summary>
    /// <param name="share">Its <see cref="MapShare"/>.</param>
    public static string Layer(int share) => "38;" + Layers[share];

    /// <summary>Data of two layers, in the front and in the background of one character.</summary>
    public static string Layer(int front, int background) => Layer(front) + ";48;" + Layers[background];
}
