namespace QedTools.Pictures;

/// <summary>A character and how it is coloured.</summary>
/// <param name="Character">Takes one column.</param>
/// <param name="Color">Parameters of the escape sequence Select Graphic Rendition (ECMA-48, SGR); empty for the terminal's own colours.</param>
internal readonly record struct TerminalGlyph(char Character, string Color);
