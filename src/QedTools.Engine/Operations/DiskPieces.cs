using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>Reads a range of a disk piece by piece on a thread of its own, a few pieces ahead of whoever takes them.</summary>
/// <remarks>Reading and writing so overlap; memory is a handful of buffers, whatever the disk's size.</remarks>
internal sealed class DiskPieces : IDisposable
{
    /// <summary>The largest piece of data, in bytes. Pieces end at multiples of it.</summary>
    public const int PieceBytes = 1 << 20;

    private const int Ahead = 4;

    private readonly BlockingCollection<DiskPiece> _read = new(Ahead);
    private readonly ConcurrentBag<byte[]> _buffers = [];
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _cancellation;
    private readonly Task _reading;

    /// <param name="disk">The disk.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; it lies on the disk.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public DiskPieces(IDisk disk, long offset, long length, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _reading = Task.Run(() => ReadAll(disk, offset, length), CancellationToken.None);
    }

    /// <summary>Takes the next piece; its buffer goes back with <see cref="GiveBack"/>.</summary>
    /// <returns>False behind the last one.</returns>
    /// <exception cref="OperationCanceledException">The reading was stopped.</exception>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public bool TryTake(out DiskPiece piece)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (_read.TryTake(out piece, Timeout.Infinite))
        {
            return true;
        }

        // The reader is done: well, or with the error that belongs to whoever takes pieces.
        _reading.GetAwaiter().GetResult();
        _cancellation.ThrowIfCancellationRequested();
        return false;
    }

    /// <summary>Gives a piece's buffer back for reuse.</summary>
    public void GiveBack(DiskPiece piece)
    {
        if (piece.Data is { } buffer)
        {
            _buffers.Add(buffer);
        }
    }

    /// <summary>Stops the reading and waits for it.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        try
        {
            _reading.GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is QedException or OperationCanceledException)
        {
            // Nobody takes pieces any more.
        }

        _stop.Dispose();
        _read.Dispose();
    }

    private void ReadAll(IDisk disk, long offset, long length)
    {
        try
        {
            foreach (DiskExtent extent in ExtentWalk.Over(disk, offset, length, _stop.Token))
            {
                if (extent.State != QedExtentState.Data)
                {
                    _read.Add(new DiskPiece(extent.Start, extent.Length, extent.State, Data: null), _stop.Token);
                    continue;
                }

                for (long at = extent.Start; at < extent.End;)
                {
                    int count = (int)Math.Min(extent.End - at, PieceBytes - (at % PieceBytes));
                    byte[] buffer = _buffers.TryTake(out byte[]? used) ? used : new byte[PieceBytes];
                    disk.Read(at, buffer.AsSpan(0, count));
                    _read.Add(new DiskPiece(at, count, extent.State, buffer), _stop.Token);
                    at += count;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever takes pieces asks the same token.
        }
        finally
        {
            _read.CompleteAdding();
        }
    }
}
