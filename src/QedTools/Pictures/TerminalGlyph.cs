namespace QedTools.Pictures;

/// <summary>A character and its colour.</summary>
/// <param name="Character">The character, which takes one column.</param>
/// <param name="Color">Parameters of the escape sequence Select Graphic Rendition (ECMA-48, SGR); empty for the terminal's own colours.</param>
internal readonly record struct TerminalGlyph(char Character, string Color);
