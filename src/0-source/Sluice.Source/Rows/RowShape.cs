using System.Globalization;
using System.Text;
using Sluice.Definition;

namespace Sluice.Source.Rows;

/// <summary>
/// The JSON object of one dataset: which fields, in which order, and how a value becomes JSON. Every source goes through
/// here, so that a row reads the same whichever store it rests in.
/// </summary>
internal sealed class RowShape
{
    private readonly byte[][] _openings;

    /// <param name="fields">The dataset's fields the store has, in the dataset's order.</param>
    public RowShape(IReadOnlyList<RawField> fields, TimestampSpelling spelling)
    {
        Fields = fields;
        Spelling = spelling;
        _openings = [.. fields.Select((field, at) => Opening(field.Name, at == 0))];
    }

    public IReadOnlyList<RawField> Fields { get; }

    public TimestampSpelling Spelling { get; }

    /// <summary>Begins a field: <c>{"name":</c> or <c>,"name":</c>.</summary>
    public void Begin(RowBuffer row, int field) => row.Append(_openings[field]);

    public static void End(RowBuffer row) => row.Append((byte)'}');

    public static void WriteNull(RowBuffer row) => row.Append("null"u8);

    /// <summary>
    /// A value kept as text, typed by the field: an empty text is "" for varchar and null for the other types. A text that
    /// is not of the field's type is posted as it is, in quotes: judging it is the work of the pipeline's quarantine.
    /// </summary>
    public void WriteText(RowBuffer row, int field, ReadOnlySpan<byte> text)
    {
        var type = Fields[field].Type;
        if (type == "varchar")
        {
            WriteVarchar(row, text);
        }
        else if (text.IsEmpty)
        {
            WriteNull(row);
        }
        else if (!TryWriteTyped(row, type, text))
        {
            row.AppendQuoted(text);
        }
    }

    /// <summary>
    /// The faults of the columns a store has against the fields of the dataset: missing required ones and unknown ones.
    /// </summary>
    public static IEnumerable<string> ColumnFaults(Dataset dataset, IReadOnlyList<string> columns, string store)
    {
        foreach (var field in dataset.Raw.Where(f => f.Required && !columns.Contains(f.Name)))
        {
            yield return $"{store}: column '{field.Name}' is missing; add it, or set 'required: false' for the field in pipeline.yaml.";
        }

        foreach (var column in columns.Where(c => dataset.Raw.All(f => f.Name != c)))
        {
            yield return $"{store}: column '{column}' is not a field of dataset '{dataset.Name}'; add it under 'raw' in pipeline.yaml, or remove it.";
        }

        foreach (var column in columns.GroupBy(c => c).Where(g => g.Count() > 1))
        {
            yield return $"{store}: column '{column.Key}' occurs {column.Count()} times; keep one.";
        }
    }

    private void WriteVarchar(RowBuffer row, ReadOnlySpan<byte> text)
    {
        const int DateLength = 10;
        if (Spelling == TimestampSpelling.T && IsTimestamp(text))
        {
            row.Append((byte)'"');
            row.AppendEscaped(text[..DateLength]);
            row.Append((byte)'T');
            row.AppendEscaped(text[(DateLength + 1)..]);
            row.Append((byte)'"');
            return;
        }

        row.AppendQuoted(text);
    }

    // A CSV file does not say which of its texts were DATETIME columns; one that is wholly a timestamp is taken for one.
    private static bool IsTimestamp(ReadOnlySpan<byte> text)
    {
        const string Shape = "0000-00-00 00:00:00.000000";
        const int ShortestLength = 19;
        if (text.Length < ShortestLength || text.Length > Shape.Length)
        {
            return false;
        }

        for (var at = 0; at < text.Length; at++)
        {
            if (Shape[at] == '0' ? !char.IsAsciiDigit((char)text[at]) : text[at] != Shape[at])
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryWriteTyped(RowBuffer row, string type, ReadOnlySpan<byte> text)
    {
        switch (type)
        {
            case "bigint" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer):
                row.AppendInteger(integer);
                return true;
            case "double" when TryParseFinite(text, out var number):
                row.AppendDouble(number);
                return true;
            case "boolean" when text is [(byte)'1'] || Ascii.EqualsIgnoreCase(text, "true"u8):
                row.Append("true"u8);
                return true;
            case "boolean" when text is [(byte)'0'] || Ascii.EqualsIgnoreCase(text, "false"u8):
                row.Append("false"u8);
                return true;
            default:
                return false;
        }
    }

    private static bool TryParseFinite(ReadOnlySpan<byte> text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static byte[] Opening(string name, bool isFirst)
    {
        var row = new RowBuffer();
        row.Append(isFirst ? (byte)'{' : (byte)',');
        row.AppendQuoted(Encoding.UTF8.GetBytes(name));
        row.Append((byte)':');
        return row.Row.ToArray();
    }
}
