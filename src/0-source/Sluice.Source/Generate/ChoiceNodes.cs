using Sluice.Source.Rows;

namespace Sluice.Source.Generate;

/// <summary>Which of several options holds at a point, by their shares.</summary>
internal abstract class Selector
{
    private readonly double[] _ends;

    protected Selector(IReadOnlyList<double> weights)
    {
        _ends = new double[weights.Count];
        var sum = 0.0;
        for (var i = 0; i < _ends.Length; i++)
        {
            _ends[i] = sum += weights[i];
        }
    }

    private double Total => _ends[^1];

    /// <summary>The option, and the point within the rows that have it: shares inside an option are exact too.</summary>
    public abstract int Select(in DrawPoint at, out DrawPoint within);

    protected int SelectPosition(long position, in DrawPoint at, out DrawPoint within)
    {
        var scale = at.Size / Total;
        var (low, high) = (0, _ends.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = position < End(middle, scale) ? (low, middle) : (middle + 1, high);
        }

        var start = low == 0 ? 0 : End(low - 1, scale);
        within = at.Within(position - start, Math.Max(End(low, scale), position + 1) - start);
        return low;
    }

    protected int SelectShare(double share)
    {
        var found = Array.BinarySearch(_ends, share * Total);
        return Math.Min(found < 0 ? ~found : found + 1, _ends.Length - 1);
    }

    private long End(int option, double scale) => (long)Math.Round(_ends[option] * scale);
}

/// <summary>Options spread over the rows at random, each with exactly its share of them.</summary>
internal sealed class ShareSelector(IReadOnlyList<double> weights, ulong salt) : Selector(weights)
{
    public override int Select(in DrawPoint at, out DrawPoint within)
    {
        if (!at.IsItem)
        {
            return SelectPosition(Mixing.Permute(at.Position, at.Size, at.Key ^ salt), at, out within);
        }

        within = at;
        return SelectShare(at.Uniform(salt));
    }
}

/// <summary>Options one behind the other: contiguous blocks of rows.</summary>
internal sealed class BlockSelector(IReadOnlyList<double> rows, ulong salt) : Selector(rows)
{
    public override int Select(in DrawPoint at, out DrawPoint within)
    {
        if (!at.IsItem)
        {
            return SelectPosition(at.Position, at, out within);
        }

        within = at;
        return SelectShare(at.Uniform(salt));
    }
}

/// <summary>One of several generators, by a selector.</summary>
internal sealed class ChoiceNode(Selector selector, Node[] options) : SelectingNode
{
    public Selector Selector => selector;

    public IReadOnlyList<Node> Options => options;

    public override ValueKind Kind { get; } = Common(options);

    protected override Node Select(in DrawPoint at, out DrawPoint point) => options[selector.Select(at, out point)];
}

/// <summary>
/// What a name refers to. It is drawn among all rows, wherever the reference stands. A column or an attribute is the same
/// in every item of a list; a helper draw is drawn anew for each.
/// </summary>
internal sealed class NamedNode(Node definition, bool isStable) : SelectingNode
{
    public Node Definition => definition;

    public bool IsStable => isStable;

    public override ValueKind Kind => definition.Kind;

    protected override Node Select(in DrawPoint at, out DrawPoint point)
    {
        point = isStable ? at.Origin() : at.Whole();
        return definition;
    }
}

/// <summary>Options that are records of several texts; a column names one field of it.</summary>
internal sealed class RecordNode(Selector selector, IReadOnlyDictionary<string, Node[]> fields) : Node
{
    public override ValueKind Kind => ValueKind.Null;

    public IEnumerable<string> Fields => fields.Keys;

    public ChoiceNode? Field(string name) => fields.TryGetValue(name, out var options) ? new ChoiceNode(selector, options) : null;

    public override void Write(in DrawPoint at, RowBuffer row) =>
        throw new InvalidOperationException("A record has no text of its own; the compiler of generate.yaml refuses it.");
}

/// <summary>A value of a pool.</summary>
internal sealed class PoolNode(Pool pool, ulong salt) : Node
{
    private readonly ShareSelector? _selector = pool.Weights is { } weights ? new ShareSelector(weights, salt) : null;

    public override ValueKind Kind => ValueKind.Text;

    public override void Write(in DrawPoint at, RowBuffer row) =>
        row.Append(pool.Values[_selector?.Select(at, out _) ?? (int)at.Below(pool.Values.Length, salt)]);
}

/// <summary>An attribute of the entity that a row belongs to.</summary>
internal sealed class EntityNode(Entity entity, Node attribute) : SelectingNode
{
    public override ValueKind Kind => attribute.Kind;

    protected override Node Select(in DrawPoint at, out DrawPoint point)
    {
        point = entity.PointOf(at.Row);
        return attribute;
    }
}
