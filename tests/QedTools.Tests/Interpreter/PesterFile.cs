using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Threading;
using Microsoft.PowerShell;
using QedTools.Tests.Interpreter.Words;

namespace QedTools.Tests.Interpreter;

/// <summary>
/// A Pester file: discovered first, run later, both in one session of its own. A file that
/// does not parse, or whose discovery throws, is a single failed test that says so.
/// </summary>
internal sealed class PesterFile : IDisposable
{
    private readonly Runspace? _runspace;
    private readonly PesterBlock _root;
    private bool _hasRun;

    private PesterFile(Runspace? runspace, PesterBlock root)
    {
        _runspace = runspace;
        _root = root;
        Tests = [.. root.Tests];
    }

    /// <summary>The tests, in the order of the file.</summary>
    public IReadOnlyList<PesterTest> Tests { get; }

    /// <summary>Discovers the tests of a file.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="createState">Makes the session the file runs in; the words are added to it.</param>
    public static PesterFile Discover(string path, Func<InitialSessionState> createState)
    {
        Runspace? runspace = null;
        try
        {
            ScriptBlockAst syntax = Parser.ParseFile(path, out _, out ParseError[] errors);
            if (errors.Length > 0)
            {
                throw new ParseException(errors);
            }

            Discovery discovery = new(path, syntax);
            InitialSessionState state = createState();
            if (OperatingSystem.IsWindows())
            {
                // Nowhere else is there a policy to set.
                state.ExecutionPolicy = ExecutionPolicy.Bypass;
            }

            state.ThrowOnRunspaceOpenError = true;
            PesterWords.AddTo(state, discovery);
            runspace = RunspaceFactory.CreateRunspace(state);
            runspace.Open();

            using PowerShell shell = PowerShell.Create(runspace);
            // Under try all errors that end a statement end the discovery, as they do under Pester.
            shell.AddScript("try { & $args[0] } catch { throw }").AddArgument(path).Invoke();
            discovery.IsOver = true;
            if (!discovery.Root.Tests.Any())
            {
                // Pester is content with that; here at least it shows.
                AddStandIn(discovery.Root, "no It was found", null);
            }

            return new PesterFile(runspace, discovery.Root);
        }
        catch (Exception exception) when (exception is not PipelineStoppedException)
        {
            runspace?.Dispose();
            PesterBlock root = new(null, Discovery.FileName(path), [], null, null);
            AddStandIn(root, null, ScriptErrors.Failure(ScriptErrors.Record(exception), "Discovery"));
            return new PesterFile(null, root);
        }
    }

    /// <summary>Runs the tests once and ends the session; after that they have their results.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        if (_hasRun || _runspace is null)
        {
            return;
        }

        _hasRun = true;
        using (PowerShell shell = PowerShell.Create(_runspace))
        using (cancellationToken.Register(() => shell.Stop()))
        {
            Action<EngineIntrinsics> run = engine => PesterRun.Execute(_root, engine, shell.Streams);
            shell.AddScript("try { $args[0].Invoke($ExecutionContext) } catch { throw }").AddArgument(run).Invoke();
        }

        _runspace.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _runspace?.Dispose();

    private static void AddStandIn(PesterBlock root, string? skipReason, PesterResult? result) =>
        root.Children.Add(new PesterTest(root, "discovery", [], skipReason, null, null) { Result = result });
}
