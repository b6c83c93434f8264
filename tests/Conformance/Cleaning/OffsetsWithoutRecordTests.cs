using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Conformance.LogKafka;
using Sluice.Log;
using Sluice.Sink;
using Sluice.Testing.Cleaning;
using TopicPartition = Sluice.Log.TopicPartition;

namespace Sluice.Conformance.Cleaning;

/// <summary>
/// Both paths over topics in which many offsets have no record, written by a real transactional producer: the sink, the cleaning and the
/// ledger take exactly the records that a reader of committed records sees, over the embedded log and over Kafka.
/// </summary>
public sealed class OffsetsWithoutRecordTests(ITestOutputHelper output)
{
    private const int Partitions = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly string[] s_topics = [CleaningBed.Topic, StreamBed.Stream];
    private readonly HashSet<string> _committed = [];
    private int _id;

    [Theory(Timeout = 120_000)]
    [InlineData(1, false, "delete")]
    [InlineData(2, true, "delete")]
    [InlineData(3, true, "delete")]
    [InlineData(4, false, "compact")]
    [InlineData(5, true, "compact")]
    public async Task The_ledger_closes_over_transactions_deleted_records_and_compaction(int seed, bool deletes, string policy)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var bed = await KafkaLogBed.StartAsync();
        var configs = new Dictionary<string, string> { ["cleanup.policy"] = policy, ["segment.bytes"] = "2000", ["min.cleanable.dirty.ratio"] = "0" };
        foreach (var topic in s_topics) await bed.Held.CreateTopicAsync(new TopicSpec(topic, Partitions, configs), default);
        await using var kafka = bed.Open();
        using var embeddedSide = new Side(bed.Held);
        using var kafkaSide = new Side(kafka);
        Side[] sides = [embeddedSide, kafkaSide];
        var seen = new Dictionary<int, string>();
        using var producer = Transactional(bed);
        for (var round = 0; round < 6; round++)
        {
            Write(producer, random);
            if (deletes && random.Next(2) == 0) await DeleteAsync(bed.Held, random);
            if (policy == "compact") await bed.Held.CompactAsync();
            foreach (var (id, name) in await VisibleAsync(bed.Held)) seen.TryAdd(id, name);
            foreach (var side in sides)
            {
                await side.CleanAsync();
                foreach (var path in new[] { "batch", "stream" })
                {
                    var account = await side.LedgerAsync(path);
                    account.Closes.ShouldBeTrue($"round {round}: {account}");
                    account.Waiting.ShouldBe(0, $"round {round}: {account}");
                    Check(await side.RowsAsync(path), seen, policy == "delete", $"round {round}, {path}");
                }
            }
        }

        // The two logs are one, so whatever is counted is the same; but what was fetched before a compaction may be read after it.
        foreach (var path in policy == "delete" ? ["batch", "stream"] : Array.Empty<string>())
            (await kafkaSide.LedgerAsync(path)).ToString().ShouldBe((await embeddedSide.LedgerAsync(path)).ToString());
        if (!deletes && policy == "delete") (await embeddedSide.LedgerAsync("batch")).Received.ShouldBe(_committed.Count);
    }

    private void Check(IReadOnlyList<string> rows, IReadOnlyDictionary<int, string> seen, bool isExact, string when)
    {
        var expected = seen.OrderBy(row => row.Key).Select(row => $"{row.Key}|{row.Value}");
        if (isExact) rows.ShouldBe(expected, when);
        else expected.Except(rows).ShouldBeEmpty(when);
        rows.Distinct().Count().ShouldBe(rows.Count, when);
        rows.Except(_committed).ShouldBeEmpty(when);
    }

    /// <summary>Some transactions, ended one way or the other; both topics get the same.</summary>
    private void Write(IProducer<string, string> producer, Random random)
    {
        for (var transaction = random.Next(1, 6); transaction > 0; transaction--)
        {
            producer.BeginTransaction();
            var first = _id;
            var count = random.Next(1, 8);
            for (var i = 0; i < count; i++)
            {
                var (partition, key, value) = (random.Next(Partitions), $"{random.Next(5)}", CleaningBed.Reading(_id, $"n{_id}"));
                _id++;
                foreach (var topic in s_topics)
                    producer.Produce(new Confluent.Kafka.TopicPartition(topic, partition), new Message<string, string> { Key = key, Value = value });
            }

            // An abort takes away what was not sent yet.
            producer.Flush(s_patience).ShouldBe(0);
            if (random.Next(3) > 0)
            {
                producer.CommitTransaction(s_patience);
                _committed.UnionWith(Enumerable.Range(first, count).Select(id => $"{id}|n{id}"));
            }
            else
            {
                producer.AbortTransaction(s_patience);
            }
        }
    }

    private static async Task DeleteAsync(EmbeddedLog log, Random random)
    {
        var partition = random.Next(Partitions);
        foreach (var topic in s_topics)
        {
            var offsets = await log.OffsetsAsync(new TopicPartition(topic, partition), default);
            await log.DeleteRecordsAsync(new TopicPartition(topic, partition), (offsets.Start + offsets.End) / 2, default);
        }
    }

    /// <summary>The records that there are, by id. The topics hold the same.</summary>
    private static async Task<Dictionary<int, string>> VisibleAsync(EmbeddedLog log)
    {
        var visible = new Dictionary<int, string>();
        for (var partition = 0; partition < Partitions; partition++)
        {
            var at = new TopicPartition(CleaningBed.Topic, partition);
            foreach (var record in await log.ReadAllAsync(at, (await log.OffsetsAsync(at, default)).Start))
            {
                var fields = System.Text.Json.JsonDocument.Parse(record.Value!).RootElement;
                visible[fields.GetProperty("id").GetInt32()] = fields.GetProperty("name").GetString()!;
            }
        }

        return visible;
    }

    private static IProducer<string, string> Transactional(KafkaLogBed bed)
    {
        var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = bed.Servers, TransactionalId = "id", LingerMs = 0 }).Build();
        producer.InitTransactions(s_patience);
        return producer;
    }

    /// <summary>Objects and tables of their own, filled from one of the logs.</summary>
    private sealed class Side(ILog log) : IDisposable
    {
        private readonly CleaningBed _bed = new();

        public async Task CleanAsync()
        {
            var config = new SinkConfig
            {
                Name = "s3", Bucket = "b", Topics = TopicSelection.Named(CleaningBed.Topic), FlushSize = 7, IdleFlush = null,
                Group = $"connect-s3-{log.GetType().Name}",
            };
            using var sink = new S3Sink(log, _bed.Raw, config, TimeProvider.System, NullLogger.Instance);
            await sink.FlushAsync(default);
            await _bed.CleanAsync();
            var options = new StreamOptions(_bed.Options) { Gaps = GapPolicy.Skip, AgeMax = TimeSpan.Zero };
            await using var stream = new StreamCleaner(_bed.Pipeline, log, _bed.Catalog, options, TimeProvider.System, NullLogger<StreamCleaner>.Instance);
            await stream.DrainAsync(CleaningBed.Dataset, default);
        }

        public Task<LedgerAccount> LedgerAsync(string path) => _bed.Ledger.ReadAsync(CleaningBed.Dataset, path, log, default);

        public Task<IReadOnlyList<string>> RowsAsync(string path) => _bed.RowsAsync($"{path}.{CleaningBed.Dataset}", "SELECT id, name FROM {t} ORDER BY id");

        public void Dispose() => _bed.Dispose();
    }
}
