using System;
using System.IO;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>How errors of the host are translated.</summary>
public sealed class StorageErrorsTests
{
    private const int InvalidName = unchecked((int)0x8007007B);

    [Fact]
    public void Reading_a_name_that_Windows_does_not_allow_gives_file_not_found() => Assert.IsType<QedFileNotFoundException>(
        StorageErrors.Translate(new IOException("invalid name", InvalidName), "a*.qed", "read"));

    [Fact]
    public void Creating_a_name_that_Windows_does_not_allow_gives_a_storage_error() => Assert.IsType<QedStorageException>(
        StorageErrors.Translate(new IOException("invalid name", InvalidName), "a*.qed", "create"));

    public static TheoryData<Exception> LibraryErrors =>
    [
        new FileLoadException("a version", "Library, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"),
        new FileNotFoundException("no such library", "Library, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"),
        new BadImageFormatException("another processor's", "Library"),
    ];

    [Theory]
    [MemberData(nameof(LibraryErrors), DisableDiscoveryEnumeration = true)]
    public void A_library_that_fails_to_load_is_not_a_host_error(Exception error) => Assert.False(StorageErrors.IsHostError(error));

    [Fact]
    public void A_missing_file_is_a_host_error() =>
        Assert.True(StorageErrors.IsHostError(new FileNotFoundException("no such file", Path.GetFullPath("Odd, Version=1.qed"))));
}
