namespace QedTools.Pictures;

/// <summary>How a picture in the terminal is to be.</summary>
/// <param name="Width">Columns that a line may take.</param>
/// <param name="Rows">Rows that the map may take.</param>
/// <param name="Ascii">Whether to use ASCII only.</param>
/// <param name="Color">Whether to use escape sequences for colours.</param>
internal sealed record TerminalStyle(int Width, int Rows, bool Ascii, bool Color);
