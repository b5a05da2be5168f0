using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Qed.Format;

namespace QedTools.Completion;

/// <summary>Completes one of the two sizes that make a QED image's geometry, and tells the largest disk that it allows with the other one.</summary>
internal abstract class GeometryCompleter : SizeCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Candidates(CompletionSession session)
    {
        long? wanted = session.NumberOf("SizeBytes");
        return Geometries(session).Select(candidate => (candidate.Text, Describe(candidate.Geometry, wanted)));
    }

    /// <summary>What can be typed, and the geometry that it makes.</summary>
    private protected abstract IEnumerable<(string Text, QedGeometry Geometry)> Geometries(CompletionSession session);

    private static string Describe(QedGeometry geometry, long? wanted)
    {
        long most = geometry.MaxVirtualSize;
        return string.Format(
            CultureInfo.CurrentCulture,
            "Clusters of {0}, tables of {1} {2}{3}: disks of up to {4}{5}",
            ByteSize.Format(geometry.ClusterSize),
            geometry.TableSize,
            geometry.TableSize == 1 ? "cluster" : "clusters",
            DefaultMark(geometry.ClusterSize == QedGeometry.DefaultClusterSize && geometry.TableSize == QedGeometry.DefaultTableSize),
            ByteSize.Format(most),
            wanted > most ? $", too small for {ByteSize.Format(wanted.Value)}" : string.Empty);
    }
}
