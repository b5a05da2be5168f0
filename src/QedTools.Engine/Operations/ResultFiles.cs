using System;
using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>The files that one run creates, by name and by identity, because a different name can be the same file.</summary>
/// <param name="names">Decides which names are the same.</param>
internal sealed class ResultFiles(IEqualityComparer<string> names)
{
    private readonly HashSet<string> _names = new(names);
    private readonly HashSet<string> _identities = new(StringComparer.Ordinal);

    /// <summary>Whether a path leads to one of them.</summary>
    public bool Contains(string path) =>
        _names.Contains(path) || (HostFiles.IdentityOf(path) is { } identity && _identities.Contains(identity));

    /// <summary>Adds a file that is going to be created, or would be.</summary>
    public void AddPlanned(string path) => _names.Add(path);

    /// <summary>Adds a file that was created.</summary>
    public void Add(string path)
    {
        _names.Add(path);
        if (HostFiles.IdentityOf(path) is { } identity)
        {
            _identities.Add(identity);
        }
    }
}
