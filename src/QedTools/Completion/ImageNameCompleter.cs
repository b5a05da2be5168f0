namespace QedTools.Completion;

/// <summary>Completes an image's name for a parameter that takes it literally.</summary>
internal sealed class ImageNameCompleter : ImageCompleter;
