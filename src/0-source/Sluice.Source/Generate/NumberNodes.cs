using System.Globalization;
using Sluice.Source.Rows;

namespace Sluice.Source.Generate;

/// <summary>The row number, from a first value on.</summary>
internal sealed class SequenceNode(long first) : Node
{
    public override ValueKind Kind => ValueKind.Integer;

    public override void Write(in DrawPoint at, RowBuffer row) => row.AppendInteger(Ordinal(at));

    public override long Ordinal(in DrawPoint at) => first + at.Row;
}

/// <summary>A whole number from a range, both ends included.</summary>
internal sealed class IntegerNode(long least, long most, ulong salt) : Node
{
    public override ValueKind Kind => ValueKind.Integer;

    public override void Write(in DrawPoint at, RowBuffer row) => row.AppendInteger(Ordinal(at));

    public override long Ordinal(in DrawPoint at) => least + at.Below(most - least + 1, salt);
}

/// <summary>A number from a range, with as many significant digits as the store keeps: six for a MySQL FLOAT.</summary>
internal sealed class FloatNode(double least, double most, int digits, ulong salt) : Node
{
    private readonly string _format = string.Create(CultureInfo.InvariantCulture, $"G{digits}");

    public override ValueKind Kind => ValueKind.Number;

    public override void Write(in DrawPoint at, RowBuffer row) =>
        row.AppendDouble(least + (at.Uniform(salt) * (most - least)), _format);
}

/// <summary>A moment from a range, both ends included, to the second.</summary>
internal sealed class DatetimeNode(long least, long most, char separator, ulong salt) : Node
{
    public override ValueKind Kind => ValueKind.Datetime;

    public override void Write(in DrawPoint at, RowBuffer row) => Write(Ordinal(at), separator, row);

    public override long Ordinal(in DrawPoint at) => least + at.Below(most - least + 1, salt);

    public static void Write(long seconds, char separator, RowBuffer row)
    {
        var moment = new DateTime(seconds * TimeSpan.TicksPerSecond);
        var text = row.Reserve("2020-08-28 03:52:47".Length);
        moment.TryFormat(text, out _, "s", CultureInfo.InvariantCulture);
        text["2020-08-28".Length] = (byte)separator;
    }
}

/// <summary>The latest of several moments.</summary>
internal sealed class LatestNode(Node[] moments, char separator) : Node
{
    public override ValueKind Kind => ValueKind.Datetime;

    public override void Write(in DrawPoint at, RowBuffer row) => DatetimeNode.Write(Ordinal(at), separator, row);

    public override long Ordinal(in DrawPoint at)
    {
        var latest = long.MinValue;
        foreach (var moment in moments)
        {
            latest = Math.Max(latest, moment.Ordinal(at));
        }

        return latest;
    }
}
