using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

// Generators that select: choice, blocks, record and case.
internal sealed partial class NodeCompiler
{
    private Node CompileChoice(YamlNode value, string kind, Place place, ulong salt)
    {
        var weightName = kind == "blocks" ? "rows" : "weight";
        faults.RefuseOthers(place.Map, kind);
        var options = new List<Node>();
        var weights = new List<double>();
        foreach (var (at, item) in faults.Items(value, kind).Index())
        {
            var path = $"{place.Path}.{at}";
            if (YamlFaults.Get(item, "value") is { } option)
            {
                faults.RefuseOthers(item, "value", weightName);
                options.Add(Compile(option, path, place.Scope, place.Depth));
                weights.Add(WeightOf(item, weightName));
            }
            else
            {
                options.Add(Compile(item, path, place.Scope, place.Depth));
                weights.Add(1);
            }
        }

        return IsUsable(weights, value) ? new ChoiceNode(SelectorOf(kind, weights, salt), [.. options]) : s_nothing;
    }

    private Node CompileRecord(YamlNode value, Place place, ulong salt)
    {
        faults.RefuseOthers(place.Map, "record");
        var items = faults.Items(value, "record");
        string[] names = [.. (items is [YamlMappingNode first, ..] ? first : []).Children.Keys
            .Select(key => key.ToString()).Where(name => name != "weight")];
        double[] weights = [.. items.Select(item => WeightOf(item, "weight"))];
        var fields = names.ToDictionary(name => name, name => items.Select(Node (item) => FieldOf(item, name)).ToArray());
        foreach (var item in items)
        {
            faults.RefuseOthers(item, [.. names, "weight"]);
        }

        return IsUsable(weights, value) ? new RecordNode(new ShareSelector(weights, salt), fields) : s_nothing;
    }

    // A case is another choice with the same selector: the options of the one, exchanged for what they stand for.
    private Node CompileCase(YamlNode value, Place place)
    {
        faults.RefuseOthers(place.Map, "case", "of", "else");
        var name = faults.Text(value, "case");
        if (Refer(value, name, place.Path, place.Scope) is not NamedNode { Definition: ChoiceNode choice } named
            || choice.Options.Any(o => o is not LiteralNode))
        {
            faults.Add(value, $"'{name}' is not a choice, a blocks or a field of a record of plain texts; only those have cases.");
            return s_nothing;
        }

        var cases = new Dictionary<string, Node>(StringComparer.Ordinal);
        foreach (var (text, option) in faults.Entries(YamlFaults.Get(place.Map, "of") ?? place.Map, "of"))
        {
            cases[text] = Compile(option, $"{place.Path}.of.{text}", place.Scope, place.Depth);
            if (choice.Options.All(o => ((LiteralNode)o).Text != text))
            {
                faults.Add(option, $"'{text}' is no value of '{name}'.");
            }
        }

        var other = YamlFaults.Get(place.Map, "else") is { } node ? Compile(node, $"{place.Path}.else", place.Scope, place.Depth) : null;
        var options = choice.Options.Select(o => cases.GetValueOrDefault(((LiteralNode)o).Text) ?? other).ToArray();
        foreach (var missing in choice.Options.Zip(options).Where(pair => pair.Second is null).Select(pair => (LiteralNode)pair.First))
        {
            faults.Add(place.Map, $"no case for '{missing.Text}' of '{name}'; add it under 'of', or an 'else'.");
        }

        return new NamedNode(new ChoiceNode(choice.Selector, [.. options.Select(o => o ?? s_nothing)]), named.IsStable);
    }

    private static Selector SelectorOf(string kind, IReadOnlyList<double> weights, ulong salt) =>
        kind == "blocks" ? new BlockSelector(weights, salt) : new ShareSelector(weights, salt);

    private double WeightOf(YamlNode item, string name) =>
        YamlFaults.Get(item, name) is { } weight ? faults.Number(weight, name, 0) : 1;

    private LiteralNode FieldOf(YamlNode item, string name)
    {
        if (YamlFaults.Get(item, name) is { } value)
        {
            return new LiteralNode(faults.Text(value, name), ValueKind.Text);
        }

        faults.Add(item, $"'{name}' is missing; every option of a record has the fields of the first.");
        return s_nothing;
    }

    private bool IsUsable(IReadOnlyList<double> weights, YamlNode at)
    {
        if (weights.Sum() > 0)
        {
            return true;
        }

        faults.Add(at, "has no option with a weight above 0; add one.");
        return false;
    }
}
