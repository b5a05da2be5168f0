namespace QedTools.Tests.Serving;

/// <summary>What is done to a disk.</summary>
public enum DiskCall
{
    Look,
    Read,
    Write,
    Zero,
    Flush,
}
