using System;
using System.Buffers;
using System.Threading;

namespace QedTools;

/// <summary>Memory in which an operation holds a piece of what it works on; later ones get the same memory again.</summary>
/// <typeparam name="T">What it holds.</typeparam>
/// <remarks>
/// The garbage collector goes through the whole session for every few megabytes of large arrays, so an operation that made its own would
/// take twice as long every third time.
/// </remarks>
/// <param name="length">How many elements; 0 or more.</param>
internal sealed class WorkBuffer<T>(int length) : IDisposable
    where T : struct
{
    private T[]? _array = ArrayPool<T>.Shared.Rent(length);

    /// <summary>Its elements. What they are before they are set is not known.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public Span<T> Span => Array.AsSpan(0, length);

    /// <summary>The array that begins with its elements and may be longer.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public T[] Array => _array ?? throw new ObjectDisposedException(nameof(WorkBuffer<>));

    /// <summary>Some of its elements.</summary>
    /// <param name="start">The first.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public Span<T> AsSpan(int start, int count) => Span.Slice(start, count);

    /// <summary>Gives the memory back, once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            ArrayPool<T>.Shared.Return(array);
        }
    }
}
