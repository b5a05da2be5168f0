using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A layer whose disk is stored in files other than its own. They are opened for it by the code that knows the policy on names.</summary>
internal interface IMultiFileLayer : IDiskLayer
{
    /// <summary>The files that the layer names, each once.</summary>
    IReadOnlyList<BackingReference> FurtherFiles { get; }

    /// <summary>Whether they still have to be opened before the layer's disk can be read.</summary>
    bool NeedsFiles { get; }

    /// <summary>The files opened for it, one for each of <see cref="FurtherFiles"/>; empty before that.</summary>
    IReadOnlyList<IStorage> Files { get; }

    /// <summary>Attaches the files, which the layer then owns.</summary>
    /// <param name="files">One for each of <see cref="FurtherFiles"/>; several may be the same, and the layer's own file may be among them.</param>
    /// <exception cref="QedDamagedFileException">One is shorter than the layer states; the layer owns them all nevertheless.</exception>
    void Attach(IReadOnlyList<IStorage> files);
}
