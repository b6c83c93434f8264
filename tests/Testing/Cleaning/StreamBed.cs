using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Log;
using Sluice.Testing.Watched;

namespace Sluice.Testing.Cleaning;

/// <summary>The pipeline of <see cref="CleaningBed"/> fed by a stream: an in-memory log with shards, and what tests do to them.</summary>
public sealed class StreamBed : IDisposable
{
    public const string Stream = "streaming-test-reading";

    public StreamBed(int shards = 1, OperationHook? hook = null, bool makesStream = true)
    {
        Log = new WatchedLog(Memory, hook ?? new OperationHook());
        if (makesStream) Memory.AddTopic(Stream, shards);
        // Commits are made at once: time stands still in these tests unless they move it.
        Options = new StreamOptions(Tables.Options) { AgeMax = TimeSpan.Zero };
    }

    public CleaningBed Tables { get; } = new();

    public InMemoryLog Memory { get; } = new();

    public WatchedLog Log { get; }

    public StreamOptions Options { get; set; }

    /// <summary>The stream's name and a shard of it.</summary>
    public static TopicPartition Shard(int shard) => new(Stream, shard);

    /// <summary>A job over the stream and the tables, as after a start of the process.</summary>
    public StreamCleaner Start() => new(Tables.Pipeline, Log, Tables.Catalog, Options, Tables.Time, NullLogger<StreamCleaner>.Instance);

    public Task PutAsync(int shard, params string[] records) => PutBytesAsync(shard, [.. records.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>Puts records, each a batch of its own, stamped with the bed's time.</summary>
    public async Task PutBytesAsync(int shard, params byte[][] records)
    {
        var builder = new RecordBatchBuilder();
        foreach (var record in records)
        {
            builder.Reset();
            builder.Append(Tables.Time.GetUtcNow().ToUnixTimeMilliseconds(), RecordBytes.Of("key"u8), RecordBytes.Of(record));
            var result = await Memory.AppendAsync(Shard(shard), builder.Build(), CleaningBed.Cancel);
            result.Error.ShouldBe(AppendError.None);
        }
    }

    /// <summary>Drains the stream with a job of its own.</summary>
    public async Task<CleanReport> DrainAsync()
    {
        await using var job = Start();
        return await job.DrainAsync(CleaningBed.Dataset, CleaningBed.Cancel);
    }

    public Task<LedgerAccount> LedgerAsync() => Tables.Ledger.ReadAsync(CleaningBed.Dataset, "stream", Log, CleaningBed.Cancel);

    public Task<IReadOnlyList<string>> CleanRowsAsync() => Tables.RowsAsync("stream.reading", "SELECT id, name FROM {t} ORDER BY id, name");

    public void Dispose() => Tables.Dispose();
}
