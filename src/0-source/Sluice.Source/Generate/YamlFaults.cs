using System.Globalization;
using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

/// <summary>Reads typed values out of a YAML tree and keeps every fault met, with its line.</summary>
internal sealed class YamlFaults(string file)
{
    private readonly List<Fault> _faults = [];

    public IReadOnlyList<Fault> Faults => _faults;

    public void Add(YamlNode? at, string message) => Add(at?.Start.Line ?? 1, message);

    public void Add(long line, string message) => _faults.Add(new Fault(file, (int)line, message));

    public static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "null" or "~" };

    /// <summary>The entries of a mapping; none, and a fault, when it is something else.</summary>
    public IReadOnlyList<(string Name, YamlNode Value)> Entries(YamlNode? node, string what)
    {
        if (node is YamlMappingNode map)
        {
            return [.. map.Children.Select(c => ((c.Key as YamlScalarNode)?.Value ?? "", c.Value))];
        }

        if (node is not null)
        {
            Add(node, $"{what} is not a mapping; write lines of 'name: value'.");
        }

        return [];
    }

    /// <summary>The items of a sequence; none, and a fault, when it is something else.</summary>
    public IReadOnlyList<YamlNode> Items(YamlNode? node, string what)
    {
        if (node is YamlSequenceNode list && list.Children.Count > 0)
        {
            return [.. list.Children];
        }

        if (node is not null)
        {
            Add(node, $"{what} is not a list; write [a, b] or lines of '- a'.");
        }

        return [];
    }

    /// <summary>A value of a mapping; null when it is absent.</summary>
    public static YamlNode? Get(YamlNode node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    /// <summary>Faults every name of a mapping that is not among the known ones.</summary>
    public void RefuseOthers(YamlNode node, params ReadOnlySpan<string> known)
    {
        foreach (var key in node is YamlMappingNode map ? map.Children.Keys : [])
        {
            if (!known.Contains((key as YamlScalarNode)?.Value ?? ""))
            {
                Add(key, $"'{key}' is not known here; known are {string.Join(", ", known.ToArray())}.");
            }
        }
    }

    public string Text(YamlNode? node, string what)
    {
        if (node is YamlScalarNode { Value: { } text })
        {
            return text;
        }

        Add(node, $"{what} is not a text.");
        return "";
    }

    public long Integer(YamlNode? node, string what, long least, long most)
    {
        if (node is YamlScalarNode { Value: { } text }
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most)
        {
            return value;
        }

        Add(node, $"{what} is not a whole number from {least} to {most}.");
        return least;
    }

    public double Number(YamlNode? node, string what, double least)
    {
        if (node is YamlScalarNode { Value: { } text }
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= least && double.IsFinite(value))
        {
            return value;
        }

        Add(node, string.Create(CultureInfo.InvariantCulture, $"{what} is not a number of at least {least}."));
        return least;
    }

    /// <summary>A range [least, most], or one number for both.</summary>
    public (T Least, T Most) Range<T>(YamlNode? node, string what, Func<YamlNode?, string, T> read)
        where T : IComparable<T>
    {
        if (node is not YamlSequenceNode list)
        {
            var only = read(node, what);
            return (only, only);
        }

        if (list.Children.Count != 2)
        {
            Add(node, $"{what} is not a range; write [least, most].");
            return (default!, default!);
        }

        var (least, most) = (read(list.Children[0], what), read(list.Children[1], what));
        if (least.CompareTo(most) > 0)
        {
            Add(node, $"{what} ends before it begins; write the smaller value first.");
            return (least, least);
        }

        return (least, most);
    }
}
