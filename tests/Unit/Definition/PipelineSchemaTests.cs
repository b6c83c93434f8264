using System.Text.Json;
using Sluice.Testing;
using YamlDotNet.RepresentationModel;

namespace Sluice.Unit.Definition;

/// <summary>pipelines/pipeline.schema.json is what editors complete from: it must know what <see cref="Sluice.Definition.PipelineFile"/> reads.</summary>
public sealed class PipelineSchemaTests
{
    [Theory]
    [InlineData("pipelines/pinterest/pipeline.yaml")]
    [InlineData("tests/Testing/pipelines/weather/pipeline.yaml")]
    public void Every_key_of_a_pipeline_is_in_the_schema_and_none_that_is_required_is_missing(string file)
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "pipelines", "pipeline.schema.json")));
        using var reader = new StreamReader(Path.Combine(Repository.Root, file));
        var yaml = new YamlStream();
        yaml.Load(reader);
        var faults = new List<string>();
        Check(schema.RootElement, schema.RootElement, yaml.Documents[0].RootNode, "", faults);
        faults.ShouldBeEmpty();
    }

    private static void Check(JsonElement root, JsonElement schema, YamlNode node, string path, List<string> faults)
    {
        schema = Resolve(root, schema, node);
        if (node is YamlSequenceNode list)
        {
            foreach (var (i, item) in list.Children.Index()) Check(root, schema.GetProperty("items"), item, $"{path}[{i}]", faults);
            return;
        }

        if (node is not YamlMappingNode mapping) return;
        var keys = mapping.Children.Keys.Select(k => ((YamlScalarNode)k).Value!).ToList();
        if (schema.TryGetProperty("required", out var required))
            faults.AddRange(required.EnumerateArray().Select(r => r.GetString()!).Except(keys).Select(k => $"{path} lacks {k}"));
        foreach (var (key, value) in keys.Zip(mapping.Children.Values))
        {
            var below = $"{path}.{key}";
            if (schema.TryGetProperty("properties", out var known) && known.TryGetProperty(key, out var property))
                Check(root, property, value, below, faults);
            else if (schema.GetProperty("additionalProperties") is { ValueKind: JsonValueKind.Object } any)
                Check(root, any, value, below, faults);
            else
                faults.Add($"{below} is not in the schema");
        }
    }

    private static JsonElement Resolve(JsonElement root, JsonElement schema, YamlNode node)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            return root.GetProperty("$defs").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (!schema.TryGetProperty("oneOf", out var choices)) return schema;
        return choices.EnumerateArray().Select(c => Resolve(root, c, node))
            .First(c => (c.TryGetProperty("type", out var type) && type.GetString() == "object") == node is YamlMappingNode);
    }
}
