using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using QedTools.Sessions;

namespace QedTools.Completion;

/// <summary>Completes a disk's size: offers common sizes, or the unit for a number that is already typed.</summary>
internal sealed class DiskSizeCompleter : IArgumentCompleter
{
    private static readonly string[] CommonSizes = ["1GB", "2GB", "4GB", "8GB", "16GB", "20GB", "32GB", "40GB", "64GB", "100GB", "128GB", "256GB", "512GB", "1TB", "2TB"];
    private static readonly string[] Units = ["GB", "MB", "TB"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string start = new CompletionWord(wordToComplete).Text;
        string suffix = CurrentSize(CompletionSession.OfThisThread(fakeBoundParameters)) is { } current ? Messages.SizeNow(current) : string.Empty;
        IEnumerable<string> texts = CommonSizes.Where(text => text.StartsWith(start, StringComparison.OrdinalIgnoreCase));
        if (start.Length > 0 && int.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        {
            texts = Units.Select(unit => start + unit).Union(texts);
        }

        return texts.Select(text => new CompletionResult(text, text, CompletionResultType.ParameterValue, Messages.DiskOfSize(LanguagePrimitives.ConvertTo<long>(text)) + suffix));
    }

    private static long? CurrentSize(CompletionSession session)
    {
        try
        {
            return (session.TextOf("Path") ?? session.TextOf("LiteralPath")) is { Length: > 0 } typed && session.ToHost(typed) is { } path
                ? ImageInspection.Run(path, new ImageInspectionOptions { SourceFormat = QedDiskFormat.Qed }).VirtualSize
                : null;
        }
        catch (QedException)
        {
            return null;
        }
    }
}
