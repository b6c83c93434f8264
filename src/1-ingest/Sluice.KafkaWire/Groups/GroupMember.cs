using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Groups;

/// <summary>A consumer in a group, dynamic or static (with an instance id, KIP-345).</summary>
internal sealed class GroupMember(string id, JoinRequest join)
{
    public string Id { get; set; } = id;

    public string? InstanceId { get; } = join.InstanceId;

    public string ClientId { get; private set; } = join.ClientId;

    public string ClientHost { get; private set; } = join.ClientHost;

    public TimeSpan SessionTimeout { get; private set; } = join.SessionTimeout;

    public TimeSpan RebalanceTimeout { get; private set; } = join.RebalanceTimeout;

    /// <summary>What it can be assigned by, the liked first.</summary>
    public IReadOnlyList<GroupProtocol> Protocols { get; private set; } = join.Protocols;

    public byte[] Assignment { get; set; } = [];

    /// <summary>Waits for the generation to begin; null when it does not.</summary>
    public TaskCompletionSource<JoinResult>? Joining { get; set; }

    /// <summary>Waits for the leader's assignment; null when it does not.</summary>
    public TaskCompletionSource<SyncResult>? Syncing { get; set; }

    /// <summary>Has asked for its assignment in this generation.</summary>
    public bool HasSynced { get; set; }

    /// <summary>When it is taken for dead unless it is heard of.</summary>
    public MemberSession? Session { get; set; }

    public void Update(JoinRequest join)
    {
        (ClientId, ClientHost) = (join.ClientId, join.ClientHost);
        (SessionTimeout, RebalanceTimeout, Protocols) = (join.SessionTimeout, join.RebalanceTimeout, join.Protocols);
    }

    public ReadOnlyMemory<byte> MetadataOf(string? protocol) => Protocols.FirstOrDefault(p => p.Name == protocol).Metadata;

    public bool HasSame(IReadOnlyList<GroupProtocol> protocols) =>
        protocols.Count == Protocols.Count
        && protocols.Zip(Protocols).All(p => p.First.Name == p.Second.Name && p.First.Metadata.Span.SequenceEqual(p.Second.Metadata.Span));

    /// <summary>Answers what the member waits for.</summary>
    public void Refuse(KafkaError error)
    {
        Joining?.TrySetResult(JoinResult.Refused(error, Id));
        Syncing?.TrySetResult(new SyncResult(error, null, null, []));
        Joining = null;
        Syncing = null;
    }
}

/// <summary>A way to assign partitions that a member knows, with its subscription in that way's own encoding.</summary>
internal readonly record struct GroupProtocol(string Name, ReadOnlyMemory<byte> Metadata);

/// <summary>A wish to be a member. An empty <paramref name="MemberId"/> is one of a consumer that has none.</summary>
/// <param name="WantsIdFirst">The client joins again with the id it is given (KIP-394), so nobody becomes a member without knowing it.</param>
/// <param name="CanSkipAssignment">A leader that comes back can be told not to assign (KIP-814).</param>
internal sealed record JoinRequest(
    string MemberId,
    string? InstanceId,
    string ClientId,
    string ClientHost,
    TimeSpan SessionTimeout,
    TimeSpan RebalanceTimeout,
    string ProtocolType,
    IReadOnlyList<GroupProtocol> Protocols,
    bool WantsIdFirst,
    bool CanSkipAssignment);

/// <summary>A generation as a member learns of it; the leader gets the members, the others none.</summary>
internal sealed record JoinResult(
    KafkaError Error,
    int Generation,
    string? ProtocolType,
    string? Protocol,
    string Leader,
    string MemberId,
    IReadOnlyList<JoinedMember> Members,
    bool SkipAssignment = false)
{
    public static JoinResult Refused(KafkaError error, string memberId) => new(error, -1, null, null, "", memberId, []);
}

internal sealed record JoinedMember(string Id, string? InstanceId, ReadOnlyMemory<byte> Metadata);

/// <summary>What a member is assigned.</summary>
internal sealed record SyncResult(KafkaError Error, string? ProtocolType, string? Protocol, byte[] Assignment);
