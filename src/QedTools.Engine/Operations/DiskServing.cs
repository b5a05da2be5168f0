using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Serving;

namespace QedTools;

/// <summary>Offers disks to other programs and computers by the NBD protocol.</summary>
public static class DiskServing
{
    /// <summary>Starts a server for one image.</summary>
    /// <param name="path">The image. Clients choose it by the name that <see cref="NameOf"/> gives it, or by no name.</param>
    /// <param name="options">How to serve it.</param>
    /// <param name="progress">Receives the progress of the check of an image that clients may write to; may be null.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <inheritdoc cref="Start(IEnumerable{DiskServingExport}, DiskServingOptions, IProgress{OperationProgress}, CancellationToken)"/>
    public static QedNbdServer Start(
        string path,
        DiskServingOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Start([new DiskServingExport(NameOf(path, options.Partition), path)], options, progress, cancellation);

    /// <summary>Starts a server.</summary>
    /// <param name="exports">The images, each with the name that clients choose it by. A single one can also be chosen by no name.</param>
    /// <param name="options">How to serve them.</param>
    /// <param name="progress">Receives the progress of the check of images that clients may write to; may be null.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <inheritdoc cref="Start(IEnumerable{DiskServingExport}, DiskServingOptions, IProgress{OperationProgress}, CancellationToken)"/>
    public static QedNbdServer Start(
        IEnumerable<KeyValuePair<string, string>> exports,
        DiskServingOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Start(exports.Select(export => new DiskServingExport(export.Key, export.Value)), options, progress, cancellation);

    /// <summary>Starts a server.</summary>
    /// <param name="exports">The disks, each with the name that clients choose it by. A single one can also be chosen by no name.</param>
    /// <param name="options">How to serve them.</param>
    /// <param name="progress">Receives the progress of the check of images that clients may write to; may be null.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <returns>The server, which is running; the caller stops it.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedEndpointException">It is not possible to listen there.</exception>
    /// <exception cref="QedRequestException">Two exports have the same name, the certificate has no private key, or options contradict each other.</exception>
    /// <exception cref="QedException">An image cannot be opened: as for <see cref="DiskOpening.Run"/>.</exception>
    public static QedNbdServer Start(
        IEnumerable<DiskServingExport> exports,
        DiskServingOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        DiskServingExport[] wanted = [.. exports];
        RequireSensible(wanted, options);
        List<NbdExport> opened = [];
        NbdListener? listener = null;
        try
        {
            foreach (DiskServingExport export in wanted)
            {
                opened.Add(Open(export, OptionsFor(export, options), progress, cancellation));
            }

            listener = NbdListener.Open(EndpointOf(options), wanted[0].Path);
            NbdTls? tls = options.Certificate is { } certificate
                ? new NbdTls(certificate, options.RequireClientCertificate, options.ClientAuthorities)
                : null;
            return new QedNbdServer(opened, listener, tls, options.MaxConnections, options.Trace);
        }
        catch
        {
            listener?.Dispose();
            CloseAll(opened);
            throw;
        }
    }

    /// <summary>Finds every problem with the images, the options and the place that can be found without listening.</summary>
    /// <param name="exports">The images, each with the name that clients choose it by.</param>
    /// <param name="options">How to serve them.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What the server would offer.</returns>
    /// <inheritdoc cref="Start(IEnumerable{DiskServingExport}, DiskServingOptions, IProgress{OperationProgress}, CancellationToken)"/>
    public static IReadOnlyList<QedNbdExport> Plan(
        IEnumerable<DiskServingExport> exports, DiskServingOptions options, CancellationToken cancellation = default)
    {
        DiskServingExport[] wanted = [.. exports];
        RequireSensible(wanted, options);
        List<QedNbdExport> planned = [];
        foreach (DiskServingExport export in wanted)
        {
            using BackingChain chain = DiskOpening.OpenChain(
                export.Path, OptionsFor(export, options), options.Writable, options.AllowOtherContents, options.AllowOtherOverlays, progress: null, cancellation);
            planned.Add(FactsOf(export, chain.ToDisk(), options));
        }

        NbdListener.RequirePossible(EndpointOf(options), wanted[0].Path);
        return planned;
    }

    private static NbdEndpoint EndpointOf(DiskServingOptions options) => new(
        options.Address, options.Port, options.SocketPath is { } path ? Path.GetFullPath(path) : null, options.SocketDescriptor);

    /// <summary>Whether only programs on this computer reach an address.</summary>
    /// <param name="address">A name or an IP address.</param>
    public static bool IsLoopback(string address) => IPAddress.TryParse(address, out IPAddress? parsed)
        ? IPAddress.IsLoopback(parsed)
        : address.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name that clients choose an image by unless another one is given: that of its file, with "-part2" and so on for a partition.</summary>
    /// <param name="path">The image.</param>
    /// <param name="partition">The number of the partition; null or <see cref="QedPartition.WholeDisk"/> for the disk as a whole.</param>
    public static string NameOf(string path, int? partition = null) => partition is null or QedPartition.WholeDisk
        ? Path.GetFileName(path)
        : FormattableString.Invariant($"{Path.GetFileName(path)}-part{partition}");

    /// <summary>
    /// Takes over the socket that this process was started with, if there is one (LISTEN_FDS and LISTEN_PID, as systemd and the tools of libnbd set
    /// them). The second call returns nothing.
    /// </summary>
    /// <returns>Its number, for <see cref="DiskServingOptions.SocketDescriptor"/>; null if there is none, or more than one.</returns>
    public static int? TakeActivatedSocket()
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        return SocketActivation.Take(process.Id);
    }

    /// <summary>The socket that <see cref="TakeActivatedSocket"/> would take, without taking it.</summary>
    public static int? FindActivatedSocket()
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        return SocketActivation.Find(process.Id);
    }

