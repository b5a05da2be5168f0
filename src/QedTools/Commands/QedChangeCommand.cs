using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>A cmdlet that changes images, which are named one by one: -Path or -LiteralPath, both without wildcards.</summary>
public abstract class QedChangeCommand : QedCommand
{
    private protected const string ByPath = "Path";
    private protected const string ByLiteralPath = "LiteralPath";

    /// <summary>The images; taken literally.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>The images, for names that PowerShell would otherwise interpret.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == ByLiteralPath;
        ForEachName(isLiteral ? LiteralPath : Path, isLiteral, ProcessFile, CreatesFiles);
    }

    /// <summary>Whether the cmdlet creates the files.</summary>
    private protected virtual bool CreatesFiles => false;

    /// <summary>Processes one image.</summary>
    /// <param name="path">Its full path; the engine checks whether it exists.</param>
    private protected abstract void ProcessFile(string path);
}
