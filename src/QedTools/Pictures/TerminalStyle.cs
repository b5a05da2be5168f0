namespace QedTools.Pictures;

/// <summary>The style of a picture in the terminal.</summary>
/// <param name="Width">The columns that a line may take.</param>
/// <param name="Rows">The rows that the map may take.</param>
/// <param name="Ascii">Whether to use only ASCII.</param>
/// <param name="Color">Whether to use escape sequences for colours.</param>
internal sealed record TerminalStyle(int Width, int Rows, bool Ascii, bool Color);
