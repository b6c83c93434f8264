using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>
/// The <c>add</c> column of a checkpoint file. A file of the table is one value of bytes here, so that a table of many costs one call of
/// DuckDB each: path, size, time, stats and partition values, texts with their length before them. What few files have is read as JSON.
/// </summary>
internal sealed class AddColumns
{
    private static readonly string[] s_rare = ["tags", "deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"];

    private readonly string _packed;
    private readonly string? _rare;

    private AddColumns(StructType add, AddCounts counts)
    {
        Count = counts.Files;
        var has = add.Fields.Select(f => f.Name).Where(f => !counts.Empty.Contains(f)).ToHashSet(StringComparer.Ordinal);
        string[] rest = [.. s_rare.Where(has.Contains)];
        _rare = rest.Length == 0 ? null : string.Join(" OR ", rest.Select(f => $"{Field(f)} IS NOT NULL"));
        var values = has.Contains("partitionValues") ? $"CASE WHEN cardinality({Field("partitionValues")}) > 0 THEN to_json({Field("partitionValues")})::VARCHAR END" : "NULL";
        var stats = has.Contains("stats") ? Field("stats") : "NULL";
        _packed = $"encode(concat({Counted(Field("path"))}, {Number("size")}, {Number("modificationTime")}, {Counted(stats)}, {Counted(values)}))";

        string Number(string name) => has.Contains(name) ? $"coalesce({Field(name)}, 0), ':'" : "'0:'";
    }

    /// <summary>Whether a row is a file; the path alone tells.</summary>
    public static string IsThere { get; } = $"{Field("path")} IS NOT NULL";

    /// <summary>How many files it holds, about.</summary>
    public int Count { get; }

    /// <summary>The columns of a file; null when its <c>add</c> is absent or of no known shape.</summary>
    public static AddColumns? Of(IReadOnlyList<SqlColumn> columns, AddCounts counts) =>
        columns.FirstOrDefault(c => c.Name == "add") is { } column && DuckDbType.Parse(column.Type, out _) is StructType add && add.Fields.Any(f => f.Name == "path")
            ? new AddColumns(add, counts)
            : null;

    /// <summary>A select of the files as <see cref="PackedAdds"/> reads them.</summary>
    public string Packed(string source) => $"SELECT {_packed} FROM {source} WHERE {IsThere}{(_rare is null ? "" : $" AND NOT ({_rare})")}";

    /// <summary>A select of the other files, each an action in JSON; null when there can be none.</summary>
    public string? Rare(string source) => _rare is null ? null : $"SELECT to_json(struct_pack(\"add\" := \"add\"))::VARCHAR FROM {source} WHERE {IsThere} AND ({_rare})";

    private static string Field(string name) => $"\"add\".{SqlName.Quote(name)}";

    /// <summary>Bytes of a text, a colon, the text; -1 for null.</summary>
    private static string Counted(string text) => text == "NULL" ? "'-1:'" : $"coalesce(strlen({text}), -1), ':', {text}";
}

/// <summary>What the footer of a checkpoint file says of its <c>add</c> column: so that what no file has is not read.</summary>
/// <param name="Files">Values of <c>path</c>.</param>
/// <param name="Empty">Fields without a value.</param>
internal sealed record AddCounts(int Files, IReadOnlySet<string> Empty)
{
    /// <summary>A select of field, values and nulls, by field. A footer without counts of nulls makes no field empty.</summary>
    public static string Sql(string path) => $"""
        SELECT split_part(path_in_schema, ', ', 2), CAST(sum(num_values) AS BIGINT), CAST(sum(coalesce(stats_null_count, 0)) AS BIGINT)
        FROM parquet_metadata({SqlName.Literal(path)}) WHERE path_in_schema LIKE 'add, %' GROUP BY 1
        """;

    public static AddCounts Of(IReadOnlyList<(string Field, long Values, long Nulls)> counted) => new(
        (int)Math.Clamp(counted.Where(c => c.Field == "path").Sum(c => c.Values - c.Nulls), 0, int.MaxValue / 2),
        counted.Where(c => c.Values == c.Nulls && c.Field != "path").Select(c => c.Field).ToHashSet(StringComparer.Ordinal));
}

/// <summary>Reads files out of packed values; used by one thread.</summary>
internal sealed class PackedAdds
{
    /// <summary>Stats of a few hundred files share an array: below the 85,000 bytes from which on arrays make the collector look at everything.</summary>
    private const int SharedBytes = 1 << 16;

    /// <summary>Partitions whose values are kept to be shared; more are of a table that shares little.</summary>
    private const int PartitionsMax = 4096;

    private readonly Dictionary<string, IReadOnlyDictionary<string, string?>> _partitions = new(StringComparer.Ordinal);
    private byte[] _value = new byte[4096];
    private byte[] _shared = [];
    private int _used;

    public AddFile Read(Stream stream)
    {
        var length = checked((int)stream.Length);
        if (_value.Length < length) _value = new byte[length * 2];
        stream.ReadExactly(_value, 0, length);
        var rest = (ReadOnlySpan<byte>)_value.AsSpan(0, length);
        Text(ref rest, out var path);
        var (size, time) = (Number(ref rest), Number(ref rest));
        var stats = Text(ref rest, out var json) ? Keep(json) : default;
        var values = Text(ref rest, out var partition) ? Values(partition) : EmptyMap.Values;
        return new AddFile(Encoding.UTF8.GetString(path), size, time, null) { StatsText = stats, PartitionValues = values, DataChange = false };
    }

    private static long Number(ref ReadOnlySpan<byte> rest)
    {
        if (!Utf8Parser.TryParse(rest, out long value, out var digits)) throw new LogFormatException("an add holds no number where one is due");
        rest = rest[(digits + 1)..];
        return value;
    }

    private static bool Text(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        var length = (int)Number(ref rest);
        text = length < 0 ? default : rest[..length];
        rest = rest[text.Length..];
        return length >= 0;
    }

    private StatsText Keep(ReadOnlySpan<byte> stats)
    {
        if (_used + stats.Length > _shared.Length)
        {
            _shared = GC.AllocateUninitializedArray<byte>(Math.Max(SharedBytes, stats.Length));
            _used = 0;
        }

        stats.CopyTo(_shared.AsSpan(_used));
        _used += stats.Length;
        return StatsText.Of(_shared, _used - stats.Length, stats.Length);
    }

    private IReadOnlyDictionary<string, string?> Values(ReadOnlySpan<byte> json)
    {
        if (_partitions.GetAlternateLookup<ReadOnlySpan<char>>() is var known && json.Length <= 256)
        {
            Span<char> text = stackalloc char[256];
            text = text[..Encoding.UTF8.GetChars(json, text)];
            if (known.TryGetValue(text, out var same)) return same;
        }

        var values = JsonSerializer.Deserialize<Dictionary<string, string?>>(json)!;
        if (_partitions.Count >= PartitionsMax) _partitions.Clear();
        _partitions[Encoding.UTF8.GetString(json)] = values;
        return values;
    }
}
