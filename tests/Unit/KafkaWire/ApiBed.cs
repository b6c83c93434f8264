using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;
using Sluice.Log;
using Sluice.Testing;
using Sluice.Testing.Watched;

namespace Sluice.Unit.KafkaWire;

/// <summary>The APIs over a log in a private directory and a clock of the test's, asked without a connection.</summary>
internal sealed class ApiBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly KafkaOptions _options;

    public ApiBed(KafkaOptions? options = null)
    {
        _options = options ?? new KafkaOptions();
        Open();
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddDays(20_000));

    public WatchedReads Files { get; } = new();

    public LoggedLines Logged { get; } = new();

    public EmbeddedLog Log { get; private set; } = null!;

    public KafkaServices Broker { get; private set; } = null!;

    public static Task<ApiBed> WithTopicAsync(string topic = "t", int partitions = 1, params (string Name, string Value)[] configs) =>
        new ApiBed().AddAsync(topic, partitions, configs);

    public async Task<ApiBed> AddAsync(string topic, int partitions = 1, params (string Name, string Value)[] configs)
    {
        await Log.CreateTopicAsync(new TopicSpec(topic, partitions, configs.ToDictionary(c => c.Name, c => c.Value)), default);
        return this;
    }

    /// <summary>Asks an API; the answer is its body, in the encoding of the version.</summary>
    public async Task<Answer> AskAsync(KafkaApi api, short version, Action<KafkaWriter> write, CancellationToken cancel = default)
    {
        api.Has(version).ShouldBeTrue($"{api.Name} has no version {version}");
        var isFlexible = api.IsFlexible(version);
        using var body = new KafkaWriter(isFlexible);
        write(body);
        using var response = new KafkaWriter(isFlexible);
        var call = new KafkaCall
        {
            Broker = Broker,
            Header = new RequestHeader(api.Key, version, 1, "tests", 0),
            Body = body.ToFrame().AsMemory(sizeof(int)),
            Response = response,
            Sasl = new SaslSession(Broker.SaslUsers),
            ClientHost = "/127.0.0.1",
            Cancel = cancel,
        };
        await api.AnswerAsync(call);
        return new Answer(response.ToFrame().AsMemory(sizeof(int)), isFlexible, call.HasNoResponse);
    }

    public async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        Open();
    }

    public static byte[] Batch(params string[] values)
    {
        var builder = new RecordBatchBuilder();
        foreach (var value in values) builder.Append(1_700_000_000_000, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes(value)));
        return builder.Build().ToArray();
    }

    public async Task AppendAsync(string topic, params string[] values) =>
        (await Log.AppendAsync(new TopicPartition(topic, 0), Batch(values), default)).Error.ShouldBe(AppendError.None);

    /// <summary>From here on the log's metadata takes no change.</summary>
    public async Task BreakMetadataAsync()
    {
        await using var database = new SqliteConnection($"Data Source={_folder.At("log", "metadata.db")};Pooling=False");
        await database.OpenAsync();
        var tables = new List<string>();
        await using (var list = database.CreateCommand())
        {
            list.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
            await using var rows = await list.ExecuteReaderAsync();
            while (await rows.ReadAsync()) tables.Add(rows.GetString(0));
        }

        await using var change = database.CreateCommand();
        change.CommandText = string.Concat(tables.SelectMany(table => ((string[])["INSERT", "UPDATE", "DELETE"]).Select(
            act => $"CREATE TRIGGER broken_{act}_{table} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END;")));
        await change.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Broker.Groups.End();
        await Log.DisposeAsync();
        _folder.Dispose();
    }

    private void Open()
    {
        Log = EmbeddedLog.Open(new EmbeddedLogOptions { Directory = _folder.At("log") }, Files, Time, NullLogger.Instance);
        Broker = new KafkaServices(Log, _options, Time, Logged) { AdvertisedPort = 9092 };
    }
}

internal sealed record Answer(ReadOnlyMemory<byte> Bytes, bool IsFlexible, bool IsNone)
{
    public KafkaReader Reader() => new(Bytes, IsFlexible);
}
