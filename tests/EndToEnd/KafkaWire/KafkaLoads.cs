using System.Globalization;
using Confluent.Kafka;

namespace Sluice.EndToEnd.KafkaWire;

/// <summary>A count that grows, and can be waited for.</summary>
internal sealed class Progress
{
    private readonly Lock _lock = new();
    private readonly List<(long At, TaskCompletionSource Reached)> _awaited = [];
    private long _count;

    public void Add(long count)
    {
        lock (_lock)
        {
            _count += count;
            foreach (var (_, reached) in _awaited.Where(a => a.At <= _count)) reached.TrySetResult();
            _awaited.RemoveAll(a => a.At <= _count);
        }
    }

    /// <summary>Completes when so many more have come.</summary>
    public Task MoreAsync(long count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) _awaited.Add((_count + count, reached));
        return reached.Task;
    }
}

/// <summary>An idempotent producer: numbers one after the other, each acknowledged before the end.</summary>
internal sealed class IdempotentLoad(string bootstrap)
{
    public Progress Acknowledged { get; } = new();

    public int Sent { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = bootstrap, EnableIdempotence = true, LingerMs = 2, MessageTimeoutMs = 120_000, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 200,
        };
        using var producer = new ProducerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
        while (!stop.IsCancellationRequested)
        {
            var sent = Enumerable.Range(Sent, 50).Select(i => producer.ProduceAsync("plain", new Message<string, string> { Key = $"{i}", Value = "" }, CancellationToken.None));
            await Task.WhenAll(sent.ToArray());
            Sent += 50;
            Acknowledged.Add(50);
        }
    }
}

/// <summary>A transactional producer: rounds of ten records, every third aborted, and what was said about each.</summary>
internal sealed class TransactionalLoad(string bootstrap)
{
    public const int RecordsPerRound = 10;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public HashSet<int> Committed { get; } = [];

    public HashSet<int> Aborted { get; } = [];

    /// <summary>Rounds that ended with the producer: either is right, but whole.</summary>
    public HashSet<int> Unknown { get; } = [];

    public void Run(CancellationToken stop)
    {
        var producer = Open();
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            try
            {
                (TryRound(producer, round) ? Committed : Aborted).Add(round);
            }
            catch (KafkaException fault) when (fault.Error.IsFatal)
            {
                Unknown.Add(round);
                producer.Dispose();
                producer = Open();
            }
        }

        producer.Dispose();
    }

    /// <summary>Whether the round was committed.</summary>
    private static bool TryRound(IProducer<string, string> producer, int round)
    {
        var commits = round % 3 != 2;
        try
        {
            producer.BeginTransaction();
            for (var i = 0; i < RecordsPerRound; i++)
                producer.Produce("rounds", new Message<string, string> { Key = round.ToString(CultureInfo.InvariantCulture), Value = $"{i}" });
            producer.Flush(s_patience);
            if (commits) Persist(() => producer.CommitTransaction(s_patience));
            else Persist(() => producer.AbortTransaction(s_patience));
            return commits;
        }
        catch (KafkaTxnRequiresAbortException)
        {
            Persist(() => producer.AbortTransaction(s_patience));
            return false;
        }
    }

    /// <summary>Asks again what may be asked again.</summary>
    private static void Persist(Action call)
    {
        while (true)
        {
            try
            {
                call();
                return;
            }
            catch (KafkaRetriableException)
            {
                // The broker is away: it comes back.
                continue;
            }
        }
    }

    private IProducer<string, string> Open()
    {
        var config = new ProducerConfig
        {
            BootstrapServers = bootstrap,
            TransactionalId = "kill",
            ReconnectBackoffMs = 20,
            ReconnectBackoffMaxMs = 200,
            // Beginning again at the bootstrap address, librdkafka 2.16 waits for ever for a coordinator that it knew before.
            MetadataRecoveryStrategy = MetadataRecoveryStrategy.None,
        };
        var producer = new ProducerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
        Persist(() => producer.InitTransactions(s_patience));
        return producer;
    }
}

/// <summary>A consumer of a group, named for its protocol, that commits as it reads, and what was acknowledged of it.</summary>
internal sealed class GroupLoad(string bootstrap, GroupProtocol protocol)
{
    public string Group { get; } = protocol.ToString();

    public Dictionary<TopicPartition, long> Acknowledged { get; } = [];

    public Progress Commits { get; } = new();

    public void Run(CancellationToken stop)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrap, GroupId = Group, GroupProtocol = protocol, AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false,
            ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 200,
        };
        // In the consumer protocol the broker says how often.
        if (protocol == GroupProtocol.Classic) config.HeartbeatIntervalMs = 300;
        using var consumer = new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
        consumer.Subscribe("plain");
        for (var read = 0; !stop.IsCancellationRequested;)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(200)) is null || ++read % 100 != 0) continue;
            try
            {
                foreach (var offset in consumer.Commit()) Acknowledged[offset.TopicPartition] = offset.Offset.Value;
                Commits.Add(1);
            }
            catch (KafkaException fault) when (!fault.Error.IsFatal)
            {
                // Not acknowledged: the broker is away, or the group has begun anew.
                continue;
            }
        }

        consumer.Close();
    }
}
