using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Definition;
using Sluice.Objects;
using Sluice.Source;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Bench;

/// <summary>
/// The stream from end to end: rows are put one by one through the gateway of a running service at a steady rate, and fresh readers of the Delta
/// tables, which know nothing but the directory, look for them. A row's latency is from the answer of its put to the moment a reader has it.
/// </summary>
internal static class StreamBench
{
    private const int RecordsPerSecond = 2_000;
    private const int InFlightMax = 512;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private static int Seconds { get; } = int.Parse(
        Environment.GetEnvironmentVariable("SECONDS_LONG") ?? "60", System.Globalization.CultureInfo.InvariantCulture);

    public static async Task RunAsync(CancellationToken cancel)
    {
        var data = Directory.CreateTempSubdirectory("sluice-bench-");
        using var sluice = SluiceServer.Start(["up", "--data", data.FullName]);
        try
        {
            var gateway = await sluice.AddressAsync("gateway", cancel);
            await MeasureAsync(gateway, data.FullName, cancel);
            Figure.Print("stream", "service_peak_memory", sluice.PeakMegabytes(), "MB");
        }
        finally
        {
            await sluice.DisposeAsync();
            data.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(string gateway, string data, CancellationToken cancel)
    {
        var pipeline = PipelineFile.Read(Path.Combine(AppContext.BaseDirectory, "pipelines/pinterest")).Definition!;
        var rows = RecordsPerSecond * Seconds / pipeline.Datasets.Count;
        var answered = pipeline.Datasets.ToDictionary(d => d.Name, _ => new ConcurrentDictionary<int, long>());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var readers = pipeline.Datasets.Select(d => Task.Run(() => FreshReader.RunAsync(data, d, rows, stop.Token), cancel)).ToArray();
        await PutAsync(gateway, pipeline, rows, answered, cancel);
        stop.CancelAfter(TimeSpan.FromSeconds(30));
        var seen = await Task.WhenAll(readers);

        var latencies = pipeline.Datasets.Zip(seen)
            .SelectMany(pair => pair.Second.SeenAt.Select(row => Math.Max(0, Stopwatch.GetElapsedTime(answered[pair.First.Name][row.Key], row.Value).TotalMilliseconds)))
            .Order().ToArray();
        if (latencies.Length != rows * pipeline.Datasets.Count) throw new InvalidOperationException($"{latencies.Length} of {rows * pipeline.Datasets.Count} rows became visible.");
        Figure.Print("stream", "put_to_table_p50", latencies[latencies.Length / 2], "ms", new { rate = RecordsPerSecond, seconds = Seconds });
        Figure.Print("stream", "put_to_table_p99", latencies[(int)(latencies.Length * 0.99)], "ms");
        Figure.Print("stream", "put_to_table_max", latencies[^1], "ms");
        Figure.Print("stream", "files_of_a_table_max", seen.Max(s => s.FilesMax), "files");
        Figure.Print("stream", "versions", seen.Sum(s => s.Versions), "commits");
    }

    private static async Task PutAsync(
        string gateway, PipelineDefinition pipeline, int rows, Dictionary<string, ConcurrentDictionary<int, long>> answered, CancellationToken cancel)
    {
        var opening = await RowSources.OpenAsync(new SourceUri.Generated(rows, 1), pipeline, TimestampSpelling.Space, cancel);
        await using var source = opening.Source ?? throw new InvalidOperationException(string.Join('\n', opening.Faults));
        using var http = new HttpClient();
        using var slots = new SemaphoreSlim(InFlightMax);
        var start = Stopwatch.GetTimestamp();
        var sent = 0;
        var tables = pipeline.Datasets.Select(d => source.ReadAsync(d.Table, 0, rows, cancel).GetAsyncEnumerator(cancel)).ToArray();
        for (var row = 0; row < rows; row++)
        {
            foreach (var (dataset, table) in pipeline.Datasets.Zip(tables))
            {
                if (!await table.MoveNextAsync()) throw new InvalidOperationException($"{dataset.Table} has no row {row}.");
                var body = Encoding.UTF8.GetString(table.Current.Span);
                var due = TimeSpan.FromSeconds(sent++ / (double)RecordsPerSecond) - Stopwatch.GetElapsedTime(start);
                if (due > TimeSpan.FromMilliseconds(1)) await Task.Delay(due, TimeProvider.System, cancel);
                await slots.WaitAsync(cancel);
                _ = PutOneAsync(http, new Uri($"{gateway}/dev/streams/{dataset.Stream}/record"), dataset, body, answered[dataset.Name], slots, cancel);
            }
        }

        for (var i = 0; i < InFlightMax; i++) await slots.WaitAsync(cancel);
        Figure.Print("stream", "put_rate", sent / Stopwatch.GetElapsedTime(start).TotalSeconds, "records/s");
        foreach (var table in tables) await table.DisposeAsync();
    }

    private static async Task PutOneAsync(
        HttpClient http, Uri url, Dataset dataset, string row, ConcurrentDictionary<int, long> answered, SemaphoreSlim slots, CancellationToken cancel)
    {
        using var parsed = JsonDocument.Parse(row);
        var key = parsed.RootElement.GetProperty(dataset.RawKey).GetInt32();
        using var content = new StringContent($$"""{"StreamName":"x","Data":{{row}},"PartitionKey":"{{key}}"}""", MediaTypeHeaderValue.Parse("application/json"));
        using var answer = await http.PutAsync(url, content, cancel);
        answered[key] = Stopwatch.GetTimestamp();
        // A put that fails leaves its row unseen, which ends the benchmark; the reason is worth more.
        if (!answer.IsSuccessStatusCode) System.Console.Error.WriteLine(await answer.Content.ReadAsStringAsync(cancel));
        slots.Release();
    }

    /// <summary>Opens the table anew again and again, as a stranger would, and reads the files it has not read.</summary>
    private sealed class FreshReader
    {
        private readonly HashSet<string> _read = [];

        /// <summary>When each key was first seen.</summary>
        public Dictionary<int, long> SeenAt { get; } = [];

        public int FilesMax { get; private set; }

        public long Versions { get; private set; }

        public static async Task<FreshReader> RunAsync(string data, Dataset dataset, int rows, CancellationToken stop)
        {
            var reader = new FreshReader();
            using var duckDb = DuckDb.Open(new DuckDbOptions(Path.Combine(data, "tmp", $"reader-{dataset.Name}"), 256L << 20, 1));
            using var connection = duckDb.Connect();
            while (reader.SeenAt.Count < rows && !stop.IsCancellationRequested)
            {
                await reader.LookAsync(data, dataset, duckDb, connection);
                await Task.Delay(s_pause, TimeProvider.System, CancellationToken.None);
            }

            return reader;
        }

        private async Task LookAsync(string data, Dataset dataset, DuckDb duckDb, DuckDBConnection connection)
        {
            var root = Path.Combine(data, "tables");
            var catalog = new TableCatalog(
                LocalObjectStore.OpenBeside(root), TimeProvider.System, duckDb, new TablesOptions(Path.Combine(data, "tmp", $"scratch-{dataset.Name}")));
            if (await catalog.OpenAsync(new TableName("stream", dataset.Name), CancellationToken.None) is not { } table) return;
            var snapshot = await table.SnapshotAsync(CancellationToken.None);
            (Versions, FilesMax) = (snapshot.Version, Math.Max(FilesMax, snapshot.Files.Count));
            var files = snapshot.Files.Select(f => f.Path).Where(_read.Add).ToList();
            if (files.Count == 0) return;
            var paths = string.Join(", ", files.Select(f => SqlName.Literal(Path.Combine(root, "stream", dataset.Name, Uri.UnescapeDataString(f)))));
            var keys = await connection.ReadAsync(
                $"SELECT {SqlName.Quote(dataset.Key)} FROM read_parquet([{paths}])", row => row.GetInt32(0), CancellationToken.None);
            var now = Stopwatch.GetTimestamp();
            foreach (var key in keys) SeenAt.TryAdd(key, now);
        }
    }
}
