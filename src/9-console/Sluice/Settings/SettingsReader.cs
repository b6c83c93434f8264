using System.Collections;
using System.Reflection;
using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Console.Settings;

/// <summary>
/// Fills the settings from sluice.yaml, then from the environment. Every fault is collected: an unknown key, a value of the
/// wrong kind. Keys are the property names in kebab-case; a variable is <c>SLUICE_</c> and the keys in upper case with
/// <c>__</c> between levels, e.g. <c>SLUICE_PORTS__KAFKA_REST=8082</c>.
/// </summary>
internal sealed class SettingsReader
{
    private const string Prefix = "SLUICE_";

    /// <summary>Variables with our prefix that are not settings: they steer the tests.</summary>
    private static readonly string[] s_reserved = ["SLUICE_SHARED", "SLUICE_TEST_"];

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
            _faults.Add(new Fault(path, (int)broken.Start.Line, $"is not valid YAML: {broken.Message}"));
        }
    }

    /// <summary>Applies the variables that begin with <c>SLUICE_</c>.</summary>
    public void ReadEnvironment(SluiceSettings settings, IDictionary variables)
    {
        foreach (var name in variables.Keys.Cast<string>().Where(IsSetting).Order(StringComparer.Ordinal))
        {
            object target = settings;
            var levels = name[Prefix.Length..].Split("__");
            foreach (var (level, last) in levels.Select((l, i) => (Kebab(l), i == levels.Length - 1)))
            {
                var property = Find(target.GetType(), level);
                if (property is null)
                {
                    _faults.Add(new Fault(name, 1, $"names no setting; the keys at '{level}' are {KeysOf(target.GetType())}"));
                    break;
                }

                if (last) Set(target, property, new YamlScalarNode((string?)variables[name]), name);
                else target = property.GetValue(target)!;
            }
        }
    }

    private static bool IsSetting(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && !s_reserved.Any(r => name.StartsWith(r, StringComparison.Ordinal));

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
            var property = Find(target.GetType(), name);
            if (property is null) Add(file, key, $"unknown key '{name}'; the keys here are {KeysOf(target.GetType())}");
            else Set(target, property, value, file);
        }
    }

    private void Set(object target, PropertyInfo property, YamlNode node, string file)
    {
        var value = Convert(property.PropertyType, node, file, property.GetValue(target));
        if (value is not null) property.SetValue(target, value);
    }

    private object? Convert(Type type, YamlNode node, string file, object? present)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsGenericType && type.GetGenericArguments() is [var key, var item] && key == typeof(string))
            return ConvertMap(item, node, file);
        if (type.IsGenericType && type.GetGenericArguments() is [var element]) return ConvertList(element, node, file);
        if (!Scalar.IsKnown(type))
        {
            var section = present ?? Activator.CreateInstance(type)!;
            Fill(section, node, file);
            return section;
        }

        if (node is YamlScalarNode { Value: { } text } && Scalar.TryParse(type, text, out var value)) return value;
        Add(file, node, $"'{node}' is not {Scalar.Describe(type)}");
        return null;
    }

    private IDictionary? ConvertMap(Type item, YamlNode node, string file)
    {
        if (node is not YamlMappingNode map)
        {
            Add(file, node, "must be a mapping of names to values");
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
            Add(file, node, "must be a list");
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

    private static PropertyInfo? Find(Type type, string kebab) =>
        type.GetProperties().FirstOrDefault(p => p.CanWrite && KebabOf(p.Name) == kebab);

    private static string KeysOf(Type type) => string.Join(
        ", ", type.GetProperties().Where(p => p.CanWrite).Select(p => KebabOf(p.Name)).Order(StringComparer.Ordinal));

    private static string Kebab(string level) => level.ToLowerInvariant().Replace('_', '-');

    private static string KebabOf(string property) => string.Concat(
        property.Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
