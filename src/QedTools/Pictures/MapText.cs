using System;
using System.Collections.Generic;
using System.Globalization;

namespace QedTools.Pictures;

/// <summary>The texts that pictures of all kinds share.</summary>
internal static class MapText
{
    /// <summary>The sizes of the disk, of the range shown and of the data in that range.</summary>
    public static string Facts(MapPicture picture)
    {
        MapSubject subject = picture.Subject;
        string size = ByteSize.Format(subject.VirtualSize);
        if (subject.Length == 0)
        {
            return $"{size}, nothing to show";
        }

        string allocated = $"{ByteSize.Format(picture.DataBytes)} ({Percent(picture.DataBytes, subject.Length)}) allocated";
        return subject.IsWhole
            ? $"{size}, {allocated}"
            : $"{size}, {ByteSize.Format(subject.Length)} shown from {ByteSize.FormatExactly(subject.Offset)}, {allocated}";
    }

    /// <summary>The size of a cell, compared with a cluster.</summary>
    public static string CellSize(MapPicture picture)
    {
        long cell = picture.Grid.CellSize;
        int cluster = picture.Subject.ClusterSize;
        string size = ByteSize.Format(cluster);
        return cell == cluster
            ? $"One cell is one cluster of {size}."
            : cell > cluster
                ? $"One cell is {ByteSize.Format(cell)}, {Count(cell / cluster)} clusters of {size}."
                : $"One cell is {ByteSize.Format(cell)}; a cluster of {size} takes {Count(cluster / cell)} of them.";
    }

    /// <summary>The entries of the legend, beginning with the image's own data.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="ascii">Whether names are limited to ASCII.</param>
    public static IReadOnlyList<LegendEntry> Legend(MapPicture picture, bool ascii = false)
    {
        IReadOnlyList<string> layers = picture.Subject.LayerNames;
        List<LegendEntry> entries = [];
        for (int share = 0; share < Math.Min(layers.Count, MapShare.Layers); share++)
        {
            bool isGroup = share == MapShare.Layers - 1 && layers.Count > MapShare.Layers;
            string name = ascii ? PrintableText.InAscii(layers[share]) : PrintableText.Of(layers[share]);
            string label = isGroup ? $"data in {layers.Count - share} deeper layers" : $"data in {name}";
            Add(share, picture.Subject.IsChain ? label : "data");
        }

        Add(MapShare.Zero, "zero");
        Add(MapShare.Unallocated, "unallocated");
        if (picture.UnknownBytes > 0)
        {
            entries.Add(new LegendEntry(MapShare.Unknown, "unknown (after damage)", picture.UnknownBytes, Extents: null));
        }

        return entries;

        void Add(int share, string label) => entries.Add(new LegendEntry(share, label, picture.BytesOf(share), picture.ExtentsOf(share)));
    }

    /// <summary>A share in percent, never rounded to 0 or 100 unless it is exact.</summary>
    public static string Percent(long part, long whole)
    {
        if (part == 0 || whole == 0)
        {
            return "0%";
        }

        decimal percent = (decimal)part / whole * 100;
        return percent < 0.01m ? Text(0.01m, "<")
            : percent > 99.99m && part < whole ? Text(99.99m, ">")
            : Text(percent, string.Empty);

        static string Text(decimal value, string sign) => string.Format(CultureInfo.CurrentCulture, "{0}{1:0.##}%", sign, value);
    }

    /// <summary>A number of extents with its unit.</summary>
    public static string Extents(long count) => count == 1 ? "1 extent" : $"{Count(count)} extents";

    /// <summary>A whole number with thousands separators.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.CurrentCulture);
}
