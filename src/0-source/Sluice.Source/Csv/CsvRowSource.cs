using System.Runtime.CompilerServices;
using Sluice.Definition;

namespace Sluice.Source.Csv;

/// <summary>A folder with one RFC 4180 file {table}.csv per dataset, UTF-8, with a header line.</summary>
internal sealed class CsvRowSource : IRowSource
{
    private readonly Dictionary<string, CsvTable> _tables;

    private CsvRowSource(Dictionary<string, CsvTable> tables) => _tables = tables;

    public static async Task<RowSourceOpening> OpenAsync(
        string directory, IReadOnlyList<Dataset> datasets, TimestampSpelling spelling, CancellationToken cancel)
    {
        var tables = new Dictionary<string, CsvTable>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var dataset in datasets)
        {
            // Reading a whole file is synchronous work; the caller's thread is not held by it.
            var table = await Task.Run(() => OpenTable(directory, dataset, spelling, faults), cancel);
            if (table is not null)
            {
                tables[dataset.Table] = table;
            }
        }

        var source = new CsvRowSource(tables);
        if (faults.Count == 0)
        {
            return new RowSourceOpening(source, faults);
        }

        await source.DisposeAsync();
        return new RowSourceOpening(null, faults);
    }

    public ValueTask<long> CountAsync(string table, CancellationToken cancel) => ValueTask.FromResult<long>(_tables[table].Count);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string table, long first, long count, CancellationToken cancel) =>
        _tables[table].ReadAsync(first, count, cancel);

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadRowsAsync(
        string table, IReadOnlyList<long> rows, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var row in rows)
        {
            await foreach (var json in _tables[table].ReadAsync(row, 1, cancel))
            {
                yield return json;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var table in _tables.Values)
        {
            table.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private static CsvTable? OpenTable(string directory, Dataset dataset, TimestampSpelling spelling, List<string> faults)
    {
        try
        {
            return CsvTable.Open(directory, dataset, spelling, faults);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{Path.Combine(directory, dataset.Table)}.csv: cannot be read ({e.Message}); check its permissions.");
            return null;
        }
    }
}
