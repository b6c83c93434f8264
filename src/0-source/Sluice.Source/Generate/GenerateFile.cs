using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

/// <summary>Reads a pipeline's generate.yaml, which says what generated rows look like.</summary>
internal static class GenerateFile
{
    public const string Name = "generate.yaml";

    /// <summary>The generated tables when there is no fault, else null and all the faults.</summary>
    public static GenerateParse Read(SourceUri.Generated settings, PipelineDefinition pipeline, TimestampSpelling spelling)
    {
        var path = Path.Combine(pipeline.Directory, Name);
        var faults = new YamlFaults(path);
        Dictionary<string, GeneratedTable>? tables = null;
        if (ReadRoot(path, faults) is { } root)
        {
            tables = ReadTables(root, settings, pipeline, spelling, faults);
        }

        return new GenerateParse(faults.Faults.Count == 0 ? tables : null, faults.Faults);
    }

    private static YamlMappingNode? ReadRoot(string path, YamlFaults faults)
    {
        try
        {
            var yaml = new YamlStream();
            using var reader = new StreamReader(path);
            yaml.Load(reader);
            if (yaml.Documents is [{ RootNode: YamlMappingNode root }, ..])
            {
                return root;
            }

            faults.Add(1, "is empty; it needs 'rows', 'seed' and 'tables'.");
        }
        catch (YamlException e)
        {
            faults.Add(e.Start.Line, $"is not YAML ({e.Message}).");
        }
        catch (FileNotFoundException)
        {
            faults.Add(1, "does not exist, so this pipeline has no generated rows; write it, or give another --source.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(1, $"cannot be read ({e.Message}); check the path and its permissions.");
        }

        return null;
    }

    private static Dictionary<string, GeneratedTable> ReadTables(
        YamlNode root, SourceUri.Generated settings, PipelineDefinition pipeline, TimestampSpelling spelling, YamlFaults faults)
    {
        faults.RefuseOthers(root, "rows", "seed", "pools", "entities", "tables");
        var described = faults.Integer(YamlFaults.Get(root, "rows") ?? root, "rows", 1, int.MaxValue);
        var seed = settings.Seed ?? faults.Integer(YamlFaults.Get(root, "seed") ?? root, "seed", long.MinValue, long.MaxValue);
        var size = new GenerateSize(settings.Rows ?? described, described, Mixing.Mix((ulong)seed));
        var poolCompiler = new PoolCompiler(faults, seed);
        var pools = faults.Entries(YamlFaults.Get(root, "pools"), "pools")
            .ToDictionary(e => e.Name, e => poolCompiler.Compile(e.Name, e.Value));
        var entities = faults.Entries(YamlFaults.Get(root, "entities"), "entities")
            .ToDictionary(e => e.Name, e => ReadEntity(e.Name, e.Value, size, faults));
        var compiler = new NodeCompiler(faults, pools, entities, spelling);
        foreach (var entity in entities.Values)
        {
            foreach (var name in entity.Attributes.Definitions.Keys)
            {
                compiler.Define(name, entity.Attributes);
            }
        }

        var tables = new Dictionary<string, GeneratedTable>(StringComparer.Ordinal);
        var section = YamlFaults.Get(root, "tables");
        var nodes = faults.Entries(section, "tables").ToDictionary(e => e.Name, e => e.Value);
        foreach (var dataset in pipeline.Datasets)
        {
            if (nodes.Remove(dataset.Table, out var node))
            {
                tables[dataset.Table] = ReadTable(dataset, node, size, compiler, faults);
            }
            else
            {
                faults.Add(section ?? root, $"table '{dataset.Table}' of dataset '{dataset.Name}' is missing; describe it under 'tables'.");
            }
        }

        foreach (var (name, node) in nodes)
        {
            faults.Add(node, $"table '{name}' belongs to no dataset of pipeline.yaml; remove it, or name it as a dataset's 'table'.");
        }

        return tables;
    }

    private static EntityScope ReadEntity(string name, YamlNode node, GenerateSize size, YamlFaults faults)
    {
        faults.RefuseOthers(node, "count", "repeated", "heads", "skew", "attributes");
        var count = faults.Integer(YamlFaults.Get(node, "count") ?? node, "count", 1, size.Described);
        var shape = new EntityShape(
            count,
            YamlFaults.Get(node, "repeated") is { } repeated ? faults.Integer(repeated, "repeated", 1, count) : count,
            YamlFaults.Get(node, "heads") is { } heads
                ? [.. faults.Items(heads, "heads").Select(h => faults.Integer(h, "heads", 1, size.Described))]
                : [],
            YamlFaults.Get(node, "skew") is { } skew ? faults.Number(skew, "skew", 1) : 1);
        var attributes = faults.Entries(YamlFaults.Get(node, "attributes"), "attributes").ToDictionary(e => e.Name, e => e.Value);
        var scale = (double)size.Rows / size.Described;
        return new EntityScope(new Entity(name, shape, scale, size.Rows, size.Key), new Scope($"entities.{name}", attributes, new HashSet<string>()));
    }

    private static GeneratedTable ReadTable(
        Dataset dataset, YamlNode node, GenerateSize size, NodeCompiler compiler, YamlFaults faults)
    {
        faults.RefuseOthers(node, "draws", "columns");
        var columns = faults.Entries(YamlFaults.Get(node, "columns") ?? new YamlMappingNode(), "columns");
        var draws = faults.Entries(YamlFaults.Get(node, "draws"), "draws");
        var names = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        foreach (var (name, definition) in draws.Concat(columns))
        {
            if (!names.TryAdd(name, definition))
            {
                faults.Add(definition, $"'{name}' is both a draw and a column; rename the draw.");
            }
        }

        var scope = new Scope($"tables.{dataset.Table}", names, draws.Select(d => d.Name).ToHashSet());
        foreach (var name in names.Keys)
        {
            compiler.Define(name, scope);
        }

        foreach (var fault in Rows.RowShape.ColumnFaults(dataset, [.. columns.Select(c => c.Name)], $"table '{dataset.Table}'"))
        {
            faults.Add(node, fault);
        }

        RawField[] fields = [.. dataset.Raw.Where(f => columns.Any(c => c.Name == f.Name))];
        Node[] nodes = [.. fields.Select(f => compiler.Define(f.Name, scope)!)];
        foreach (var (field, value) in fields.Zip(nodes).Where(pair => !Fits(pair.First, pair.Second)))
        {
            faults.Add(names[field.Name], $"column '{field.Name}' is {field.Type} in pipeline.yaml, but its generator yields {value.Kind.ToString().ToLowerInvariant()}.");
        }

        return new GeneratedTable(dataset.Table, fields, nodes, size);
    }

    private static bool Fits(RawField field, Node node) => (field.Type, node) switch
    {
        (_, RecordNode) => false,
        ("varchar", _) => true,
        ("bigint", _) => node.Kind is ValueKind.Integer or ValueKind.Null,
        ("double", _) => node.Kind is ValueKind.Number or ValueKind.Null,
        ("boolean", _) => node.Kind is ValueKind.Boolean or ValueKind.Null,
        _ => false,
    };
}

/// <summary>How many rows are generated, how many the file describes, and the seed, mixed.</summary>
internal sealed record GenerateSize(long Rows, long Described, ulong Key);

/// <summary>The tables when there is no fault, else null and all the faults.</summary>
internal sealed record GenerateParse(IReadOnlyDictionary<string, GeneratedTable>? Tables, IReadOnlyList<Fault> Faults);
