using System.Globalization;
using System.Text;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The text of a partition value as a typed SQL constant.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#partition-value-serialization</remarks>
internal static class PartitionValue
{
    /// <summary>File systems take names of 255 bytes.</summary>
    private const int FolderNameMax = 200;

    /// <summary>An empty text is null, for every type. A timestamp may be ISO 8601 or without a zone; then it is UTC here.</summary>
    public static string Sql(DeltaType type, string? value)
    {
        var name = DuckDbType.Of(type) ?? throw new LogFormatException("a partition column has a type that Sluice cannot read");
        if (string.IsNullOrEmpty(value)) return $"CAST(NULL AS {name})";
        return type is PrimitiveType { Name: "binary" } ? $"from_hex('{Binary(value)}')" : $"CAST({SqlName.Literal(value)} AS {name})";
    }

    /// <summary>The SQL that gives the text of a value; null for SQL's null and for the empty text, which the protocol cannot tell apart.</summary>
    public static string Text(DeltaType type, string expression) => type switch
    {
        PrimitiveType { Name: "string" } => $"nullif({expression}, '')",
        PrimitiveType { Name: "timestamp" } => $"strftime({expression} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')",
        PrimitiveType { Name: "timestamp_ntz" } => $"strftime({expression}, '%Y-%m-%d %H:%M:%S.%f')",
        PrimitiveType { Name: "float" or "double" } => $"replace(replace(CAST({expression} AS VARCHAR), 'inf', 'Infinity'), 'nan', 'NaN')",
        _ => $"CAST({expression} AS VARCHAR)",
    };

    /// <summary>Why a column cannot be one that a table is partitioned by; null when it can.</summary>
    public static string? Fault(StructField field) => field.Type switch
    {
        ArrayType or MapType or StructType => $"the column '{field.Name}' is nested, and no table is partitioned by such: choose another",
        PrimitiveType { Name: "binary" } => $"the column '{field.Name}' is BLOB, and tables are not partitioned by bytes here: choose another",
        _ => null,
    };

    /// <summary>A folder for a file of these values, as Hive names it. A convention only: what counts stands in the log.</summary>
    public static string Folder(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var folder = new StringBuilder();
        foreach (var (name, value) in values)
        {
            var text = $"{HiveEscape(name)}={(string.IsNullOrEmpty(value) ? "__HIVE_DEFAULT_PARTITION__" : HiveEscape(value))}";
            folder.Append(text.Length <= FolderNameMax ? text : text[..FolderNameMax]).Append('/');
        }

        return folder.ToString();
    }

    private static string HiveEscape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.') escaped.Append((char)b);
            else escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return escaped.ToString();
    }

    /// <summary>The bytes in hexadecimal digits. They are written as characters of the same number, some of them as \uXXXX.</summary>
    public static string Binary(string value)
    {
        var hex = new StringBuilder(value.Length * 2);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && i + 5 < value.Length && value[i + 1] == 'u'
                && ushort.TryParse(value.AsSpan(i + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && code <= byte.MaxValue)
            {
                hex.Append(CultureInfo.InvariantCulture, $"{code:X2}");
                i += 5;
                continue;
            }

            var length = char.IsSurrogatePair(value, i) ? 2 : 1;
            hex.Append(Convert.ToHexString(Encoding.UTF8.GetBytes(value.Substring(i, length))));
            i += length - 1;
        }

        return hex.ToString();
    }
}
