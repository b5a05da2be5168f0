using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace QedTools;

/// <summary>What one thread does to the pieces that fall to it in an <see cref="OrderedWork"/>.</summary>
/// <typeparam name="TPiece">What a piece is.</typeparam>
internal interface IPieceWorker<TPiece>
{
    /// <summary>Does what needs no order, such as reading; beside the other workers. Must not change what others see.</summary>
    void Prepare(TPiece piece);

    /// <summary>Does the rest, such as writing; when all pieces before this one are finished, and alone.</summary>
    void Finish(TPiece piece);
}

/// <summary>
/// Deals with pieces on a few threads, the caller's among them: prepared side by side, finished one after the other in
/// order. Reading and writing so overlap, whichever takes longer, and the outcome is that of a single thread.
/// </summary>
/// <remarks>
/// Who prepared a piece finishes it, because its processor's cache holds it: a queue of tasks that one thread finishes is half as long and
/// was measured to copy 7 to 16 percent slower.
/// </remarks>
internal static class OrderedWork
{
    /// <summary>
    /// How many threads work for this flow of execution; null: as many as pay. Tests that count what is done to a file take one.
    /// </summary>
    public static readonly AsyncLocal<int?> Workers = new();

    private const int MostWorkers = 4;

    /// <summary>Deals with all pieces.</summary>
    /// <param name="pieces">The pieces in order; one thread at a time asks for the next.</param>
    /// <param name="newWorker">Makes the worker of one thread.</param>
    /// <param name="onFinished">
    /// Is told on the caller's thread of pieces that are finished, in order, each at most once, the last one among them; may be
    /// null. What it throws stops the work.
    /// </param>
    /// <param name="cancellation">Stops the work; pieces after some one are not finished then.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="Exception">What went wrong with the first piece that failed; those before it are finished.</exception>
    public static void Run<TPiece>(
        IEnumerable<TPiece> pieces, Func<IPieceWorker<TPiece>> newWorker, Action<TPiece>? onFinished, CancellationToken cancellation)
    {
        using IEnumerator<TPiece> source = pieces.GetEnumerator();
        new Course<TPiece>(source, newWorker, cancellation).Run(onFinished);
    }

    // Together about as long as it takes to be woken.
    private const int MostLooks = 200;
    private const int SpinsBetweenLooks = 20;

    private sealed class Course<TPiece>(IEnumerator<TPiece> source, Func<IPieceWorker<TPiece>> newWorker, CancellationToken cancellation)
    {
        private readonly object _taking = new();
        private readonly object _turn = new();
        private readonly int _helpers = (Workers.Value ?? Math.Min(MostWorkers, Environment.ProcessorCount)) - 1;
        private long _taken;
        private bool _isExhausted;
        private long _finished;
        private TPiece? _lastFinished;
        private long _told;
        private ExceptionDispatchInfo? _failure;
        private int _atWork;
        private bool _isClosed;

        public void Run(Action<TPiece>? onFinished)
        {
            Work(onFinished);

            // A helper that the thread pool starts only now finds the work closed.
            lock (_turn)
            {
                _isClosed = true;
                while (_atWork > 0)
                {
                    Monitor.Wait(_turn);
                }
            }

            _failure?.Throw();
            cancellation.ThrowIfCancellationRequested();
            if (_told < _finished)
            {
                onFinished?.Invoke(_lastFinished!);
            }
        }

        private void Help()
        {
            lock (_turn)
            {
                if (_isClosed)
                {
                    return;
                }

                _atWork++;
            }

            Work(onFinished: null);
            lock (_turn)
            {
                _atWork--;
                Monitor.PulseAll(_turn);
            }
        }

        private void Work(Action<TPiece>? onFinished)
        {
            // What is no piece's failure, such as the callback's, stops everybody as well.
            if (Attempt(() => DoPieces(onFinished)) is { } failure)
            {
                Stop(failure);
            }
        }

        private void DoPieces(Action<TPiece>? onFinished)
        {
            IPieceWorker<TPiece>? worker = null;
            while (TryTake(out long number, out TPiece piece, out ExceptionDispatchInfo? failure))
            {
                failure ??= Attempt(() => (worker ??= newWorker()).Prepare(piece));
                if (!AwaitTurn(number))
                {
                    return;
                }

                failure ??= Attempt(() => worker!.Finish(piece));
                if (failure is not null)
                {
                    Stop(failure);
                    return;
                }

                PassTurn(piece);
                if (onFinished is not null)
                {
                    _told = number + 1;
                    onFinished(piece);
                }
            }
        }

        // A source that fails makes a piece of its failure, so that it comes to light in its turn.
        private bool TryTake(out long number, out TPiece piece, out ExceptionDispatchInfo? failure)
        {
            lock (_taking)
            {
                number = _taken;
                piece = default!;
                failure = null;
                if (_isExhausted || Volatile.Read(ref _failure) is not null)
                {
                    return false;
                }

                TPiece? next = default;
                failure = Attempt(() =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (source.MoveNext())
                    {
                        next = source.Current;
                    }
                    else
                    {
                        _isExhausted = true;
                    }
                });
                if (_isExhausted)
                {
                    return false;
                }

                _isExhausted = failure is not null;
                piece = next!;
                _taken++;
                if (_taken == 2)
                {
                    for (int i = 0; i < _helpers; i++)
                    {
                        _ = Task.Run(Help, CancellationToken.None);
                    }
                }

                return true;
            }
        }

        private bool AwaitTurn(long number)
        {
            // To be woken takes as long as a short piece; so the turn is watched for that time first.
            for (int looks = 0; looks < MostLooks && Volatile.Read(ref _finished) != number && Volatile.Read(ref _failure) is null; looks++)
            {
                Thread.SpinWait(SpinsBetweenLooks);
            }

            lock (_turn)
            {
                while (_finished != number && _failure is null)
                {
                    Monitor.Wait(_turn);
                }

                return _failure is null;
            }
        }

        private void PassTurn(TPiece piece)
        {
            lock (_turn)
            {
                _finished++;
                _lastFinished = piece;
                Monitor.PulseAll(_turn);
            }
        }

        private void Stop(ExceptionDispatchInfo failure)
        {
            lock (_turn)
            {
                _failure ??= failure;
                Monitor.PulseAll(_turn);
            }
        }

        private static ExceptionDispatchInfo? Attempt(Action action)
        {
            try
            {
                action();
                return null;
            }
            catch (Exception e)
            {
                return ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
