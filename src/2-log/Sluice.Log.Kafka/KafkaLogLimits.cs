namespace Sluice.Log.Kafka;

/// <summary>The bounds of reading and writing a Kafka elsewhere, each with where its number comes from. Sizes are bytes.</summary>
public sealed record KafkaLogLimits
{
    /// <summary>How long a request, a broker's absence included, may take before it is an error: 30 s, the time a rolling restart moves a leader in.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a record is tried to be delivered: 30 s. An HTTP post waits for it, and gateways give up at 29 s; librdkafka's 5 minutes
    /// are for producers that nobody waits for.
    /// </summary>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that may be on their way to Kafka; beyond them an append is answered Busy: 128 MiB, two seconds of a gigabit line.</summary>
    public long QueuedBytesMax { get; init; } = 128L << 20;

    /// <summary>Largest record that is sent at all: 64 MiB. The cluster's and the topic's max.message.bytes decide below it.</summary>
    public int MessageBytesMax { get; init; } = 64 << 20;

    /// <summary>Size of the batches that fetched records are handed on in: Kafka's default for a batch, 1 MiB.</summary>
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>Fetched bytes kept for all readers together: 64 MiB, shared evenly by the places that are read at.</summary>
    public long BufferBytes { get; init; } = 64L << 20;

    /// <summary>Least of them for one place: 256 KiB, below which fetching stops and goes more than it runs.</summary>
    public int PlaceBytesMin { get; init; } = 256 << 10;

    /// <summary>Most of them for one place: 8 MiB, what a sink reads at once, doubled.</summary>
    public int PlaceBytesMax { get; init; } = 8 << 20;

    /// <summary>Bytes each client prefetches: 16 MiB, one fetch of every partition of a small topic.</summary>
    public int PrefetchBytes { get; init; } = 16 << 20;

    /// <summary>
    /// Places of one partition that are read at the same time, each by a client of its own: 4. A sink reads at two (where it is, and
    /// where its object began), a stream job or a consumer at one.
    /// </summary>
    public int PlacesPerPartition { get; init; } = 4;

    /// <summary>A place that nobody has read at for this long is given up: a minute, twice the longest poll of a consumer.</summary>
    public TimeSpan PlaceSilenceMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often who waits for records looks whether the topic is still there: 10 s, a request that small costs nothing beside the polls.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long who asks for its share of the partitions waits for the group to give one at first: 10 s, three times Kafka's initial rebalance delay.</summary>
    public TimeSpan JoinPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client waits for records before it looks after its places: 50 ms, so that a place is taken over within that.</summary>
    public TimeSpan PollTime { get; init; } = TimeSpan.FromMilliseconds(50);
}
