namespace Sluice.Source.Generate;

/// <summary>
/// Things that rows belong to, such as the people behind posts: fewer than rows, each with attributes of its own that
/// are the same in every row and every table. Every entity has at least one row; some have many.
/// </summary>
internal sealed class Entity
{
    private readonly long _rows;
    private readonly long _count;
    private readonly long _repeated;
    private readonly long[] _extraOfHeads;
    private readonly double _skew;
    private readonly ulong _key;

    public Entity(string name, EntityShape shape, double scale, long rows, ulong seed)
    {
        _rows = rows;
        _key = Mixing.Mix(seed ^ Mixing.Salt("entity " + name));
        _skew = shape.Skew;
        _count = Math.Clamp((long)Math.Round(shape.Count * scale), 1, rows);
        _repeated = Math.Clamp((long)Math.Round(shape.Repeated * scale), 1, _count);
        _extraOfHeads = new long[Math.Min(shape.Heads.Count, _repeated)];
        var left = rows - _count;
        for (var head = 0; head < _extraOfHeads.Length; head++)
        {
            _extraOfHeads[head] = Math.Clamp((long)Math.Round(shape.Heads[head] * scale) - 1, 0, left);
            left -= _extraOfHeads[head];
        }
    }

    /// <summary>How many there are.</summary>
    public long Count => _count;

    /// <summary>The point at which the attributes of a row's entity are drawn.</summary>
    public DrawPoint PointOf(long row) => new(_key, NumberOf(row), _count);

    // The rows, shuffled, are dealt out: one to every entity, then to the heads what they have more, then the others to the
    // repeated entities along a power law.
    private long NumberOf(long row)
    {
        var slot = Mixing.Permute(row, _rows, _key);
        if (slot < _count)
        {
            return slot;
        }

        slot -= _count;
        var left = _rows - _count;
        for (var head = 0; head < _extraOfHeads.Length; head++)
        {
            if (slot < _extraOfHeads[head])
            {
                return head;
            }

            slot -= _extraOfHeads[head];
            left -= _extraOfHeads[head];
        }

        // The law begins at the rank behind the heads, so that it goes on where they end.
        var first = Math.Pow((double)_extraOfHeads.Length / _repeated, 1 / _skew);
        var share = first + ((slot + 0.5) / left * (1 - first));
        return Math.Min((long)(Math.Pow(share, _skew) * _repeated), _count - 1);
    }
}

/// <summary>An entity as generate.yaml describes it, for the number of rows that the file describes.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Repeated">How many of them have more than one row.</param>
/// <param name="Heads">Rows of the entities that have the most.</param>
/// <param name="Skew">Exponent by which the other rows favour the first repeated entities; 1 is even.</param>
internal sealed record EntityShape(long Count, long Repeated, IReadOnlyList<long> Heads, double Skew);
