using System.IO;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>What the host's errors become.</summary>
public sealed class StorageErrorsTests
{
    private const int InvalidName = unchecked((int)0x8007007B);

    [Fact]
    public void No_file_has_a_name_that_Windows_allows_none() => Assert.IsType<QedFileNotFoundException>(
        StorageErrors.Translate(new IOException("invalid name", InvalidName), "a*.qed", "read"));

    [Fact]
    public void A_file_cannot_be_made_with_such_a_name() => Assert.IsType<QedStorageException>(
        StorageErrors.Translate(new IOException("invalid name", InvalidName), "a*.qed", "create"));
}
