namespace Sluice.KafkaWire;

/// <summary>Every bound of the broker, with the reason for its number. Sizes are bytes.</summary>
public sealed record KafkaLimits
{
    /// <summary>
    /// Elements of one array of a request: 100,000. Ten times the partitions of the largest topic; it keeps what a request becomes in
    /// memory in proportion to its bytes.
    /// </summary>
    public const int ArrayElementsMax = 100_000;

    /// <summary>Connections at a time: 16,384, above 10,000 idle ones with room for those that work. More are closed at once.</summary>
    public int ConnectionsMax { get; init; } = 16_384;

    /// <summary>Largest Produce request: Kafka's socket.request.max.bytes, 100 MiB.</summary>
    public int ProduceRequestBytesMax { get; init; } = 100 << 20;

    /// <summary>
    /// Largest request of any other kind: 8 MiB. The largest of them, the assignment that the leader of a group of 1,000 members sends,
    /// is a tenth of it.
    /// </summary>
    public int RequestBytesMax { get; init; } = 8 << 20;

    /// <summary>
    /// Bytes of requests above <see cref="SmallRequestBytes"/> that are held at a time: 256 MiB, two of the largest and change. Who comes
    /// beyond that waits before its bytes are read.
    /// </summary>
    public long RequestBytesInFlightMax { get; init; } = 256L << 20;

    /// <summary>Requests up to this size are bounded by the connections and their number in flight, and are not counted: 16 KiB.</summary>
    public int SmallRequestBytes { get; init; } = 16 << 10;

    /// <summary>
    /// Produce requests that one connection may have under way: 16. Java's idempotent producer has five; librdkafka sends more, and 16 of
    /// its 1 MB batches are more than the disk writes between two syncs.
    /// </summary>
    public int RequestsInFlightPerConnection { get; init; } = 16;

    /// <summary>
    /// Blocks that connections receive into and send from: 32 KiB, 32 calls for a batch of 1 MiB. Were all of 10,000 connections heard from
    /// in one moment, their blocks would hold 320 MB, for that moment.
    /// </summary>
    public int TransportBlockBytes { get; init; } = 32 << 10;

    /// <summary>Largest fetch response: the broker's fetch.max.bytes, 55 MiB. A single larger batch still passes, alone.</summary>
    public int FetchBytesMax { get; init; } = 55 << 20;

    /// <summary>
    /// Bytes of fetch responses on their way: 256 MiB. Near it, each response gets smaller instead of being refused, down to one batch.
    /// </summary>
    public long FetchBytesInFlightMax { get; init; } = 256L << 20;

    /// <summary>Longest wait of a fetch: five minutes, the most that librdkafka's fetch.wait.max.ms can ask for.</summary>
    public TimeSpan FetchWaitMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Fetch sessions at a time: max.incremental.fetch.session.cache.slots, 1,000 as in Kafka.</summary>
    public int FetchSessionsMax { get; init; } = 1_000;

    /// <summary>
    /// About the bytes that all fetch sessions take: 64 MiB, a quarter of a million partitions, which is 1,000 consumers of 250 each.
    /// </summary>
    public long FetchSessionBytesMax { get; init; } = 64L << 20;

    /// <summary>A fetch session unused for so long gives way to a new one: two minutes, as in Kafka.</summary>
    public TimeSpan FetchSessionIdleMin { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A connection without a request for so long is closed: connections.max.idle.ms, ten minutes.</summary>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// A request has to arrive, and a response to be taken, within this: a minute. 100 MiB in a minute is 14 Mbit/s; what is slower
    /// would hold the memory that others wait for.
    /// </summary>
    public TimeSpan TransferMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>group.min.session.timeout.ms, 6 s as in Kafka.</summary>
    public TimeSpan SessionTimeoutMin { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>group.max.session.timeout.ms, 30 minutes as in Kafka.</summary>
    public TimeSpan SessionTimeoutMax { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Groups with members at a time: 10,000, the order at which one Kafka broker's coordinator is advised to stop.</summary>
    public int GroupsMax { get; init; } = 10_000;

    /// <summary>Members of one group: 1,000; Kafka has no bound by default, and a group has no use for more members than partitions.</summary>
    public int GroupMembersMax { get; init; } = 1_000;

    /// <summary>
    /// Shortest pause between two looks at a group whose static members are all away: a second, the sixth part of the shortest session,
    /// which ends the looking.
    /// </summary>
    public TimeSpan AbsentMembersPauseMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Bytes that the protocols of one member may take: 1 MiB. A subscription to 10,000 topics with names of 60 characters and the
    /// partitions owned is under it.
    /// </summary>
    public int MemberBytesMax { get; init; } = 1 << 20;

    /// <summary>Characters of a regular expression that a consumer subscribes by: 1,024, four of the longest topic names.</summary>
    public int TopicPatternCharsMax { get; init; } = 1024;

    /// <summary>
    /// Time that matching the name of one topic may take: 5 s. It takes microseconds after the first, which waits for the compiler; only
    /// expressions made for it (<c>((a?){30}){30}a</c>) come near.
    /// </summary>
    public TimeSpan TopicPatternTimeMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest timeout of a transaction: transaction.max.timeout.ms, 15 minutes as in Kafka.</summary>
    public TimeSpan TransactionTimeoutMax { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How often transactions are looked at whose time may be over: a second, the finest timeout that anybody sets. Kafka looks every
    /// ten, which readers of committed records wait in addition.
    /// </summary>
    public TimeSpan TransactionCheckInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Transactional ids that are known: 10,000, as many as producers that one partition remembers. Beyond it a tenth gives way, the idle ones
    /// that were used longest ago.
    /// </summary>
    public int TransactionalIdsMax { get; init; } = 10_000;

    /// <summary>A transactional id without a transaction for so long is forgotten: transactional.id.expiration.ms, seven days.</summary>
    public TimeSpan TransactionalIdIdleMax { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Groups whose offsets one transaction commits: 1,000. A processor has one.</summary>
    public int TransactionGroupsMax { get; init; } = 1_000;

    /// <summary>Wait before a marker is offered again to a partition whose queue is full: 20 ms, in which a disk takes megabytes of it.</summary>
    public TimeSpan MarkerRetryDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often offsets are looked for that have expired: offsets.retention.check.interval.ms, ten minutes as in Kafka.</summary>
    public TimeSpan OffsetsCheckInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>offset.metadata.max.bytes, 4 KiB as in Kafka.</summary>
    public int OffsetMetadataBytesMax { get; init; } = 4096;
}
