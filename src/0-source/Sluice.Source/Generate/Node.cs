using Sluice.Source.Rows;

namespace Sluice.Source.Generate;

/// <summary>What a generator yields.</summary>
internal enum ValueKind
{
    Null,
    Text,
    Integer,
    Number,
    Boolean,
    Datetime,
}

/// <summary>One generator of generate.yaml: a pure function from a point to a value.</summary>
internal abstract class Node
{
    public abstract ValueKind Kind { get; }

    /// <summary>Writes the value as text, escaped for a JSON string, without quotes; nothing for a null.</summary>
    public abstract void Write(in DrawPoint at, RowBuffer row);

    /// <summary>Writes the value as a JSON value.</summary>
    public virtual void WriteValue(in DrawPoint at, RowBuffer row, bool quoted)
    {
        if (quoted)
        {
            row.Append((byte)'"');
            Write(at, row);
            row.Append((byte)'"');
        }
        else
        {
            Write(at, row);
        }
    }

    /// <summary>The value as a number to compare by: the whole number, or the seconds of a datetime.</summary>
    public virtual long Ordinal(in DrawPoint at) =>
        throw new InvalidOperationException($"{GetType().Name} yields no number; the compiler of generate.yaml refuses it.");

    /// <summary>The kind of a value that comes from one of several nodes.</summary>
    public static ValueKind Common(IEnumerable<Node> nodes)
    {
        ValueKind[] kinds = [.. nodes.Select(n => n.Kind).Where(k => k != ValueKind.Null).Distinct()];
        return kinds switch
        {
            [] => ValueKind.Null,
            [var only] => only,
            _ => ValueKind.Text,
        };
    }
}

/// <summary>A generator that hands over to one of several others.</summary>
internal abstract class SelectingNode : Node
{
    /// <summary>The node that makes the value at this point, and the point it makes it at.</summary>
    protected abstract Node Select(in DrawPoint at, out DrawPoint point);

    public override void Write(in DrawPoint at, RowBuffer row) => Select(at, out var point).Write(point, row);

    public override void WriteValue(in DrawPoint at, RowBuffer row, bool quoted) =>
        Select(at, out var point).WriteValue(point, row, quoted);

    public override long Ordinal(in DrawPoint at) => Select(at, out var point).Ordinal(point);
}
