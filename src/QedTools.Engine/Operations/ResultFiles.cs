using System;
using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>The files that one run makes, by name and by identity: a name in other letters can be the same file.</summary>
/// <param name="names">Which names are the same.</param>
internal sealed class ResultFiles(IEqualityComparer<string> names)
{
    private readonly HashSet<string> _names = new(names);
    private readonly HashSet<string> _identities = new(StringComparer.Ordinal);

    /// <summary>Whether a path leads to one of them.</summary>
    public bool Contains(string path) =>
        _names.Contains(path) || (HostFiles.IdentityOf(path) is { } identity && _identities.Contains(identity));

    /// <summary>Adds a file that is going to be made, or would be.</summary>
    public void AddPlanned(string path) => _names.Add(path);

    /// <summary>Adds a file that was made.</summary>
    public void Add(string path)
    {
        _names.Add(path);
        if (HostFiles.IdentityOf(path) is { } identity)
        {
            _identities.Add(identity);
        }
    }
}
