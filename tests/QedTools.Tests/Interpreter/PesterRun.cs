using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter;

/// <summary>
/// The run phase of a file. A block gets a scope with its row of -ForEach and its BeforeAll in it, the blocks and tests
/// in it get scopes inside that one; a test's scope holds its row, the BeforeEach from the outermost block inwards, the
/// test, the AfterEach from the innermost outwards.
/// </summary>
internal sealed class PesterRun
{
    private readonly ScriptScope _scope;
    private readonly PSDataStreams _streams;
    private readonly TestDrive _drive;
    private PesterTest? _lastTest;

    private PesterRun(ScriptScope scope, PSDataStreams streams, TestDrive drive)
    {
        _scope = scope;
        _streams = streams;
        _drive = drive;
    }

    /// <summary>Runs all tests of a file that are not skipped and leaves their results with them.</summary>
    public static void Execute(PesterBlock root, EngineIntrinsics engine, PSDataStreams streams)
    {
        TestDrive drive = new(engine.SessionState);
        PesterRun run = new(new ScriptScope(engine.SessionState, engine.InvokeCommand), streams, drive);
        try
        {
            run.RunBlock(root);
        }
        finally
        {
            run.Report(root, Attempt("Removing TestDrive", drive.Dispose));
        }
    }

    private void RunBlock(PesterBlock block)
    {
        // As in Pester: where no test runs, no setup does.
        if (block.Tests.All(test => test.SkipReason is not null))
        {
            return;
        }

        IReadOnlySet<string> before = _drive.Contents;
        _scope.Open(() =>
        {
            _scope.Define(block.Data);
            PesterResult? failure = RunSetup(block, SetupKind.BeforeAll);
            if (failure is null)
            {
                RunChildren(block);
            }
            else
            {
                FailAll(block, failure);
            }

            Report(block, RunSetup(block, SetupKind.AfterAll));
        });
        Report(block, Attempt($"Cleaning TestDrive after '{block.Name}'", () => _drive.RemoveAllBut(before)));
    }

    private void RunChildren(PesterBlock block)
    {
        foreach (PesterNode child in block.Children)
        {
            if (child is PesterBlock inner)
            {
                RunBlock(inner);
            }
            else if (child.SkipReason is null)
            {
                RunTest((PesterTest)child);
            }
        }
    }

    private void RunTest(PesterTest test)
    {
        List<PesterResult> failures = [];
        PesterResult? skipped = null;
        (int errors, int warnings) = (_streams.Error.Count, _streams.Warning.Count);
        _scope.Open(() =>
        {
            _scope.Define(test.Data);
            List<PesterBlock> outwards = [.. Outwards(test.Parent)];
            try
            {
                foreach (PesterBlock block in Enumerable.Reverse(outwards))
                {
                    DotSource(block.Setup(SetupKind.BeforeEach), block.Data);
                }

                DotSource(test.Body, test.Data);
            }
            catch (Exception exception) when (exception is not PipelineStoppedException)
            {
                ErrorRecord error = ScriptErrors.Record(exception);
                if (error.Exception is PesterSkipException skip)
                {
                    skipped = new PesterResult(PesterOutcome.Skipped, skip.Message, "", "");
                }
                else
                {
                    failures.Add(ScriptErrors.Failure(error));
                }
            }

            failures.AddRange(outwards.Select(block => RunSetup(block, SetupKind.AfterEach)).OfType<PesterResult>());
        });

        PesterResult start = skipped ?? new PesterResult(PesterOutcome.Passed, "", "", "");
        string output = string.Join('\n', [
            .. _streams.Error.Skip(errors).Select(error => $"Error: {error}"),
            .. _streams.Warning.Skip(warnings).Select(warning => $"Warning: {warning}")]);
        test.Result = failures.Aggregate(start with { Output = output }, (result, failure) => result.With(failure));
        _lastTest = test;
    }

    private void FailAll(PesterBlock block, PesterResult failure)
    {
        foreach (PesterTest test in block.Tests.Where(test => test.SkipReason is null))
        {
            test.Result = failure;
            _lastTest = test;
        }
    }

    /// <summary>
    /// Adds what failed after the tests of a block to the last of them that ran: no test of its own stands for it.
    /// </summary>
    private void Report(PesterBlock block, PesterResult? failure)
    {
        if (failure is not null && _lastTest?.Result is { } result && Outwards(_lastTest.Parent).Contains(block))
        {
            _lastTest.Result = result.With(failure);
        }
    }

    private PesterResult? RunSetup(PesterBlock block, SetupKind kind) =>
        Attempt($"{kind} of '{block.Name}'", () => DotSource(block.Setup(kind), block.Data));

    private void DotSource(ScriptBlock? script, object? data)
    {
        if (script is not null)
        {
            _scope.DotSource(script, data);
        }
    }

    private static PesterResult? Attempt(string what, Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception) when (exception is not PipelineStoppedException)
        {
            return ScriptErrors.Failure(ScriptErrors.Record(exception), what);
        }
    }

    private static IEnumerable<PesterBlock> Outwards(PesterBlock? block)
    {
        for (; block is not null; block = block.Parent)
        {
            yield return block;
        }
    }
}
