using System.Globalization;
using System.Text;
using Bogus;
using Sluice.Source.Rows;
using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

/// <summary>
/// Builds the pools of generate.yaml: a list of texts, or values of a Bogus faker drawn once, so that a row costs a copy
/// and not a call of the faker.
/// </summary>
internal sealed class PoolCompiler(YamlFaults faults, long seed)
{
    public Pool Compile(string name, YamlNode node)
    {
        if (node is YamlSequenceNode)
        {
            return Escaped(faults.Items(node, name).Select(item => faults.Text(item, name)), weights: null);
        }

        faults.RefuseOthers(node, "faker", "count", "heads", "rest", "values");
        var heads = YamlFaults.Get(node, "heads") is { } list
            ? faults.Entries(list, "heads").Select(e => (e.Name, Weight: faults.Number(e.Value, e.Name, 0))).ToList()
            : [];
        var values = heads.Select(h => h.Name).ToList();
        if (YamlFaults.Get(node, "values") is { } listed)
        {
            values.AddRange(faults.Items(listed, "values").Select(item => faults.Text(item, name)));
        }
        else
        {
            AddFaked(name, node, values);
        }

        if (values.Count == 0)
        {
            faults.Add(node, $"pool '{name}' has no value; list some, or give 'faker' and 'count'.");
            values.Add("");
        }

        return Escaped(values, Weights(node, values.Count, [.. heads.Select(h => h.Weight)]));
    }

    // The values after the heads: from the first to the last of 'rest', each a constant factor less likely than the one before.
    private double[]? Weights(YamlNode node, int count, double[] heads)
    {
        var rest = YamlFaults.Get(node, "rest");
        if (rest is null && heads.Length == 0)
        {
            return null;
        }

        var (least, most) = rest is null ? (1.0, 1.0) : faults.Range(rest, "rest", (n, what) => faults.Number(n, what, double.Epsilon));
        var others = Math.Max(1, count - heads.Length - 1);
        return [.. heads, .. Enumerable.Range(0, count - heads.Length).Select(i => most * Math.Pow(least / most, (double)i / others))];
    }

    private void AddFaked(string name, YamlNode node, List<string> values)
    {
        var template = faults.Text(YamlFaults.Get(node, "faker") ?? node, "faker");
        var count = faults.Integer(YamlFaults.Get(node, "count") ?? node, "count", 1, SourceLimits.PoolValues);
        var faker = new Faker("en") { Random = new Randomizer((int)Mixing.Mix(Mixing.Salt(name) ^ (ulong)seed)) };
        var known = new HashSet<string>(values, StringComparer.Ordinal);
        try
        {
            for (var misses = 0; values.Count < count && misses < SourceLimits.PoolTries && template.Length > 0;)
            {
                var value = faker.Parse(template);
                if (known.Add(value))
                {
                    values.Add(value);
                    misses = 0;
                }
                else
                {
                    misses++;
                }
            }
        }
        catch (ArgumentException e)
        {
            faults.Add(node, $"faker '{template}' is not one of Bogus ({e.Message.TrimEnd('.')}); write for example '{{{{name.firstName}}}}'.");
            return;
        }

        if (values.Count < count && template.Length > 0)
        {
            faults.Add(node, string.Create(
                CultureInfo.InvariantCulture, $"faker '{template}' yields only {values.Count} different values; lower 'count'."));
        }
    }

    private static Pool Escaped(IEnumerable<string> values, double[]? weights)
    {
        var row = new RowBuffer();
        return new Pool([.. values.Select(Bytes)], weights);

        byte[] Bytes(string value)
        {
            row.AppendEscaped(Encoding.UTF8.GetBytes(value));
            return row.Take().ToArray();
        }
    }
}
