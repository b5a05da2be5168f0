using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes one of the two sizes of a QED image's geometry, and shows the largest disk that it allows together with the other one.</summary>
internal abstract class GeometryCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session)
    {
        long? requested = session.NumberOf("SizeBytes");
        return Geometries(session).Select(candidate => (candidate.Text, Describe(candidate.Geometry, requested)));
    }

    /// <summary>The possible values, each with the resulting geometry.</summary>
    private protected abstract IEnumerable<(string Text, QedGeometry Geometry)> Geometries(CompletionSession session);

    private static string Describe(QedGeometry geometry, long? requested)
    {
        long max = geometry.MaxVirtualSize;
        return string.Format(
            CultureInfo.CurrentCulture,
            "Clusters of {0}, tables of {1} {2}{3}: disks of up to {4}{5}",
            ByteSize.Format(geometry.ClusterSize),
            geometry.TableSize,
            geometry.TableSize == 1 ? "cluster" : "clusters",
            DefaultMark(geometry.ClusterSize == QedGeometry.DefaultClusterSize && geometry.TableSize == QedGeometry.DefaultTableSize),
            ByteSize.Format(max),
            requested > max ? $", too small for {ByteSize.Format(requested.Value)}" : string.Empty);
    }
}