    private static NbdExport Open(
        in DiskServingExport export, DiskServingOptions options, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        BackingChain chain = DiskOpening.OpenChain(
            export.Path, options, options.Writable, options.AllowOtherContents, options.AllowOtherOverlays, progress, cancellation);
        try
        {
            IDisk disk = chain.ToDisk();
            QedNbdExport facts = FactsOf(export, disk, options);
            if (!options.Temporary)
            {
                return new NbdExport(facts, disk, GranuleOf(chain.Layers[0]), () => Close(chain, options));
            }

            TemporaryOverlay overlay = TemporaryOverlay.Create(disk, export.Path, options.Trace);
            return new NbdExport(facts, overlay.Disk, overlay.Granule, () =>
            {
                overlay.Dispose();
                Close(chain, options);
            });
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    private static DiskServingOptions OptionsFor(in DiskServingExport export, DiskServingOptions options) =>
        export.Partition is { } partition ? options with { Partition = partition } : options;

    private static QedNbdExport FactsOf(in DiskServingExport export, IDisk disk, DiskServingOptions options) =>
        new(export.Name, Path.GetFullPath(export.Path), disk.Length, !options.Writable && !options.Temporary, options.Temporary);

    // A file that is only read was locked all the time, except where another program ignores locks.
    private static void Close(BackingChain chain, DiskServingOptions options)
    {
        try
        {
            if (!options.ForceShare)
            {
                chain.RequireUnchanged();
            }
        }
        catch (QedFileChangedException e)
        {
            options.Trace?.Warn(e.Message);
        }
        finally
        {
            chain.Close();
        }
    }

    private static int GranuleOf(IDiskLayer layer) => layer.AllocationUnit is { } unit && PowerOfTwo.Is(unit) ? unit : layer.Granule;

    private static void CloseAll(List<NbdExport> exports)
    {
        foreach (NbdExport export in exports)
        {
            try
            {
                export.Close();
            }
            catch (QedException)
            {
                // The error that led here matters more, and nobody has written anything.
            }
        }
    }

    private static void RequireSensible(DiskServingExport[] exports, DiskServingOptions options)
    {
        if (exports.Length == 0)
        {
            throw new ArgumentException("There is nothing to serve.", nameof(exports));
        }

        string first = exports[0].Path;
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (DiskServingExport export in exports)
        {
            if (!names.Add(export.Name))
            {
                string other = exports.First(one => one.Name == export.Name).Path;
                throw new QedRequestException(
                    export.Path, "ExportName", export.Name, "a name for each image", $"'{other}' and '{export.Path}' cannot both be served under the name '{export.Name}'. Give one of them another name.");
            }

            if (Encoding.UTF8.GetByteCount(export.Name) > NbdLimits.MaxText || export.Name.AsSpan().IndexOf('\0') >= 0)
            {
                throw new QedRequestException(
                    export.Path, "ExportName", export.Name, $"up to {NbdLimits.MaxText} bytes in UTF-8", $"'{export.Path}' cannot be served under a name of more than {NbdLimits.MaxText} bytes in UTF-8, or with a zero character in it. Give it another name.");
            }
        }

        if (options.Certificate is { HasPrivateKey: false } certificate)
        {
            throw new QedRequestException(
                first, nameof(options.Certificate), certificate.Subject, "a certificate with its private key", $"The certificate '{certificate.Subject}' has no private key, so a server cannot use it. Load it together with its key.");
        }

        if (options.RequireClientCertificate && options.Certificate is null)
        {
            throw new QedRequestException(
                first, nameof(options.RequireClientCertificate), true, "only with a certificate of the server", "Clients can only be required to have a certificate if the server has one. Give the server's certificate.");
        }

        if (options.ClientAuthorities.Count > 0 && !options.RequireClientCertificate)
        {
            throw new QedRequestException(
                first, nameof(options.ClientAuthorities), options.ClientAuthorities.Count, "only if clients must have a certificate", "Authorities for the certificates of clients are of no use if clients need none, and everyone could connect. Require a certificate of them.");
        }

        if (options.Port is < 0 or > 65535)
        {
            throw new QedLimitException(first, nameof(options.Port), options.Port, "0 to 65535");
        }

        if (options.MaxConnections < 1)
        {
            throw new QedLimitException(first, nameof(options.MaxConnections), options.MaxConnections, "1 or more");
        }

        if (options.Writable && options.Temporary)
        {
            throw new QedRequestException(
                first, nameof(options.Temporary), true, "only for images that are not changed", $"'{first}' cannot be both changed and left as it is. Choose one.");
        }
    }
}
