using System;
using System.Collections;
using System.IO;
using System.Management.Automation;

namespace QedTools.Completion;

/// <summary>The session that a completer works for: its locations, and the parameters typed so far.</summary>
internal sealed class CompletionSession
{
    private readonly SessionState _state;
    private readonly IDictionary _bound;

    private CompletionSession(SessionState state, IDictionary bound)
    {
        _state = state;
        _bound = bound;
    }

    /// <summary>The folder that relative names are relative to.</summary>
    public string CurrentFolder => _state.Path.CurrentFileSystemLocation.ProviderPath;

    /// <summary>The session of this thread. PowerShell does not pass it to a completer, so it has to be looked up.</summary>
    /// <param name="bound">The parameters typed so far.</param>
    public static CompletionSession OfThisThread(IDictionary bound)
    {
        EngineIntrinsics engine = (EngineIntrinsics)ScriptBlock.Create("$ExecutionContext").Invoke()[0].BaseObject;
        return new CompletionSession(engine.SessionState, bound);
    }

    /// <summary>Resolves a path to a host path, which need not exist; null if it does not lead to the file system.</summary>
    public string? ToHost(string path)
    {
        try
        {
            string host = _state.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return string.Equals(provider.Name, "FileSystem", StringComparison.OrdinalIgnoreCase) ? host : null;
        }
        catch (Exception e) when (e is RuntimeException or ArgumentException or NotSupportedException or IOException)
        {
            return null;
        }
    }

    /// <summary>The text typed for a parameter, or the first of several values; null if there is none yet or it is not a constant.</summary>
    public string? TextOf(string parameter) => Bound(parameter) is { } value ? value.ToString() : null;

    /// <summary>The number typed for a parameter; null if there is none yet or it is not a number.</summary>
    public long? NumberOf(string parameter) =>
        Bound(parameter) is { } value && LanguagePrimitives.TryConvertTo(value, out long number) ? number : null;

    private object? Bound(string parameter)
    {
        object? value = _bound.Contains(parameter) ? _bound[parameter] : null;
        value = value is PSObject wrapped ? wrapped.BaseObject : value;
        return value is IList list ? list.Count > 0 ? list[0] : null : value;
    }

    /// <summary>The image that a parameter is about, if it is typed already, and the format that is typed for it.</summary>
    /// <param name="isReference">Whether it is the one that another is compared with.</param>
    /// <returns>The full path, and the format if one is given; null without a path.</returns>
    public (string Path, QedDiskFormat? Format)? TypedImage(bool isReference)
    {
        string? path = isReference ? TextOf("ReferencePath") : TextOf("LiteralPath") ?? TextOf("Path");
        return path is null || ToHost(path) is not { } host ? null
            : (host, Enum.TryParse(TextOf(isReference ? "ReferenceFormat" : "SourceFormat"), ignoreCase: true, out QedDiskFormat named) ? named : null);
    }
}
