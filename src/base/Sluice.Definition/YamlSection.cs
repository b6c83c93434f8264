using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Sluice.Definition;

/// <summary>
/// A mapping of a YAML file, read key by key. Whoever reads it asks for every key it knows and then calls
/// <see cref="RefuseUnknown"/>; what is missing, of another kind or unknown becomes a fault with its line.
/// </summary>
internal sealed class YamlSection(string file, string name, YamlMappingNode node, FaultList faults)
{
    private readonly HashSet<string> _known = [];

    public string File => file;

    /// <summary>What to call this section in a message, e.g. <c>datasets[0].clean</c>.</summary>
    public string Name => name;

    public int Line => (int)node.Start.Line;

    /// <summary>The keys and values, for a mapping whose keys are names that the author chose.</summary>
    public IEnumerable<(string Key, int Line, YamlNode Value)> Entries()
    {
        foreach (var (key, value) in node.Children)
        {
            if (key is YamlScalarNode { Value: { Length: > 0 } text }) yield return (text, (int)key.Start.Line, value);
            else Fault((int)key.Start.Line, "a key must be a word");
        }
    }

    public int LineOf(string key) => Find(key) is { } value ? (int)value.Start.Line : Line;

    public void Fault(int line, string message) => faults.Add(file, line, $"{name}: {message}");

    /// <summary>The text of a key that must be there; empty after a fault.</summary>
    public string Text(string key)
    {
        if (Find(key) is { } value) return ScalarOf(key, value) ?? "";
        Fault(Line, $"lacks '{key}'");
        return "";
    }

    public string Text(string key, string absent) => Find(key) is { } value ? ScalarOf(key, value) ?? absent : absent;

    public bool Flag(string key, bool absent)
    {
        if (Find(key) is not { } value || ScalarOf(key, value) is not { } text) return absent;
        if (text is "true" or "false") return text == "true";
        Fault((int)value.Start.Line, $"'{key}' is '{text}'; write true or false");
        return absent;
    }

    public int Integer(string key, int absent, int min, int max)
    {
        if (Find(key) is not { } value || ScalarOf(key, value) is not { } text) return absent;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Fault((int)value.Start.Line, $"'{key}' is '{text}'; write a whole number from {min} to {max}");
        return absent;
    }

    public TimeSpan? DurationIfPresent(string key) => Find(key) is null ? null : Duration(key, TimeSpan.Zero);

    /// <summary>A list of words; empty when the key is not there, or after a fault.</summary>
    public IReadOnlyList<string> Words(string key)
    {
        if (Find(key) is not { } value) return [];
        if (value is YamlSequenceNode list && list.Children.All(item => item is YamlScalarNode { Value.Length: > 0 }))
            return [.. list.Children.Cast<YamlScalarNode>().Select(item => item.Value!)];
        Fault((int)value.Start.Line, $"'{key}' must be a list of names, e.g. {key}: [country, category]");
        return [];
    }

    /// <summary>A number and a unit: 500ms, 30s, 2m, 1h.</summary>
    public TimeSpan Duration(string key, TimeSpan absent)
    {
        if (Find(key) is not { } value || ScalarOf(key, value) is not { } text) return absent;
        var digits = text.TrimEnd('m', 's', 'h');
        if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1_000_000_000)
        {
            switch (text[digits.Length..])
            {
                case "ms": return TimeSpan.FromMilliseconds(number);
                case "s": return TimeSpan.FromSeconds(number);
                case "m": return TimeSpan.FromMinutes(number);
                case "h": return TimeSpan.FromHours(number);
            }
        }

        Fault((int)value.Start.Line, $"'{key}' is '{text}'; write a number and a unit, e.g. 30s, 2m or 1h");
        return absent;
    }

    /// <summary>A mapping below a key that must be there; null after a fault.</summary>
    public YamlSection? Section(string key)
    {
        if (Find(key) is { } value) return SectionOf(value, Below(key), $"'{key}'");
        Fault(Line, $"lacks '{key}'");
        return null;
    }

    public YamlSection? SectionIfPresent(string key) => Find(key) is { } value ? SectionOf(value, Below(key), $"'{key}'") : null;

    /// <summary>The mappings of a list below a key; empty after a fault.</summary>
    public IReadOnlyList<YamlSection> Sections(string key)
    {
        if (Find(key) is not { } value)
        {
            Fault(Line, $"lacks '{key}'");
            return [];
        }

        if (value is not YamlSequenceNode list || list.Children.Count == 0)
        {
            Fault((int)value.Start.Line, $"'{key}' must be a list with at least one item, each beginning with '- '");
            return [];
        }

        var items = list.Children.Select((item, i) => SectionOf(item, Below($"{key}[{i}]"), $"item {i} of '{key}'"));
        return [.. items.OfType<YamlSection>()];
    }

    /// <summary>Makes a section of the value of one of the <see cref="Entries"/>; null when it is none.</summary>
    public YamlSection? Entry(string key, YamlNode value) =>
        value is YamlMappingNode mapping ? new YamlSection(file, Below(key), mapping, faults) : null;

    /// <summary>Faults for all keys that nobody asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var (key, line, _) in Entries())
        {
            if (!_known.Contains(key)) Fault(line, $"'{key}' is not known here{Spelling.Hint(key, _known)}");
        }
    }

    private YamlSection? SectionOf(YamlNode value, string path, string what)
    {
        if (value is YamlMappingNode mapping) return new YamlSection(file, path, mapping, faults);
        Fault((int)value.Start.Line, $"{what} must hold keys and values");
        return null;
    }

    private YamlNode? Find(string key)
    {
        _known.Add(key);
        return node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;
    }

    private string? ScalarOf(string key, YamlNode value)
    {
        if (value is YamlScalarNode { Value: { Length: > 0 } text }) return text;
        Fault((int)value.Start.Line, value is YamlScalarNode ? $"'{key}' has no value" : $"'{key}' must be a single value");
        return null;
    }

    private string Below(string key) => name.Length == 0 || name == PipelineFile.FileName ? key : $"{name}.{key}";
}
