using System;
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

    public static TheoryData<Exception> OfLibraries =>
    [
        new FileLoadException("a version", "Library, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"),
        new FileNotFoundException("no such library", "Library, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"),
        new BadImageFormatException("another processor's", "Library"),
    ];

    [Theory]
    [MemberData(nameof(OfLibraries), DisableDiscoveryEnumeration = true)]
    public void A_library_that_does_not_load_is_no_error_of_a_file(Exception error) => Assert.False(StorageErrors.IsHostError(error));

    [Fact]
    public void A_file_that_is_not_there_is_one() =>
        Assert.True(StorageErrors.IsHostError(new FileNotFoundException("no such file", Path.GetFullPath("Odd, Version=1.qed"))));
}
