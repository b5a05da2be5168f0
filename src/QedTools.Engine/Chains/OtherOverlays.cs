namespace QedTools.Chains;

/// <summary>What a change of a layer may mean for other images that lie over it and are not part of the chain.</summary>
internal enum OtherOverlays
{
    /// <summary>Nothing: the layer reads the same afterwards, but for what lies behind its old end.</summary>
    Unaffected,

    /// <summary>They would read wrong data, so that the change is refused if there are any.</summary>
    Refuse,

    /// <summary>They may read wrong data: the user said that they are not needed any more.</summary>
    Allow,
}
