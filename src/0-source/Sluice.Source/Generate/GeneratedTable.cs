using Sluice.Definition;
using Sluice.Source.Rows;

namespace Sluice.Source.Generate;

/// <summary>One table of generated rows.</summary>
internal sealed class GeneratedTable
{
    private readonly RowShape _shape;
    private readonly Node[] _nodes;
    private readonly bool[] _quoted;
    private readonly ulong _key;

    public GeneratedTable(string name, IReadOnlyList<RawField> fields, Node[] nodes, GenerateSize size)
    {
        _shape = new RowShape(fields, TimestampSpelling.Space);
        _nodes = nodes;
        _quoted = [.. fields.Select(f => f.Type == "varchar")];
        _key = Mixing.Mix(size.Key ^ Mixing.Salt("table " + name));
        Count = size.Rows;
    }

    public long Count { get; }

    /// <summary>Row <paramref name="number"/> as a JSON object: the same for the same seed, count and number, always.</summary>
    public ReadOnlyMemory<byte> Write(long number, RowBuffer row)
    {
        var at = new DrawPoint(_key, number, Count);
        for (var field = 0; field < _nodes.Length; field++)
        {
            _shape.Begin(row, field);
            _nodes[field].WriteValue(at, row, _quoted[field]);
        }

        RowShape.End(row);
        return row.Take();
    }
}
