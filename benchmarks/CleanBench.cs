using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Cleaning;
using Sluice.Definition;
using Sluice.Objects;
using Sluice.Source;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Bench;

/// <summary>
/// Batch clean of generated rows, from JSON objects to Delta tables with ledger, quarantine and duplicates, beside the same SQL
/// run by hand in DuckDB over the same objects into one Parquet file. Rounds alternate, and the ratio is taken round by round.
/// </summary>
internal static class CleanBench
{
    private const int Rounds = 3;
    private const int RowsPerObject = 10_000;

    /// <summary>DuckDB's memory for both.</summary>
    private const long MemoryBytes = 1L << 30;

    private static long Rows { get; } = long.Parse(
        Environment.GetEnvironmentVariable("ROWS") ?? "1000000", System.Globalization.CultureInfo.InvariantCulture);

    public static async Task RunAsync(CancellationToken cancel)
    {
        var directory = Directory.CreateTempSubdirectory("sluice-bench-");
        try
        {
            var pipeline = PipelineFile.Read(Path.Combine(AppContext.BaseDirectory, "pipelines/pinterest")).Definition!;
            var dataset = pipeline.Datasets[0];
            var raw = LocalObjectStore.Open(Path.Combine(directory.FullName, "raw"));
            var rawBytes = await WriteObjectsAsync(pipeline, dataset, raw, cancel);
            List<double> ours = [], byHand = [];
            for (var round = 0; round < Rounds; round++)
            {
                byHand.Add(await ByHandAsync(dataset, raw.Root, directory.FullName, cancel));
                ours.Add(await CleanAsync(pipeline, dataset, raw, Path.Combine(directory.FullName, $"tables{round}"), cancel));
            }

            using var self = Process.GetCurrentProcess();
            Figure.Print("clean", "batch_clean", Figure.Median(ours), "rows/s", new { rows = Rows, raw_mb = rawBytes / 1e6 });
            Figure.Print("clean", "same_sql_by_hand", Figure.Median(byHand), "rows/s");
            Figure.Print("clean", "batch_clean_ratio", Figure.Median(ours.Zip(byHand, (o, h) => o / h)), "of the SQL by hand");
            Figure.Print("clean", "peak_memory", self.PeakWorkingSet64 / 1e6, "MB");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<long> WriteObjectsAsync(
        PipelineDefinition pipeline, Dataset dataset, LocalObjectStore raw, CancellationToken cancel)
    {
        var opening = await RowSources.OpenAsync(new SourceUri.Generated(Rows, 1), pipeline, TimestampSpelling.Space, cancel);
        await using var source = opening.Source ?? throw new InvalidOperationException(string.Join('\n', opening.Faults));
        using var lines = new MemoryStream();
        long offset = 0, bytes = 0, first = 0;
        await foreach (var row in source.ReadAsync(dataset.Table, 0, Rows, cancel))
        {
            lines.Write(row.Span);
            lines.WriteByte((byte)'\n');
            if (++offset % RowsPerObject != 0 && offset != Rows) continue;
            await raw.PutAsync(new ObjectKey($"topics/{dataset.Topic}/partition=0/{dataset.Topic}+0+{first:D10}.json"), lines.ToArray(), cancel);
            bytes += lines.Length;
            lines.SetLength(0);
            first = offset;
        }

        return bytes;
    }

    private static async Task<double> CleanAsync(
        PipelineDefinition pipeline, Dataset dataset, LocalObjectStore raw, string directory, CancellationToken cancel)
    {
        using var checkpoints = DuckDb.Open(new DuckDbOptions(Path.Combine(directory, "temp"), MemoryBytes, Environment.ProcessorCount));
        var tables = new TableCatalog(
            LocalObjectStore.Open(Path.Combine(directory, "store")), TimeProvider.System, checkpoints,
            new TablesOptions(Path.Combine(directory, "scratch")));
        var options = new CleaningOptions(Path.Combine(directory, "temp")) { MemoryBytesMax = MemoryBytes };
        var cleaner = new Cleaner(pipeline, raw, tables, options, TimeProvider.System, NullLogger<Cleaner>.Instance);
        var clock = Stopwatch.StartNew();
        var report = await cleaner.CleanAsync(dataset.Name, cancel);
        if (report.Received != Rows) throw new InvalidOperationException($"{report.Received} of {Rows} rows were cleaned.");
        return Rows / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> ByHandAsync(Dataset dataset, string objects, string directory, CancellationToken cancel)
    {
        using var duckDb = DuckDb.Open(new DuckDbOptions(Path.Combine(directory, "temp"), MemoryBytes, Environment.ProcessorCount));
        using var connection = duckDb.Connect();
        var columns = string.Join(", ", dataset.Raw.Select(f => $"{SqlName.Quote(f.Name)}: '{f.Type}'"));
        var files = SqlName.Literal(Path.Combine(objects, $"topics/{dataset.Topic}/*/*.json"));
        connection.Execute(
            $"CREATE VIEW source AS SELECT 0::BIGINT AS _position, * FROM read_json({files}, format = 'newline_delimited', columns = {{{columns}}})");
        var clock = Stopwatch.StartNew();
        var target = SqlName.Literal(Path.Combine(directory, "by-hand.parquet"));
        await connection.ExecuteAsync(
            dataset.Clean.Within("COPY (SELECT * EXCLUDE (_position) FROM (", $")) TO {target} (FORMAT parquet, COMPRESSION zstd)"), cancel);
        return Rows / clock.Elapsed.TotalSeconds;
    }
}
