using System.Globalization;
using System.Text;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>The text of a partition value as a typed SQL constant.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#partition-value-serialization</remarks>
internal static class PartitionValue
{
    /// <summary>An empty text is null, for every type. A timestamp may be ISO 8601 or without a zone; then it is UTC here.</summary>
    public static string Sql(DeltaType type, string? value)
    {
        var name = DuckDbType.Of(type) ?? throw new LogFormatException("a partition column has a type that Sluice cannot read");
        if (string.IsNullOrEmpty(value)) return $"CAST(NULL AS {name})";
        return type is PrimitiveType { Name: "binary" } ? $"from_hex('{Binary(value)}')" : $"CAST({SqlName.Literal(value)} AS {name})";
    }

    /// <summary>Bytes are written as characters of the same number, some of them as \uXXXX.</summary>
    private static string Binary(string value)
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
