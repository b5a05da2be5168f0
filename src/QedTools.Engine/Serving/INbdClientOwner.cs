using System;

namespace QedTools.Serving;

/// <summary>What a connection needs to know of its server.</summary>
internal interface INbdClientOwner
{
    /// <summary>The exports.</summary>
    NbdExports Exports { get; }

    /// <summary>How TLS is spoken; null: not at all.</summary>
    NbdTls? Tls { get; }

    /// <summary>How much was read and written.</summary>
    NbdTotals Totals { get; }

    /// <summary>Takes connections over whose thread is held up; null: nobody does.</summary>
    NbdWatch? Watch { get; }

    /// <summary>Whether no client may choose an export any more.</summary>
    bool IsStopping { get; }

    /// <summary>Whether requests are refused: the time to end is over.</summary>
    bool IsRefusing { get; }

    /// <summary>Reports an error of a disk, or of the server itself.</summary>
    /// <param name="export">The export; null if there is none.</param>
    /// <param name="error">The error.</param>
    void Report(NbdExport? export, Exception error);

    /// <summary>Reports why a connection ended.</summary>
    void Explain(string what);
}
