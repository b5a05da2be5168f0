namespace QedTools.Completion;

/// <summary>Completes an image's name where wildcards are expanded.</summary>
internal sealed class ImagePatternCompleter : ImageCompleter
{
    private protected override bool IsPattern => true;
}
