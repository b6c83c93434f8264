using System.Globalization;
using System.Numerics;
using System.Text;

namespace Sluice.Tables;

/// <summary>Tells which files are of the same partition, whatever spelling their writers gave to its values.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#partition-value-serialization</remarks>
internal sealed class PartitionKey(Snapshot snapshot)
{
    private static readonly PrimitiveType s_timestamp = new("timestamp");

    private readonly StructField[] _fields = [.. snapshot.Metadata.PartitionColumns.Select(
        name => snapshot.DeltaSchema.Fields.First(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))];

    /// <summary>A text that files of the same partition share, and no others; null when a value is none of its column's type, or missing.</summary>
    public string? Of(AddFile file)
    {
        var key = new StringBuilder();
        foreach (var field in _fields)
        {
            if (!file.PartitionValues.TryGetValue(field.PhysicalName, out var text)) return null;
            if (string.IsNullOrEmpty(text))
            {
                key.Append('-');
                continue;
            }

            if (Canonical(field.Type, text) is not { } value) return null;
            key.Append(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
        }

        return key.ToString();
    }

    /// <summary>One text for all spellings of a value; null when it is none of the type.</summary>
    private static string? Canonical(DeltaType type, string text) => type switch
    {
        PrimitiveType { Name: "string" } => text,
        PrimitiveType { Name: "boolean" } => bool.TryParse(text, out var flag) ? flag.ToString() : null,
        PrimitiveType { Name: "byte" or "short" or "integer" or "long" } or DecimalType => Exact(text),
        // Zero has a sign that comparisons do not see.
        PrimitiveType { Name: "float" } =>
            float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? (real + 0f).ToString(CultureInfo.InvariantCulture) : null,
        PrimitiveType { Name: "double" } =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? (real + 0d).ToString(CultureInfo.InvariantCulture) : null,
        PrimitiveType { Name: "date" or "timestamp" } => Bound.Of(type, text)?.Number.ToString(CultureInfo.InvariantCulture),
        PrimitiveType { Name: "timestamp_ntz" } => Bound.Of(s_timestamp, text)?.Number.ToString(CultureInfo.InvariantCulture),
        PrimitiveType { Name: "binary" } => PartitionValue.Binary(text),
        _ => null,
    };

    /// <summary>Digits without zeros at either end, and the power of ten that they are multiplied by.</summary>
    private static string? Exact(string text)
    {
        var exponent = text.IndexOfAny(['e', 'E']);
        var power = 0;
        if (exponent >= 0 && !int.TryParse(text.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power)) return null;
        var digits = exponent < 0 ? text : text[..exponent];
        var point = digits.IndexOf('.');
        if (point >= 0)
        {
            power -= digits.Length - point - 1;
            digits = digits.Remove(point, 1);
        }

        if (!BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return null;
        for (; !number.IsZero && BigInteger.Remainder(number, 10).IsZero; power++) number /= 10;
        return string.Create(CultureInfo.InvariantCulture, $"{number}e{(number.IsZero ? 0 : power)}");
    }
}
