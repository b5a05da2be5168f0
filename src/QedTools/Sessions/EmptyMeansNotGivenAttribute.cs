using System.Management.Automation;

namespace QedTools.Sessions;

/// <summary>Takes an empty or blank text for a value that was not given: that is what an empty cell of a table is in the pipeline.</summary>
internal sealed class EmptyMeansNotGivenAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override bool TransformNullOptionalParameters => false;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject { BaseObject: string text } ? text : inputData) is string word && string.IsNullOrWhiteSpace(word) ? null : inputData;
}
