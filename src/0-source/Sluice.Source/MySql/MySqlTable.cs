using System.Globalization;
using System.Text;
using MySqlConnector;
using Sluice.Definition;
using Sluice.Source.Rows;

namespace Sluice.Source.MySql;

/// <summary>A table of the database as the dataset sees it: the columns to select and how each value becomes JSON.</summary>
internal sealed class MySqlTable
{
    private readonly RowShape _shape;

    public MySqlTable(Dataset dataset, IReadOnlyList<string> columns, TimestampSpelling spelling)
    {
        RawField[] fields = [.. dataset.Raw.Where(f => columns.Contains(f.Name))];
        _shape = new RowShape(fields, spelling);
        Name = Quote(dataset.Table);
        Key = Quote(dataset.RawKey);
        Columns = string.Join(", ", fields.Select(f => Quote(f.Name)));
    }

    /// <summary>The table, quoted.</summary>
    public string Name { get; }

    /// <summary>The key column, quoted.</summary>
    public string Key { get; }

    /// <summary>The columns in the dataset's order, quoted and separated.</summary>
    public string Columns { get; }

    public int FieldCount => _shape.Fields.Count;

    public static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <summary>The reader's current row as one JSON object.</summary>
    public ReadOnlyMemory<byte> Write(RowBuffer row, MySqlDataReader reader)
    {
        for (var field = 0; field < FieldCount; field++)
        {
            _shape.Begin(row, field);
            if (reader.IsDBNull(field))
            {
                RowShape.WriteNull(row);
            }
            else
            {
                WriteValue(row, reader, field);
            }
        }

        RowShape.End(row);
        return row.Take();
    }

    private void WriteValue(RowBuffer row, MySqlDataReader reader, int field)
    {
        var type = _shape.Fields[field].Type;
        switch (reader.GetValue(field))
        {
            // FLOAT is shown by MySQL with the digits of single precision; widening it first would invent more.
            case float number when type == "double":
                row.AppendSingle(number);
                break;
            case double number when type == "double":
                row.AppendDouble(number);
                break;
            case long number when type == "bigint":
                row.AppendInteger(number);
                break;
            case string text:
                _shape.WriteText(row, field, Encoding.UTF8.GetBytes(text));
                break;
            case MySqlDateTime date when reader.GetDataTypeName(field) == "DATE":
                row.AppendQuoted(Encoding.UTF8.GetBytes(DateOf(date)));
                break;
            case MySqlDateTime time:
                WriteTimestamp(row, time);
                break;
            case TimeSpan time:
                row.AppendQuoted(Encoding.UTF8.GetBytes(TimeOf(time)));
                break;
            case var other:
                _shape.WriteText(row, field, Encoding.UTF8.GetBytes(Convert.ToString(other, CultureInfo.InvariantCulture) ?? ""));
                break;
        }
    }

    private void WriteTimestamp(RowBuffer row, MySqlDateTime time)
    {
        var separator = _shape.Spelling == TimestampSpelling.T ? 'T' : ' ';
        var text = DateOf(time) + separator
            + string.Create(CultureInfo.InvariantCulture, $"{time.Hour:D2}:{time.Minute:D2}:{time.Second:D2}");
        if (time.Microsecond != 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $".{time.Microsecond:D6}");
        }

        row.AppendQuoted(Encoding.UTF8.GetBytes(text));
    }

    // TIME counts hours up to 838, with a sign: https://dev.mysql.com/doc/refman/8.4/en/time.html.
    private static string TimeOf(TimeSpan time)
    {
        var length = time.Duration();
        var fraction = length.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(time < TimeSpan.Zero ? "-" : "")}{(int)length.TotalHours:D2}:{length.Minutes:D2}:{length.Seconds:D2}{(fraction == 0 ? "" : $".{fraction:D6}")}");
    }

    // A MySqlDateTime is what 0000-00-00 is too, which no DateTime can hold.
    private static string DateOf(MySqlDateTime time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.Year:D4}-{time.Month:D2}-{time.Day:D2}");
}
