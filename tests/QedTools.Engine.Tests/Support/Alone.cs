using Xunit;

namespace QedTools.Tests.Support;

/// <summary>Tests that measure the memory of the whole process; no others run at the same time.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
