using System.Globalization;
using Sluice.Source.Rows;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

/// <summary>Turns the generators of generate.yaml into nodes. What is wrong becomes a fault, and compiling goes on.</summary>
internal sealed partial class NodeCompiler(
    YamlFaults faults,
    IReadOnlyDictionary<string, Pool> pools,
    IReadOnlyDictionary<string, EntityScope> entities,
    TimestampSpelling spelling)
{
    private static readonly LiteralNode s_nothing = new("", ValueKind.Text);
    private static readonly LiteralNode s_comma = new(",", ValueKind.Text);

    private static readonly string[] s_kinds =
    [
        "sequence", "uuid", "hex", "int", "float", "datetime", "latest", "choice", "blocks", "record", "case", "pick", "list", "cut",
    ];

    private char Separator => spelling == TimestampSpelling.T ? 'T' : ' ';

    /// <summary>The generator that a scope defines under a name; null when it defines none.</summary>
    public Node? Define(string name, Scope scope)
    {
        if (scope.Compiled.TryGetValue(name, out var known))
        {
            if (known is null)
            {
                faults.Add(scope.Definitions[name], $"'{name}' refers to itself; break the circle.");
            }

            return known ?? s_nothing;
        }

        if (!scope.Definitions.TryGetValue(name, out var definition))
        {
            return null;
        }

        scope.Compiled[name] = null;
        return scope.Compiled[name] = Compile(definition, $"{scope.Path}.{name}", scope, depth: 0);
    }

    private Node Compile(YamlNode node, string path, Scope scope, int depth)
    {
        if (depth > SourceLimits.GeneratorDepth)
        {
            faults.Add(node, $"generators are nested deeper than {SourceLimits.GeneratorDepth}; name a part under 'draws' and refer to it.");
            return s_nothing;
        }

        switch (node)
        {
            case YamlScalarNode scalar:
                return CompileScalar(scalar, path, scope);
            case YamlMappingNode map when s_kinds.FirstOrDefault(kind => YamlFaults.Get(map, kind) is not null) is { } kind:
                return CompileKind(kind, new Place(map, $"{path}.{kind}", scope, depth + 1));
            default:
                faults.Add(node, $"is not a generator; write a text, or a mapping with one of {string.Join(", ", s_kinds)}.");
                return s_nothing;
        }
    }

    private Node CompileScalar(YamlScalarNode scalar, string path, Scope scope)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style == ScalarStyle.Plain)
        {
            if (YamlFaults.IsNull(scalar))
            {
                return new LiteralNode("", ValueKind.Null);
            }

            if (text is "true" or "false")
            {
                return new LiteralNode(text, ValueKind.Boolean);
            }

            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            {
                return new LiteralNode(integer.ToString(CultureInfo.InvariantCulture), ValueKind.Integer);
            }

            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            {
                var row = new RowBuffer();
                row.AppendDouble(number);
                return new LiteralNode(System.Text.Encoding.ASCII.GetString(row.Row), ValueKind.Number);
            }
        }

        return CompileTemplate(scalar, text, path, scope);
    }

    private Node CompileKind(string kind, Place place)
    {
        var value = YamlFaults.Get(place.Map, kind)!;
        var salt = Mixing.Salt(place.Path);
        switch (kind)
        {
            case "sequence":
                faults.RefuseOthers(place.Map, kind);
                return new SequenceNode(Integer(value, "sequence"));
            case "uuid":
                faults.RefuseOthers(place.Map, kind);
                return new UuidNode(salt);
            case "hex":
                faults.RefuseOthers(place.Map, kind);
                return new HexNode((int)faults.Integer(value, "hex", 1, 1024), salt);
            case "int":
                faults.RefuseOthers(place.Map, kind);
                return faults.Range(value, "int", Integer) is var (least, most) ? new IntegerNode(least, most, salt) : s_nothing;
            case "float":
                return CompileFloat(value, place, salt);
            case "datetime":
                faults.RefuseOthers(place.Map, kind);
                return faults.Range(value, "datetime", Seconds) is var (from, to) ? new DatetimeNode(from, to, Separator, salt) : s_nothing;
            case "latest":
                return CompileLatest(value, place);
            case "choice" or "blocks":
                return CompileChoice(value, kind, place, salt);
            case "record":
                return CompileRecord(value, place, salt);
            case "case":
                return CompileCase(value, place);
            case "pick":
                faults.RefuseOthers(place.Map, kind);
                return CompilePick(value, salt);
            case "list":
                return CompileList(value, place, salt);
            default:
                return CompileCut(value, place, salt);
        }
    }

    private Node CompilePick(YamlNode value, ulong salt)
    {
        var name = faults.Text(value, "pick");
        if (pools.TryGetValue(name, out var pool))
        {
            return new PoolNode(pool, salt);
        }

        faults.Add(value, $"pool '{name}' is not defined; define it under 'pools'.");
        return s_nothing;
    }

    private FloatNode CompileFloat(YamlNode value, Place place, ulong salt)
    {
        const int DoubleDigits = 15;
        faults.RefuseOthers(place.Map, "float", "digits");
        var (least, most) = faults.Range(value, "float", (node, what) => faults.Number(node, what, double.MinValue));
        var digits = YamlFaults.Get(place.Map, "digits") is { } node ? faults.Integer(node, "digits", 1, DoubleDigits) : DoubleDigits;
        return new FloatNode(least, most, (int)digits, salt);
    }

    private LatestNode CompileLatest(YamlNode value, Place place)
    {
        faults.RefuseOthers(place.Map, "latest");
        var moments = new List<Node>();
        foreach (var (at, item) in faults.Items(value, "latest").Index())
        {
            var moment = item is YamlScalarNode { Value: { } name } scalar
                ? Refer(scalar, name, place.Path, place.Scope)
                : Compile(item, $"{place.Path}.{at}", place.Scope, place.Depth);
            if (moment.Kind == ValueKind.Datetime)
            {
                moments.Add(moment);
            }
            else
            {
                faults.Add(item, "is not a datetime; 'latest' compares datetimes only.");
            }
        }

        return new LatestNode([.. moments], Separator);
    }

    private ListNode CompileList(YamlNode value, Place place, ulong salt)
    {
        faults.RefuseOthers(place.Map, "list", "count", "separator");
        var (least, most) = faults.Range(
            YamlFaults.Get(place.Map, "count"), "count", (node, what) => faults.Integer(node, what, 0, SourceLimits.ListItems));
        var separator = YamlFaults.Get(place.Map, "separator") is { } node
            ? new LiteralNode(faults.Text(node, "separator"), ValueKind.Text)
            : s_comma;
        var item = Compile(value, place.Path, place.Scope, place.Depth);
        return new ListNode(item, separator, (int)least, (int)most, salt);
    }

    private CutNode CompileCut(YamlNode value, Place place, ulong salt)
    {
        faults.RefuseOthers(place.Map, "cut", "at", "tail");
        var (least, most) = faults.Range(
            YamlFaults.Get(place.Map, "at"), "at", (node, what) => faults.Integer(node, what, 0, int.MaxValue));
        var tail = YamlFaults.Get(place.Map, "tail") is { } node
            ? new LiteralNode(faults.Text(node, "tail"), ValueKind.Text)
            : s_nothing;
        return new CutNode(Compile(value, place.Path, place.Scope, place.Depth), tail, (int)least, (int)most, salt);
    }

    private long Integer(YamlNode? node, string what) => faults.Integer(node, what, -(1L << 53), 1L << 53);

    private long Seconds(YamlNode? node, string what)
    {
        if (node is YamlScalarNode { Value: { } text }
            && DateTime.TryParseExact(
                text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment))
        {
            return moment.Ticks / TimeSpan.TicksPerSecond;
        }

        faults.Add(node, $"{what} is not a moment; write 2020-08-28 03:52:47.");
        return 0;
    }

    /// <summary>Where a generator stands.</summary>
    private sealed record Place(YamlMappingNode Map, string Path, Scope Scope, int Depth);
}
