using Sluice.KafkaRest;

namespace Sluice.Console.Settings;

/// <summary>The Kafka REST proxy.</summary>
internal sealed class KafkaRestSettings
{
    private static readonly KafkaRestOptions s_defaults = new();

    /// <summary>Create an unknown topic at the first produce to it.</summary>
    public bool AutoCreateTopics { get; set; } = s_defaults.AutoCreateTopics;

    /// <summary>The only endpoints that answer, by names such as api.v3.topics.create or api.v3.topics.*; empty for all.</summary>
    public IList<string> EndpointsAllowed { get; set; } = [];

    /// <summary>Endpoints that do not answer, by the same names.</summary>
    public IList<string> EndpointsBlocked { get; set; } = [];

    /// <summary>Requests a second, v3 produce aside; null for no limit.</summary>
    public int? RequestsPerSecond { get; set; }

    /// <summary>How many requests one to an endpoint counts as, by the endpoint's name; 1 where none is given.</summary>
    [DottedNames]
    public IDictionary<string, int> RequestCosts { get; set; } = new Dictionary<string, int>();

    /// <summary>Records a second that v3 produce stores; null for no limit unless there is one of bytes.</summary>
    public int? RecordsPerSecond { get; set; }

    /// <summary>Bytes a second that v3 produce stores; null for no limit unless there is one of records.</summary>
    public int? RecordBytesPerSecond { get; set; }

    /// <exception cref="UserException">All faults.</exception>
    public KafkaRestOptions Options()
    {
        UserException.ThrowIfAny(Faults());
        return Unchecked();
    }

    public IEnumerable<string> Faults() => KafkaRestProxy.FaultsOf(Unchecked()).Select(fault => $"kafka-rest: {fault}");

    private KafkaRestOptions Unchecked() =>
        s_defaults with
        {
            AutoCreateTopics = AutoCreateTopics,
            EndpointsAllowed = EndpointsAllowed.AsReadOnly(),
            EndpointsBlocked = EndpointsBlocked.AsReadOnly(),
            RateLimitEnabled = RequestsPerSecond is not null,
            RateLimitPermitsPerSecond = RequestsPerSecond ?? s_defaults.RateLimitPermitsPerSecond,
            RateLimitCosts = RequestCosts.AsReadOnly(),
            ProduceRateLimitEnabled = (RecordsPerSecond ?? RecordBytesPerSecond) is not null,
            ProduceRequestsPerSecondMax = RecordsPerSecond ?? s_defaults.ProduceRequestsPerSecondMax,
            ProduceBytesPerSecondMax = RecordBytesPerSecond ?? s_defaults.ProduceBytesPerSecondMax,
        };
}
