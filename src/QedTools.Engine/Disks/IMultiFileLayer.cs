using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A layer whose disk lies in other files than its own. Who knows the policy on names opens them for it.</summary>
internal interface IMultiFileLayer : IDiskLayer
{
    /// <summary>The files that the layer names, each once.</summary>
    IReadOnlyList<BackingReference> FurtherFiles { get; }

    /// <summary>Whether they are still to be opened before the layer's disk can be read.</summary>
    bool NeedsFiles { get; }

    /// <summary>Those that were opened for it, one for each of <see cref="FurtherFiles"/>; none before.</summary>
    IReadOnlyList<IStorage> Files { get; }

    /// <summary>Hands over the files, which the layer owns from then on.</summary>
    /// <param name="files">One for each of <see cref="FurtherFiles"/>; several may be the same, and the layer's own file may be among them.</param>
    /// <exception cref="QedDamagedFileException">One is shorter than the layer says; all are the layer's all the same.</exception>
    void Attach(IReadOnlyList<IStorage> files);
}
