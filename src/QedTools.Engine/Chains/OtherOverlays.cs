namespace QedTools.Chains;

/// <summary>How a change to a layer may affect other images that are based on it and are not part of the chain.</summary>
internal enum OtherOverlays
{
    /// <summary>Not at all: the layer reads the same afterwards, except beyond its old end.</summary>
    Unaffected,

    /// <summary>They would read wrong data, so the change is refused if there are any.</summary>
    Refuse,

    /// <summary>They may read wrong data: the user stated that they are no longer needed.</summary>
    Allow,
}
