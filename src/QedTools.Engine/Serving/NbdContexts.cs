using System;

namespace QedTools.Serving;

/// <summary>The kinds of facts about extents that a client can choose. The value of each is also its ID in replies.</summary>
[Flags]
internal enum NbdContexts
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Whether space is taken, and whether there are zeroes: "base:allocation".</summary>
    Allocation = 1,

    /// <summary>Which layer holds the data: "qemu:allocation-depth".</summary>
    AllocationDepth = 2,
}
