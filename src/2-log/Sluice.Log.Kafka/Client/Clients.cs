using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Sluice.Log.Aws;
using WirePartition = Confluent.Kafka.TopicPartition;

namespace Sluice.Log.Kafka.Client;

/// <summary>Makes the clients of one cluster, and remembers what went wrong between them and it last.</summary>
internal sealed partial class Clients(KafkaLogOptions options, TimeProvider time, ILogger logger)
{
    // librdkafka logs on after an error for as long as it lasts; who asks within this time is told it.
    private static readonly TimeSpan s_newsLife = TimeSpan.FromMinutes(1);

    private readonly ClientProperties _properties = new(options);
    private readonly CredentialSource _credentials = new(options.Credentials, static (message, cause) => new KafkaLogException(message, cause));
    private readonly IamToken? _tokens = options.IamRegion is { } region ? new IamToken(region, time) : null;
    private readonly Lock _lock = new();
    private string? _news;
    private long _newsAt;

    public KafkaLogLimits Limits => options.Limits;

    public string Servers => options.BootstrapServers;

    public TimeProvider Time => time;

    /// <summary>What a client said last about the cluster, within the last minute; in parentheses, or nothing.</summary>
    public string News
    {
        get
        {
            lock (_lock) return _news is null || time.GetElapsedTime(_newsAt) > s_newsLife ? "" : $" ({_news})";
        }
    }

    public ClientProperties Properties => _properties;

    public IAdminClient Admin() => Build(() =>
    {
        var builder = new AdminClientBuilder(_properties.OfAdmin()).SetErrorHandler((_, e) => Note(e)).SetLogHandler((_, line) => Write(line));
        if (_tokens is not null) builder.SetOAuthBearerTokenRefreshHandler((client, _) => Refresh(client));
        return builder.Build();
    });

    public IProducer<byte[]?, byte[]?> Producer(Action<Error> onError) => Build(() =>
    {
        var builder = new ProducerBuilder<byte[]?, byte[]?>(_properties.OfProducer()).SetLogHandler((_, line) => Write(line)).SetErrorHandler((_, e) =>
        {
            Note(e);
            onError(e);
        });
        if (_tokens is not null) builder.SetOAuthBearerTokenRefreshHandler((client, _) => Refresh(client));
        return builder.Build();
    });

    public IConsumer<byte[]?, byte[]?> Consumer() => Build(() =>
    {
        var builder = new ConsumerBuilder<byte[]?, byte[]?>(_properties.OfConsumer()).SetErrorHandler((_, e) => Note(e)).SetLogHandler((_, line) => Write(line));
        if (_tokens is not null) builder.SetOAuthBearerTokenRefreshHandler((client, _) => Refresh(client));
        return builder.Build();
    });

    /// <param name="group">The group it joins.</param>
    /// <param name="onGiven">Told the partitions it is given, on the thread that polls it.</param>
    /// <param name="onTaken">Told the partitions that are taken from it, there too.</param>
    public IConsumer<Ignore, Ignore> Member(string group, Action<List<WirePartition>> onGiven, Action<IEnumerable<WirePartition>> onTaken) => Build(() =>
    {
        var builder = new ConsumerBuilder<Ignore, Ignore>(_properties.OfMember(group)).SetErrorHandler((_, e) => Note(e)).SetLogHandler((_, line) => Write(line))
            .SetPartitionsAssignedHandler((_, given) =>
            {
                onGiven(given);
                return given.Select(partition => new TopicPartitionOffset(partition, Offset.End));
            })
            .SetPartitionsRevokedHandler((_, taken) => onTaken(taken.Select(at => at.TopicPartition)))
            .SetPartitionsLostHandler((_, taken) => onTaken(taken.Select(at => at.TopicPartition)));
        if (_tokens is not null) builder.SetOAuthBearerTokenRefreshHandler((client, _) => Refresh(client));
        return builder.Build();
    });

    /// <summary>A token of IAM, for clients that are not made here.</summary>
    public async ValueTask<(string Token, long EndsMs)> TokenAsync() => _tokens!.Create(await _credentials.GetAsync());

    /// <summary>Remembers a client's error.</summary>
    public void Note(Error error)
    {
        lock (_lock)
        {
            var isNew = _news != error.Reason;
            (_news, _newsAt) = (error.Reason, time.GetTimestamp());
            if (!isNew) return;
        }

        LogNews(logger, Servers, error.Reason);
    }

    private static T Build<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new KafkaLogException($"The Kafka properties cannot be used: {fault.Message} Names and values are those of librdkafka's CONFIGURATION.md.", fault);
        }
    }

    [SuppressMessage("Usage", "VSTHRD002", Justification = "librdkafka calls from a thread of its client, which has nothing to do but to wait for the token.")]
    private void Refresh(IClient client)
    {
        try
        {
            var (token, ends) = TokenAsync().AsTask().GetAwaiter().GetResult();
            client.OAuthBearerSetToken(token, ends, "sluice");
        }
        catch (Exception fault) when (fault is KafkaLogException or KafkaException)
        {
            // The client tries again in ten seconds, and reports this reason until then.
            client.OAuthBearerSetTokenFailure(fault.Message);
        }
    }

    private void Write(LogMessage line) => LogLine(logger, line.Name, line.Facility, line.Message);

    [LoggerMessage(1, LogLevel.Warning, "Kafka at {Servers}: {Reason}")]
    private static partial void LogNews(ILogger logger, string servers, string reason);

    [LoggerMessage(2, LogLevel.Debug, "{Client} {Facility}: {Line}")]
    private static partial void LogLine(ILogger logger, string client, string facility, string line);
}
