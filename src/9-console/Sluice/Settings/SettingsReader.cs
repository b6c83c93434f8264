using System.Collections;
using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Console.Settings;

/// <summary>
/// Fills the settings from sluice.yaml, then from the environment. Every fault is collected: an unknown key, a value of the
/// wrong kind. Keys are the property names in kebab-case; a variable is <c>SLUICE_</c> and the keys in upper case with
/// <c>__</c> between levels, e.g. <c>SLUICE_PORTS__KAFKA_REST=8082</c>. A list or a map in a variable is YAML, as in the file.
/// </summary>
internal sealed class SettingsReader
{
    private const string Prefix = "SLUICE_";

    /// <summary>Variables that are not settings: they steer the tests.</summary>
    private const string Reserved = "SLUICE_TEST_";

    /// <summary>The parser's own words would repeat what stands there, which may be a password.</summary>
    private const string NoYaml = "is not valid YAML; quote a text that holds special characters, and look at brackets, quotes and indentation";

    private readonly List<Fault> _faults = [];

    public IReadOnlyList<Fault> Faults => _faults;

    /// <summary>Applies a file; a file that was named but is not there is a fault.</summary>
    public void ReadFile(SluiceSettings settings, string path)
    {
        if (!File.Exists(path))
        {
            _faults.Add(new Fault(path, 1, "the configuration file does not exist; name another with --config"));
            return;
        }

        try
        {
            var yaml = new YamlStream();
            using var text = new StreamReader(path);
            yaml.Load(text);
            if (yaml.Documents.Count > 0) Fill(settings, yaml.Documents[0].RootNode, path);
        }
        catch (YamlException broken)
        {
            _faults.Add(new Fault(path, (int)broken.Start.Line, NoYaml));
        }
    }

    /// <summary>Applies the variables that begin with <c>SLUICE_</c>.</summary>
    public void ReadEnvironment(SluiceSettings settings, IDictionary variables)
    {
        foreach (var name in variables.Keys.Cast<string>().Where(IsSetting).Order(StringComparer.Ordinal))
            Set(settings, name, (string?)variables[name] ?? "");
    }

    private static bool IsSetting(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && !name.StartsWith(Reserved, StringComparison.Ordinal);

    private void Set(SluiceSettings settings, string variable, string text)
    {
        var place = SettingPlace.Of(settings);
        foreach (var level in variable[Prefix.Length..].Split("__"))
        {
            if (!place.HasKeys)
            {
                _faults.Add(new Fault(variable, 1, $"has the part '{level}' too many: what stands before it is a list or a single value; give that whole"));
                return;
            }

            if (place.Find(level) is not { } found)
            {
                _faults.Add(new Fault(variable, 1, $"names no setting; the keys at '{SettingPlace.Kebab(level)}' are {SettingPlace.KeysOf(place.Type)}"));
                return;
            }

            place = found;
        }

        if (Parse(place.Type, text, variable) is { } node && Convert(place.Type, node, variable, place.Value) is { } value) place.Put(value);
    }

    /// <summary>A single value stands as it is; a list or a map is written as in the file.</summary>
    private YamlNode? Parse(Type type, string text, string variable)
    {
        if (Scalar.IsKnown(type)) return new YamlScalarNode(text);
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            return yaml.Documents.Count > 0 ? yaml.Documents[0].RootNode : new YamlScalarNode("");
        }
        catch (YamlException broken)
        {
            _faults.Add(new Fault(variable, (int)broken.Start.Line, NoYaml));
            return null;
        }
    }

    private void Fill(object target, YamlNode node, string file)
    {
        if (node is not YamlMappingNode map)
        {
            if (node is not YamlScalarNode { Value: null or "" }) Add(file, node, "must be a mapping of keys to values");
            return;
        }

        foreach (var (key, value) in map.Children)
        {
            var name = ((YamlScalarNode)key).Value ?? "";
            if (SettingPlace.Property(target, name) is not { } place) Add(file, key, $"unknown key '{name}'; the keys here are {SettingPlace.KeysOf(target.GetType())}");
            else if (Convert(place.Type, value, file, place.Value) is { } converted) place.Put(converted);
        }
    }

    private object? Convert(Type type, YamlNode node, string file, object? present)
    {
        if (SettingPlace.ItemOfMap(type) is { } item) return ConvertMap(item, node, file);
        if (type.IsGenericType && type.GetGenericArguments() is [var element]) return ConvertList(element, node, file);
        if (!Scalar.IsKnown(type))
        {
            var section = present ?? Activator.CreateInstance(type)!;
            Fill(section, node, file);
            return section;
        }

        if (node is YamlScalarNode { Value: { } text } && Scalar.TryParse(type, text, out var value)) return value;
        // What was meant as a text may be a password: it is not repeated.
        var what = type == typeof(string) || node is not YamlScalarNode ? "what stands here" : $"'{node}'";
        Add(file, node, $"{what} is not {Scalar.Describe(type)}");
        return null;
    }

    private IDictionary? ConvertMap(Type item, YamlNode node, string file)
    {
        if (node is not YamlMappingNode map)
        {
            Add(file, node, "must be a mapping of names to values, such as { name: value }");
            return null;
        }

        var result = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), item))!;
        foreach (var (key, value) in map.Children)
        {
            if (Convert(item, value, file, null) is { } converted) result[((YamlScalarNode)key).Value!] = converted;
        }

        return result;
    }

    private IList? ConvertList(Type element, YamlNode node, string file)
    {
        if (node is not YamlSequenceNode sequence)
        {
            Add(file, node, "must be a list, such as [one, two]");
            return null;
        }

        var result = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        foreach (var child in sequence.Children)
        {
            if (Convert(element, child, file, null) is { } converted) result.Add(converted);
        }

        return result;
    }

    private void Add(string file, YamlNode node, string message) => _faults.Add(new Fault(file, (int)node.Start.Line, message));
}
