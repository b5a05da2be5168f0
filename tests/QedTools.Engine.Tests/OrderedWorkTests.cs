using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

public sealed class OrderedWorkTests
{
    // More pieces than any test here processes unless it fails to stop.
    private const int Endless = 3_000_000;

    /// <summary>The points where a piece can fail.</summary>
    public enum Place
    {
        Source,
        Worker,
        Prepare,
        Finish,
    }

    public static TheoryData<int> WorkerCounts => [1, 2, 4, Environment.ProcessorCount + 3];

    public static TheoryData<int, int> Sizes
    {
        get
        {
            TheoryData<int, int> sizes = [];
            foreach (int workers in WorkerCounts.Select(row => row.Data))
            {
                foreach (int pieces in new[] { 0, 1, 2, 3, 4, 5, 17, 1000 })
                {
                    sizes.Add(workers, pieces);
                }
            }

            return sizes;
        }
    }

    public static TheoryData<int, Place, int> Failures
    {
        get
        {
            TheoryData<int, Place, int> failures = [];
            foreach (int workers in WorkerCounts.Select(row => row.Data))
            {
                foreach (Place place in Enum.GetValues<Place>())
                {
                    foreach (int piece in place == Place.Worker ? [0] : new[] { 0, 1, 2, 40 })
                    {
                        failures.Add(workers, place, piece);
                    }
                }
            }

            return failures;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Pieces_are_finished_in_order_and_one_at_a_time(int workers, int pieces)
    {
        Job job = new(pieces) { OnPrepare = piece => Thread.SpinWait(piece * 7919 % 400), OnFinish = piece => Thread.SpinWait(piece * 31 % 200) };
        job.Run(workers);

        Assert.Equal(Enumerable.Range(0, pieces), job.Finished);
        Assert.InRange(job.Workers, Math.Min(1, pieces), workers);
    }

    [Fact]
    public void By_default_there_are_a_few_workers()
    {
        Job job = new(1000);
        OrderedWork.Run(job.Pieces(), job.NewWorker, onFinished: null, CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, 1000), job.Finished);
        Assert.InRange(job.Workers, 1, Math.Min(4, Environment.ProcessorCount));
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void As_many_pieces_are_prepared_in_parallel_as_there_are_workers(int workers)
    {
        // The caller does the first piece alone: work of a single piece needs no helper.
        using Barrier all = new(workers);
        Job job = new(workers + 1) { OnPrepare = piece => Assert.True(piece == 0 || all.SignalAndWait(Patience.Limit), "The other workers do not arrive.") };
        job.Run(workers);

        Assert.Equal(workers + 1, job.Finished.Count);
        Assert.Equal(workers, job.Workers);
    }

    [Fact]
    public void A_piece_is_prepared_while_the_one_before_it_is_finished()
    {
        using ManualResetEventSlim prepared = new();
        Job job = new(3)
        {
            OnPrepare = piece => Do(piece == 2, prepared.Set),
            OnFinish = piece => Do(piece == 1, () => Await(prepared)),
        };
        job.Run(workers: 2);

        Assert.Equal([0, 1, 2], job.Finished);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_failure_has_the_same_result_as_on_a_single_thread(int workers, Place place, int at)
    {
        InvalidOperationException failure = new("Injected by the test.");
        void FailAt(int piece) => Do(piece == at, () => throw failure);
        Job job = new(Endless)
        {
            OnPiece = place == Place.Source ? FailAt : null,
            OnWorker = place == Place.Worker ? () => throw failure : null,
            OnPrepare = place == Place.Prepare ? FailAt : null,
            OnFinish = place == Place.Finish ? FailAt : null,
        };

        Assert.Same(failure, Record.Exception(() => job.Run(workers)));
        Assert.Equal(Enumerable.Range(0, at), job.Finished);
    }

    [Fact]
    public void The_failure_of_the_first_failing_piece_counts_and_not_the_earliest_failure()
    {
        using ManualResetEventSlim failedEarly = new();
        Job job = new(Endless)
        {
            OnPrepare = piece =>
            {
                if (piece == 5)
                {
                    Await(failedEarly);
                }
                else if (piece == 7)
                {
                    failedEarly.Set();
                }

                Do(piece is 5 or 7, () => throw new InvalidOperationException($"piece {piece}"));
            },
        };

        Assert.Equal("piece 5", Assert.Throws<InvalidOperationException>(() => job.Run(workers: 4)).Message);
        Assert.Equal([0, 1, 2, 3, 4], job.Finished);
    }

    [Fact]
    public void A_helper_that_cannot_start_is_a_failure_of_the_piece_that_it_took()
    {
        int caller = Environment.CurrentManagedThreadId;
        using ManualResetEventSlim helped = new();
        InvalidOperationException failure = new("Injected by the test.");
        Job job = new(Endless)
        {
            OnWorker = () => Do(Environment.CurrentManagedThreadId != caller, () =>
            {
                helped.Set();
                throw failure;
            }),
            OnPrepare = piece => Do(piece == 1, () => Await(helped)),
        };

        Assert.Same(failure, Record.Exception(() => job.Run(workers: 2)));
        Assert.Equal([0, 1], job.Finished);
    }

    [Fact]
    public void No_worker_is_running_any_more_when_the_failure_is_thrown()
    {
        using ManualResetEventSlim begun = new();
        bool isOver = false;
        Job job = new(Endless)
        {
            OnPrepare = piece => Do(piece == 3, () =>
            {
                begun.Set();
                for (int i = 0; i < 200; i++)
                {
                    Thread.Yield();
                }

                isOver = true;
            }),
            OnFinish = piece => Do(piece == 2, () =>
            {
                Await(begun);
                throw new InvalidOperationException("Injected by the test.");
            }),
        };

        Assert.Throws<InvalidOperationException>(() => job.Run(workers: 2));
        Assert.True(isOver);
        Assert.Equal([0, 1], job.Finished);
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void Work_that_is_already_cancelled_is_not_started(int workers)
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Job job = new(10) { OnPiece = _ => Assert.Fail("The source was used.") };

        OperationCanceledException error = Assert.Throws<OperationCanceledException>(() => job.RunUntil(workers, job.Note, stop.Token));
        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Equal((0, 0, 0), (job.Workers, job.Finished.Count, job.Noted.Count));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void Cancelled_work_ends_with_the_pieces_already_taken(int workers, Place place, int at)
    {
        using CancellationTokenSource stop = new();
        void StopAt(int piece) => Do(piece == at, stop.Cancel);
        Job job = new(Endless)
        {
            OnPiece = place == Place.Source ? StopAt : null,
            OnWorker = place == Place.Worker ? stop.Cancel : null,
            OnPrepare = place == Place.Prepare ? StopAt : null,
            OnFinish = place == Place.Finish ? StopAt : null,
        };

        OperationCanceledException error = Assert.Throws<OperationCanceledException>(() => job.RunUntil(workers, job.Note, stop.Token));
        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Equal(Enumerable.Range(0, job.Finished.Count), job.Finished);

        // Each worker holds at most one piece.
        Assert.InRange(job.Finished.Count, at + 1, place == Place.Source ? at + 1 : at + workers);
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void Work_cancelled_in_its_last_piece_is_cancelled(int workers)
    {
        using CancellationTokenSource stop = new();
        Job job = new(5) { OnFinish = piece => Do(piece == 4, stop.Cancel) };

        Assert.Throws<OperationCanceledException>(() => job.RunUntil(workers, onFinished: null, stop.Token));
        Assert.Equal([0, 1, 2, 3, 4], job.Finished);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_caller_is_notified_on_its_thread_in_order_including_the_last_piece(int workers, int pieces)
    {
        Job job = new(pieces);
        int caller = Environment.CurrentManagedThreadId;
        job.Run(workers, piece =>
        {
            Assert.Equal(caller, Environment.CurrentManagedThreadId);
            job.Note(piece);
        });

        Assert.Equal(job.Noted.Distinct().Order(), job.Noted);
        Assert.Equal(pieces == 0 ? [] : [pieces - 1], job.Noted.TakeLast(1));
        Assert.True(workers > 1 || job.Noted.Count == pieces);
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void An_exception_in_the_callers_notification_stops_the_work(int workers)
    {
        using ManualResetEventSlim helped = new();
        InvalidOperationException failure = new("Injected by the test.");
        Job job = new(Endless) { OnPrepare = piece => Do(piece == 2, helped.Set) };

        Assert.Same(failure, Record.Exception(() => job.Run(workers, piece => Do(piece > 0, () =>
        {
            // By now the other workers are running.
            Do(workers > 1, () => Await(helped));
            throw failure;
        }))));
        Assert.InRange(job.Finished.Count, 2, Endless - 1);
        Assert.Equal(Enumerable.Range(0, job.Finished.Count), job.Finished);
    }

    [Fact]
    public void An_exception_in_the_notification_of_the_last_piece_is_thrown()
    {
        InvalidOperationException failure = new("Injected by the test.");
        using ManualResetEventSlim finished = new();

        // A helper takes the last piece, because the caller's own piece is not finished before that.
        Job job = new(3)
        {
            OnPrepare = piece => Do(piece == 1, () => Await(finished)),
            OnPiece = piece => Do(piece == 2, finished.Set),
        };
        Exception? thrown = Record.Exception(() => job.Run(workers: 2, piece => Do(piece == 2, () => throw failure)));

        Assert.Same(failure, thrown);
        Assert.Equal([0, 1, 2], job.Finished);
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void Nested_work_is_done_as_well(int workers)
    {
        List<(Place Place, int Piece, List<int> Finished)> inner = [];
        void RunInner(Place place, int piece)
        {
            Job job = new(20);
            job.Run(workers);
            lock (inner)
            {
                inner.Add((place, piece, job.Finished));
            }
        }

        Job outer = new(20)
        {
            OnPiece = piece => RunInner(Place.Source, piece),
            OnPrepare = piece => RunInner(Place.Prepare, piece),
            OnFinish = piece => RunInner(Place.Finish, piece),
        };
        outer.Run(workers);

        Assert.Equal(Enumerable.Range(0, 20), outer.Finished);
        Assert.Equal(60, inner.Select(done => (done.Place, done.Piece)).Distinct().Count());
        Assert.All(inner, done => Assert.Equal(Enumerable.Range(0, 20), done.Finished));
    }

    private static void Do(bool condition, Action action)
    {
        if (condition)
        {
            action();
        }
    }

    private static void Await(ManualResetEventSlim signal) => Assert.True(signal.Wait(Patience.Limit), "The other thread does not arrive.");

    /// <summary>Numbered pieces, and what happens to them. Fails if two threads are where only one may be.</summary>
    private sealed class Job(int pieces)
    {
        private int _workers;
        private int _disposed;
        private int _atWork;
        private int _inSource;
        private int _finishing;
        private bool _isOver;

        /// <summary>Called when a piece is requested from the source.</summary>
        public Action<int>? OnPiece { get; init; }

        /// <summary>Called when a worker is created.</summary>
        public Action? OnWorker { get; init; }

        public Action<int>? OnPrepare { get; init; }

        public Action<int>? OnFinish { get; init; }

        /// <summary>The finished pieces, in the order in which they were finished.</summary>
        public List<int> Finished { get; } = [];

        /// <summary>The pieces that were passed to <see cref="Note"/>.</summary>
        public List<int> Noted { get; } = [];

        /// <summary>The number of workers created.</summary>
        public int Workers => _workers;

        public void Note(int piece) => Noted.Add(piece);

        public void Run(int workers, Action<int>? onFinished = null) => RunUntil(workers, onFinished, CancellationToken.None);

        public void RunUntil(int workers, Action<int>? onFinished, CancellationToken cancellation)
        {
            using WorkerCount count = new(workers);
            try
            {
                OrderedWork.Run(Pieces(), NewWorker, onFinished, cancellation);
            }
            finally
            {
                _isOver = true;
                Assert.Equal(0, Volatile.Read(ref _atWork));
                Assert.Equal(_workers, _disposed);
            }
        }

        public IEnumerable<int> Pieces()
        {
            try
            {
                for (int piece = 0; piece < pieces; piece++)
                {
                    Enter(ref _inSource);
                    try
                    {
                        OnPiece?.Invoke(piece);
                    }
                    finally
                    {
                        Leave(ref _inSource);
                    }

                    yield return piece;
                }
            }
            finally
            {
                Assert.Equal(0, _inSource);
            }
        }

        public IPieceWorker<int> NewWorker()
        {
            Assert.False(_isOver);
            OnWorker?.Invoke();
            Interlocked.Increment(ref _workers);
            return new Worker(this);
        }

        private static void Enter(ref int count) =>
            Assert.True(Interlocked.Increment(ref count) == 1, "Two threads are where only one may be.");

        private static void Leave(ref int count) => Interlocked.Decrement(ref count);

        private sealed class Worker(Job job) : IPieceWorker<int>
        {
            private int _busy;
            private int? _prepared;
            private bool _isDisposed;

            public void Prepare(int piece)
            {
                Assert.False(job._isOver);
                Assert.False(_isDisposed);
                Interlocked.Increment(ref job._atWork);
                Enter(ref _busy);
                try
                {
                    job.OnPrepare?.Invoke(piece);
                    _prepared = piece;
                }
                finally
                {
                    Leave(ref _busy);
                    Interlocked.Decrement(ref job._atWork);
                }
            }

            public void Finish(int piece)
            {
                Interlocked.Increment(ref job._atWork);
                Enter(ref job._finishing);
                Enter(ref _busy);
                try
                {
                    Assert.Equal(piece, _prepared);
                    _prepared = null;
                    job.OnFinish?.Invoke(piece);
                    job.Finished.Add(piece);
                }
                finally
                {
                    Leave(ref _busy);
                    Leave(ref job._finishing);
                    Interlocked.Decrement(ref job._atWork);
                }
            }

            public void Dispose()
            {
                Assert.False(job._isOver);
                Assert.False(_isDisposed);
                Assert.Equal(0, _busy);
                _isDisposed = true;
                Interlocked.Increment(ref job._disposed);
            }
        }
    }
}
