using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests;

public sealed class OrderedWorkTests
{
    // More than any test here deals with unless nobody stops it.
    private const int Endless = 3_000_000;

    // For what happens at once unless it never does.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Where a piece can fail.</summary>
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
    public void Pieces_are_finished_in_order_and_alone(int workers, int pieces)
    {
        Job job = new(pieces) { OnPrepare = piece => Thread.SpinWait(piece * 7919 % 400), OnFinish = piece => Thread.SpinWait(piece * 31 % 200) };
        job.Run(workers);

        Assert.Equal(Enumerable.Range(0, pieces), job.Finished);
        Assert.InRange(job.Workers, Math.Min(1, pieces), workers);
    }

    [Fact]
    public void Without_a_wish_there_are_a_few_workers()
    {
        Job job = new(1000);
        OrderedWork.Run(job.Pieces(), job.NewWorker, onFinished: null, CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, 1000), job.Finished);
        Assert.InRange(job.Workers, 1, Math.Min(4, Environment.ProcessorCount));
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void As_many_pieces_are_prepared_side_by_side_as_there_are_workers(int workers)
    {
        // The first piece is the caller's alone: work that is done with it needs nobody else.
        using Barrier all = new(workers);
        Job job = new(workers + 1) { OnPrepare = piece => Assert.True(piece == 0 || all.SignalAndWait(Patience), "The others do not come.") };
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
    public void What_comes_of_a_failure_is_what_a_single_thread_makes_of_it(int workers, Place place, int at)
    {
        InvalidOperationException failure = new("The test says so.");
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
    public void The_failure_of_the_first_piece_counts_not_the_first_failure()
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
    public void A_helper_that_cannot_begin_is_the_failure_of_the_piece_that_it_took()
    {
        int caller = Environment.CurrentManagedThreadId;
        using ManualResetEventSlim helped = new();
        InvalidOperationException failure = new("The test says so.");
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
    public void Nobody_is_at_work_any_more_when_the_failure_is_thrown()
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
                throw new InvalidOperationException("The test says so.");
            }),
        };

        Assert.Throws<InvalidOperationException>(() => job.Run(workers: 2));
        Assert.True(isOver);
        Assert.Equal([0, 1], job.Finished);
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void What_is_cancelled_before_is_not_begun(int workers)
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Job job = new(10) { OnPiece = _ => Assert.Fail("The source was asked.") };

        OperationCanceledException error = Assert.Throws<OperationCanceledException>(() => job.RunUntil(workers, job.Note, stop.Token));
        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Equal((0, 0, 0), (job.Workers, job.Finished.Count, job.Told.Count));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void What_is_cancelled_ends_with_the_pieces_that_were_taken(int workers, Place place, int at)
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
    public void What_is_cancelled_in_the_last_piece_is_cancelled(int workers)
    {
        using CancellationTokenSource stop = new();
        Job job = new(5) { OnFinish = piece => Do(piece == 4, stop.Cancel) };

        Assert.Throws<OperationCanceledException>(() => job.RunUntil(workers, onFinished: null, stop.Token));
        Assert.Equal([0, 1, 2, 3, 4], job.Finished);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_caller_is_told_on_its_thread_in_order_and_of_the_last_piece(int workers, int pieces)
    {
        Job job = new(pieces);
        int caller = Environment.CurrentManagedThreadId;
        job.Run(workers, piece =>
        {
            Assert.Equal(caller, Environment.CurrentManagedThreadId);
            job.Note(piece);
        });

        Assert.Equal(job.Told.Distinct().Order(), job.Told);
        Assert.Equal(pieces == 0 ? [] : [pieces - 1], job.Told.TakeLast(1));
        Assert.True(workers > 1 || job.Told.Count == pieces);
    }

    [Theory]
    [MemberData(nameof(WorkerCounts))]
    public void What_the_caller_throws_when_it_is_told_stops_the_work(int workers)
    {
        using ManualResetEventSlim helped = new();
        InvalidOperationException failure = new("The test says so.");
        Job job = new(Endless) { OnPrepare = piece => Do(piece == 2, helped.Set) };

        Assert.Same(failure, Record.Exception(() => job.Run(workers, piece => Do(piece > 0, () =>
        {
            // The others are at work then.
            Do(workers > 1, () => Await(helped));
            throw failure;
        }))));
        Assert.InRange(job.Finished.Count, 2, Endless - 1);
        Assert.Equal(Enumerable.Range(0, job.Finished.Count), job.Finished);
    }

    [Fact]
    public void What_the_caller_throws_when_it_is_told_of_the_last_piece_is_thrown()
    {
        InvalidOperationException failure = new("The test says so.");
        using ManualResetEventSlim finished = new();

        // The last piece is a helper's: the caller's own is not finished before.
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
    public void Work_within_work_is_done_as_well(int workers)
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

    private static void Await(ManualResetEventSlim signal) => Assert.True(signal.Wait(Patience), "The other thread does not come.");

    /// <summary>Pieces with numbers, and what becomes of them. Fails when two threads are where only one may be.</summary>
    private sealed class Job(int pieces)
    {
        private int _workers;
        private int _atWork;
        private int _inSource;
        private int _finishing;
        private bool _isOver;

        /// <summary>Is done when the source is asked for a piece.</summary>
        public Action<int>? OnPiece { get; init; }

        /// <summary>Is done when a worker is made.</summary>
        public Action? OnWorker { get; init; }

        public Action<int>? OnPrepare { get; init; }

        public Action<int>? OnFinish { get; init; }

        /// <summary>The pieces that were finished, in that order.</summary>
        public List<int> Finished { get; } = [];

        /// <summary>Those that <see cref="Note"/> was told of.</summary>
        public List<int> Told { get; } = [];

        /// <summary>How many workers were made.</summary>
        public int Workers => _workers;

        public void Note(int piece) => Told.Add(piece);

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

            public void Prepare(int piece)
            {
                Assert.False(job._isOver);
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
        }
    }
}
