using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>A cmdlet that reads images: -Path with wildcards, or -LiteralPath.</summary>
public abstract class QedReadCommand : QedCommand
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";

    /// <summary>The images; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImagePatternCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>The images, by their exact names.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        if (ParameterSetName == ByLiteralPath)
        {
            ForEachName(LiteralPath, isLiteral: true, ProcessFile);
        }
        else
        {
            ForEachMatch(Path, ProcessFile);
        }
    }

    /// <summary>Processes one image.</summary>
    /// <param name="path">Its full path.</param>
    private protected abstract void ProcessFile(string path);
}
