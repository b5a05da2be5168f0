using System.Management.Automation;
using QedTools.Completion;

namespace QedTools.Commands;

/// <summary>A cmdlet that changes images, named one by one: -Path or -LiteralPath, both without wildcards.</summary>
public abstract class QedChangeCommand : QedCommand
{
    private protected const string ByPath = "Path";
    private protected const string ByLiteralPath = "LiteralPath";

    /// <summary>The images; taken literally.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByPath)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>The same, for names that PowerShell would read as something else.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == ByLiteralPath;
        ForEachName(isLiteral ? LiteralPath : Path, isLiteral, ProcessFile, MakesFiles);
    }

    /// <summary>Whether the files are new ones.</summary>
    private protected virtual bool MakesFiles => false;

    /// <summary>Deals with one image.</summary>
    /// <param name="path">Its full path; whether it exists is for the engine to say.</param>
    private protected abstract void ProcessFile(string path);
}
