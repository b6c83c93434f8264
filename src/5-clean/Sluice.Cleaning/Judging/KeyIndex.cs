using System.IO.Hashing;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using Sluice.Definition;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning.Judging;

/// <summary>
/// The keys of the clean table in memory, so that a small commit does not read the table: it costs what the batch holds, however large
/// the table is. Integers are held as they are, other types as the 128-bit hash of their text.
/// </summary>
/// <remarks>
/// What is held is checked against the table at every batch: files not seen before are read, and when the number of keys then differs
/// from the number of rows (another writer removed some, or a commit of unknown outcome was none), all is read anew. Two keys of four
/// million have one hash with a probability of 10^-26. Beyond its bound, and for keys whose text does not tell them apart as SQL does
/// (floating point, nested), the table is read for every batch.
/// </remarks>
internal sealed class KeyIndex(DeltaTable table, Dataset dataset, DuckDBConnection connection, int keysMax) : KnownKeys
{
    private static readonly string[] s_integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"];
    private static readonly string[] s_texts = ["VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "UUID", "HUGEINT"];

    private readonly TableKeys _beyond = new(table, dataset.Key);
    private readonly string _column = SqlName.Quote(dataset.Key);
    private readonly string _type = dataset.Columns.First(column => column.Name == dataset.Key).Type;
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly HashSet<long> _integers = [];
    private readonly HashSet<UInt128> _hashes = [];
    private readonly List<UInt128> _pending = [];

    // Rows of the table beyond its keys: none, unless another writer broke the rule that a key occurs once.
    private long _surplus;
    private bool _isBeyond = !s_integers.Concat(s_texts).Contains(dataset.Columns.First(column => column.Name == dataset.Key).Type);

    public override bool ReadsTable => _isBeyond;

    private bool IsInteger => s_integers.Contains(_type);

    private int Count => _integers.Count + _hashes.Count;

    public override async ValueTask<string?> FindAsync(Snapshot clean, CancellationToken cancel)
    {
        _pending.Clear();
        if (!_isBeyond) await SyncAsync(clean, cancel);
        if (_isBeyond) return await _beyond.FindAsync(clean, cancel);
        var known = new List<long>();
        using var firsts = await connection.SelectAsync($"SELECT {Key("key")}, _position FROM firsts", cancel);
        await foreach (var (key, position) in firsts.ReadAsync(row => (Read(row), row.GetInt64(1)), cancel))
        {
            if (Contains(key)) known.Add(position);
            else _pending.Add(key);
        }

        // One text that is split is parsed at once; a list of ten thousand numbers would be as many expressions.
        return known.Count == 0 ? null : $"SELECT unnest(CAST(string_split('{string.Join(',', known)}', ',') AS BIGINT[]))";
    }

    public override void Accept(IReadOnlyList<AddFile> files)
    {
        if (_isBeyond) return;
        foreach (var key in _pending) Add(key);
        _pending.Clear();
        Replace([], files);
        if (Count > keysMax) GoBeyond();
    }

    /// <summary>The rows of some files were moved to others.</summary>
    public void Replace(IReadOnlyList<AddFile> removed, IReadOnlyList<AddFile> added)
    {
        foreach (var file in removed) _files.Remove(file.Path);
        foreach (var file in added) _files.Add(file.Path);
    }

    private async ValueTask SyncAsync(Snapshot clean, CancellationToken cancel)
    {
        await ReadAsync(clean, [.. clean.Files.Where(file => !_files.Contains(file.Path))], cancel);
        if (_isBeyond || clean.RowCount is not { } rows || rows == Count + _surplus) return;
        _files.Clear();
        _integers.Clear();
        _hashes.Clear();
        await ReadAsync(clean, clean.Files, cancel);
        _surplus = rows - Count;
    }

    private async ValueTask ReadAsync(Snapshot clean, IReadOnlyCollection<AddFile> files, CancellationToken cancel)
    {
        if (files.Count == 0) return;
        var relation = await table.RelationAsync(clean, files, cancel);
        using var rows = await connection.SelectAsync($"SELECT {Key(_column)} FROM {relation} WHERE {_column} IS NOT NULL", cancel);
        await foreach (var key in rows.ReadAsync(Read, cancel))
        {
            Add(key);
            if (Count <= keysMax) continue;
            GoBeyond();
            return;
        }

        Replace([], [.. files]);
    }

    private void GoBeyond()
    {
        _isBeyond = true;
        _files.Clear();
        _integers.Clear();
        _integers.TrimExcess();
        _hashes.Clear();
        _hashes.TrimExcess();
    }

    private string Key(string expression) => IsInteger ? $"CAST({expression} AS BIGINT)" : $"CAST({expression} AS VARCHAR)";

    private UInt128 Read(DuckDBDataReader row) => IsInteger
        ? unchecked((UInt128)row.GetInt64(0))
        : XxHash128.HashToUInt128(MemoryMarshal.AsBytes(row.GetString(0).AsSpan()));

    private bool Contains(UInt128 key) => IsInteger ? _integers.Contains(unchecked((long)key)) : _hashes.Contains(key);

    private void Add(UInt128 key)
    {
        if (IsInteger) _integers.Add(unchecked((long)key));
        else _hashes.Add(key);
    }
}
