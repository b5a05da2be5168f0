using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.Operations;

/// <summary>Random images that name one another in random ways, and what the forest must be, by the simplest means.</summary>
internal sealed class ForestModel
{
    private static readonly string[] Stems = ["vm", "vm 1", "vm2", "VM10", "vm010", "-a", "ü", "{b}", "'c'", "d\u202Ee", "a.b", "#"];

    private readonly Random _random;

    // Every path of a file, with the path of the file itself where it is a link.
    private readonly Dictionary<string, string> _fileAt = [];
    private readonly Dictionary<string, string?> _nameIn = [];
    private readonly HashSet<string> _links = [];
    private readonly List<string> _nodes = [];

    /// <param name="root">An empty folder.</param>
    /// <param name="random">Decides everything.</param>
    public ForestModel(string root, Random random)
    {
        _random = random;
        string[] folders = [root, Path.Combine(root, "vms"), Path.Combine(root, "vms", "inner 2"), Path.Combine(root, "vms", "inner 10")];
        foreach (string folder in folders)
        {
            Directory.CreateDirectory(folder);
        }

        int count = random.Next(1, 14);
        while (_fileAt.Count < count)
        {
            string path = Path.Combine(random.Pick(folders), random.Pick(Stems) + random.Pick(".qed", ".qed", "", ".raw", ".txt"));
            _fileAt.TryAdd(path, path);
        }

        foreach (string path in _fileAt.Keys.ToArray())
        {
            _nameIn[path] = path.EndsWith(".raw", StringComparison.Ordinal) || path.EndsWith(".txt", StringComparison.Ordinal) ? null : NameFrom(path);
            if (IsImage(path))
            {
                ImageFiles.Make(path, _nameIn[path]);
            }
            else
            {
                File.WriteAllBytes(path, new byte[512]);
            }
        }

        for (int links = Host.IsUnix ? random.Next(4) : 0; links > 0; links--)
        {
            string target = random.Pick<string>([.. _nameIn.Keys]);
            string path = Path.Combine(random.Pick(folders), "link" + links);
            _fileAt[path] = target;
            if (random.Next(2) == 0)
            {
                Host.Run("ln", target, path);
            }
            else
            {
                File.CreateSymbolicLink(path, target);
                _links.Add(path);
            }
        }

        if (Host.IsUnix)
        {
            Directory.CreateSymbolicLink(Path.Combine(root, "vms", "loop"), root);
        }

        // One for each file and folder: a name that is not a link if there is one, and of those the first. A file of no format counts only if it is named.
        foreach (IGrouping<(string, string), string> names in _fileAt.Keys.GroupBy(path => (_fileAt[path], Path.GetDirectoryName(path)!)))
        {
            string best = names.OrderBy(_links.Contains).ThenBy(path => path, StringComparer.Ordinal).First();
            if (IsImage(_fileAt[best]) || Path.GetExtension(best) == ".raw" || names.Any(path => Path.GetExtension(path) == ".raw"))
            {
                _nodes.Add(names.OrderBy(_links.Contains).ThenBy(path => path, StringComparer.Ordinal).First(path => IsImage(_fileAt[path]) || Path.GetExtension(path) == ".raw"));
            }
        }

        // In the order in which files are read; the first name under which such a file is named is the one that it gets.
        _nodes.Sort(StringComparer.Ordinal);
        foreach (string node in _nodes.ToArray())
        {
            if (PathBelow(node) is { } path && _fileAt.ContainsKey(path) && Below(node) is null)
            {
                _nodes.Add(path);
            }
        }
    }

    /// <summary>The paths of all files.</summary>
    public IEnumerable<string> Paths => _fileAt.Keys;

    /// <summary>A line for each image in the order of the tree: depth, path, state, number of overlays.</summary>
    public List<string> All()
    {
        List<string> lines = [];
        foreach (string root in _nodes.Where(node => Below(node) is null || (IsOnCycle(node) && CycleOf(node).Min(Comparer) == node)).Order(Comparer))
        {
            Add(lines, root, 0, []);
        }

        return lines;
    }

    /// <summary>The same for the images over a file.</summary>
    public List<string> Over(string path)
    {
        List<string> lines = [];
        HashSet<string> seen = [.. _nodes.Where(node => _fileAt[node] == _fileAt[path])];
        foreach (string node in _nodes.Where(node => Below(node) is { } below && _fileAt[below] == _fileAt[path]).Order(Comparer))
        {
            Add(lines, node, 1, seen);
        }

        return lines;
    }

    private static Comparer<string> Comparer => Comparer<string>.Create((one, other) =>
    {
        string[] left = Tokens(one);
        string[] right = Tokens(other);
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            int order = int.TryParse(left[i], out int a) && int.TryParse(right[i], out int b) ? a.CompareTo(b) : string.CompareOrdinal(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(one, other);

        static string[] Tokens(string path) => [.. Regex.Matches(path.Replace(Path.DirectorySeparatorChar, '\u0001'), "[0-9]+|[^0-9]").Select(match => match.Value.ToUpperInvariant())];
    });

    private static bool IsImage(string path) => Path.GetExtension(path) is not (".raw" or ".txt");

    private void Add(List<string> lines, string node, int depth, HashSet<string> seen)
    {
        if (!seen.Add(node))
        {
            return;
        }

        string[] above = [.. _nodes.Where(one => Below(one) == node).Order(Comparer)];
        lines.Add($"{depth} {node} {StateOf(node, above.Length)} {above.Length}");
        foreach (string one in above)
        {
            Add(lines, one, depth + 1, seen);
        }
    }

    private QedOverlayState StateOf(string node, int above) =>
        _nameIn[_fileAt[node]] is not { } name ? above > 0 ? QedOverlayState.Base : QedOverlayState.Standalone
        : IsOnCycle(node) ? QedOverlayState.Cycle
        : Below(node) is { } below ? StateOf(below, 1) is QedOverlayState.Base or QedOverlayState.Overlay ? QedOverlayState.Overlay : QedOverlayState.Broken
        : name.StartsWith("nbd:", StringComparison.Ordinal) ? QedOverlayState.NotFollowed
        : QedOverlayState.Orphan;

    private bool IsOnCycle(string node) => CycleOf(node).Contains(node);

    // What is below, until it repeats.
    private List<string> CycleOf(string node)
    {
        List<string> below = [];
        for (string? one = Below(node); one is not null && !below.Contains(one); one = Below(one))
        {
            below.Add(one);
        }

        return below.Contains(node) ? below : [];
    }

    private string? PathBelow(string node) =>
        _nameIn[_fileAt[node]] is { } name && !name.StartsWith("nbd:", StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(node)!, name)) : null;

    // The node in the folder that is named, or else another of the same file.
    private string? Below(string node) => PathBelow(node) is { } path && _fileAt.TryGetValue(path, out string? file)
        ? _nodes.Find(one => _fileAt[one] == file && Path.GetDirectoryName(one) == Path.GetDirectoryName(path)) ?? _nodes.Find(one => _fileAt[one] == file)
        : null;

    private string? NameFrom(string path) => _random.Next(12) switch
    {
        0 or 1 => null,
        2 => "missing.qed",
        3 => "nbd:unix:/x",
        4 => "link1",
        5 => _random.Pick<string>([.. _fileAt.Keys]),
        _ => Path.GetRelativePath(Path.GetDirectoryName(path)!, _random.Pick<string>([.. _fileAt.Keys])),
    };
}
