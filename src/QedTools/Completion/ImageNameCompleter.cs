namespace QedTools.Completion;

/// <summary>Completes an image's name where it is taken literally.</summary>
internal sealed class ImageNameCompleter : ImageCompleter;
