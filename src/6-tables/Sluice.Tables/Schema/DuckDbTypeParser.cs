using System.Globalization;

namespace Sluice.Tables;

/// <summary>Reads a DuckDB type name such as <c>MAP(VARCHAR, STRUCT("a b" DECIMAL(10,2)[]))</c>.</summary>
internal sealed class DuckDbTypeParser(string text)
{
    private int _at;

    /// <summary>Why <see cref="Parse"/> gave null; empty when it did not.</summary>
    public string Fault { get; private set; } = "";

    public DeltaType? Parse()
    {
        var type = ParseType();
        if (type is null) return null;
        return PeekAfterSpace() == '\0' ? type : Fail($"'{text}' is no DuckDB type");
    }

    private DeltaType? ParseType()
    {
        var type = ParseBase();
        while (type is not null && Take('['))
        {
            while (char.IsDigit(Peek())) _at++;
            if (!Take(']')) return Fail($"'{text}' lacks a ']'");
            type = new ArrayType(type, ContainsNull: true);
        }

        return type;
    }

    private DeltaType? ParseBase()
    {
        var name = Word().ToUpperInvariant();
        return name switch
        {
            "STRUCT" or "ROW" => ParseStruct(),
            "MAP" => ParseMap(),
            "DECIMAL" or "NUMERIC" or "DEC" => ParseDecimal(),
            "TIMESTAMP" => ParseTimestamp(),
            "TIMESTAMPTZ" => new PrimitiveType("timestamp"),
            "DATETIME" => new PrimitiveType("timestamp_ntz"),
            "BOOLEAN" or "BOOL" or "LOGICAL" => new PrimitiveType("boolean"),
            "TINYINT" or "INT1" => new PrimitiveType("byte"),
            "SMALLINT" or "INT2" or "SHORT" => new PrimitiveType("short"),
            "INTEGER" or "INT" or "INT4" or "SIGNED" => new PrimitiveType("integer"),
            "BIGINT" or "INT8" or "LONG" => new PrimitiveType("long"),
            "FLOAT" or "REAL" or "FLOAT4" => new PrimitiveType("float"),
            "DOUBLE" or "FLOAT8" => ParseDouble(),
            "VARCHAR" or "TEXT" or "STRING" or "CHAR" or "BPCHAR" => ParseVarchar(),
            "BLOB" or "BYTEA" or "BINARY" or "VARBINARY" => new PrimitiveType("binary"),
            "DATE" => new PrimitiveType("date"),
            _ => Fail(Refusal(name)),
        };
    }

    private static string Refusal(string name) => name switch
    {
        "HUGEINT" or "UHUGEINT" => $"{name} has no Delta type: CAST it AS BIGINT or DECIMAL(38,0)",
        "UBIGINT" => "UBIGINT has no Delta type: CAST it AS DECIMAL(20,0) or BIGINT",
        "UINTEGER" or "USMALLINT" or "UTINYINT" => $"{name} has no Delta type: CAST it AS the next wider signed type",
        "UUID" or "JSON" or "ENUM" or "TIME" or "INTERVAL" or "BIT" => $"{name} has no Delta type: CAST it AS VARCHAR",
        "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" => $"{name} has no Delta type: CAST it AS TIMESTAMP WITH TIME ZONE",
        _ => $"{name} has no Delta type: CAST it AS a type that has one, e.g. VARCHAR",
    };

    private StructType? ParseStruct()
    {
        if (!Take('(')) return Fail<StructType>($"'{text}': STRUCT lacks its fields");
        var fields = new List<StructField>();
        do
        {
            var name = PeekAfterSpace() == '"' ? Quoted() : Word();
            if (name.Length == 0) return Fail<StructType>($"'{text}': a struct field lacks its name");
            if (ParseType() is not { } type) return null;
            fields.Add(new StructField(name, type, Nullable: true));
        }
        while (Take(','));
        return Take(')') ? new StructType(fields) : Fail<StructType>($"'{text}' lacks a ')'");
    }

    private MapType? ParseMap()
    {
        if (!Take('(')) return Fail<MapType>($"'{text}': MAP lacks its types");
        if (ParseType() is not { } key) return null;
        if (!Take(',')) return Fail<MapType>($"'{text}': MAP lacks its value type");
        if (ParseType() is not { } value) return null;
        return Take(')') ? new MapType(key, value, ValueContainsNull: true) : Fail<MapType>($"'{text}' lacks a ')'");
    }

    private DecimalType? ParseDecimal()
    {
        // DuckDB's own default for a bare DECIMAL.
        if (!Take('(')) return new DecimalType(18, 3);
        var precision = Number();
        var scale = Take(',') ? Number() : 0;
        return Take(')') && precision is >= 1 and <= 38 && scale is >= 0 && scale <= precision
            ? new DecimalType(precision.Value, scale.Value)
            : Fail<DecimalType>($"'{text}' is no DECIMAL(1..38, 0..precision)");
    }

    private PrimitiveType? ParseTimestamp()
    {
        var start = _at;
        if (!Word().Equals("WITH", StringComparison.OrdinalIgnoreCase))
        {
            _at = start;
            return new PrimitiveType("timestamp_ntz");
        }

        var zoned = Word().Equals("TIME", StringComparison.OrdinalIgnoreCase) && Word().Equals("ZONE", StringComparison.OrdinalIgnoreCase);
        return zoned ? new PrimitiveType("timestamp") : Fail<PrimitiveType>($"'{text}' is no DuckDB type");
    }

    private PrimitiveType ParseDouble()
    {
        var start = _at;
        if (!Word().Equals("PRECISION", StringComparison.OrdinalIgnoreCase)) _at = start;
        return new PrimitiveType("double");
    }

    private PrimitiveType ParseVarchar()
    {
        if (Take('('))
        {
            // DuckDB accepts a length and ignores it.
            Number();
            Take(')');
        }

        return new PrimitiveType("string");
    }

    private int? Number()
    {
        PeekAfterSpace();
        var start = _at;
        while (char.IsAsciiDigit(Peek())) _at++;
        return int.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private string Word()
    {
        PeekAfterSpace();
        var start = _at;
        while (char.IsLetterOrDigit(Peek()) || Peek() == '_') _at++;
        return text[start.._at];
    }

    private string Quoted()
    {
        var start = ++_at;
        while (_at < text.Length)
        {
            if (text[_at] != '"') _at++;
            else if (_at + 1 < text.Length && text[_at + 1] == '"') _at += 2;
            else break;
        }

        var name = text[start..Math.Min(_at, text.Length)].Replace("\"\"", "\"", StringComparison.Ordinal);
        _at++;
        return name;
    }

    private char Peek() => _at < text.Length ? text[_at] : '\0';

    private char PeekAfterSpace()
    {
        while (Peek() == ' ') _at++;
        return Peek();
    }

    private bool Take(char c)
    {
        if (PeekAfterSpace() != c) return false;
        _at++;
        return true;
    }

    private DeltaType? Fail(string fault) => Fail<DeltaType>(fault);

    private T? Fail<T>(string fault)
        where T : DeltaType
    {
        if (Fault.Length == 0) Fault = fault;
        return null;
    }
}
