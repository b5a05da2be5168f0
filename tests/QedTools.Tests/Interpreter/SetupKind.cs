namespace QedTools.Tests.Interpreter;

/// <summary>When a setup or teardown block of a Pester block runs; each member has the word's own name.</summary>
internal enum SetupKind
{
    /// <summary>Once, before the first test of the block.</summary>
    BeforeAll,

    /// <summary>Before each test of the block and of the blocks in it.</summary>
    BeforeEach,

    /// <summary>After each test of the block and of the blocks in it, passed or not.</summary>
    AfterEach,

    /// <summary>Once, after the last test of the block.</summary>
    AfterAll,
}
