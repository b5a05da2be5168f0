using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>Treats an empty or blank text as a value that was not given, since that is how an empty table cell arrives in the pipeline.</summary>
internal sealed class EmptyMeansNotGivenAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override bool TransformNullOptionalParameters => false;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject { BaseObject: string text } ? text : inputData) is string given && string.IsNullOrWhiteSpace(given) ? null : inputData;
}
