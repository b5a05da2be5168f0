using System;
using System.Collections.Generic;

namespace QedTools.Serving;

/// <summary>The disks of a server, by name.</summary>
/// <param name="all">All of them; no two have the same name.</param>
internal sealed class NbdExports(IReadOnlyList<NbdExport> all)
{
    /// <summary>All of them.</summary>
    public IReadOnlyList<NbdExport> All => all;

    /// <summary>The one of a name, or the only one for an empty name; null if there is none.</summary>
    public NbdExport? Find(ReadOnlySpan<byte> name)
    {
        foreach (NbdExport export in all)
        {
            if (name.SequenceEqual(export.Name))
            {
                return export;
            }
        }

        return name.Length == 0 && all.Count == 1 ? all[0] : null;
    }
}
