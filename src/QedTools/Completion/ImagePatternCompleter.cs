namespace QedTools.Completion;

/// <summary>Completes an image's name for a parameter that expands wildcards.</summary>
internal sealed class ImagePatternCompleter : ImageCompleter
{
    private protected override bool IsPattern => true;
}
