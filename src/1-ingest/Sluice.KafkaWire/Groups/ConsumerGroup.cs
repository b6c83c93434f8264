using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

/// <summary>Where a consumer group is in its life; the names are those that clients show.</summary>
internal enum ConsumerGroupState
{
    Empty,

    /// <summary>Its epoch has moved and the next heartbeat assigns anew.</summary>
    Assigning,

    /// <summary>Members are on their way to the target.</summary>
    Reconciling,

    Stable,
}

/// <summary>
/// A group of the consumer protocol (KIP-848): members tell their subscriptions in heartbeats, the coordinator assigns, and each member
/// walks to its target by itself. A partition has an owner from the answer that gives it until the heartbeat that no longer lists it
/// or the end of the member, and is given to nobody else meanwhile. Every call is made with the coordinator's lock held, which the
/// timers take too.
/// </summary>
internal sealed partial class ConsumerGroup
{
    private readonly Dictionary<string, ConsumerMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConsumerMember> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<TopicIdPartition, ConsumerMember> _owners = [];
    private readonly Lock _gate;
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string, string?> _changed;
    private Dictionary<Guid, int> _topics = [];
    private TopicsSeen? _seen;

    /// <param name="changed">Told of each change that has to be stored: the group's id, and the member's if it is one of a member.</param>
    public ConsumerGroup(string id, Lock gate, KafkaOptions options, TimeProvider time, Action<string, string?> changed) =>
        (Id, _gate, _options, _time, _changed) = (id, gate, options, time, changed);

    public string Id { get; }

    public int Epoch { get; private set; }

    public int AssignmentEpoch { get; private set; }

    /// <summary>The assignor that most members ask for.</summary>
    public string Assignor { get; private set; } = Assignors.Default;

    /// <summary>The regular expressions that members subscribe by.</summary>
    public IReadOnlyList<TopicPattern> Patterns { get; private set; } = [];

    public IReadOnlyCollection<ConsumerMember> Members => _members.Values;

    public bool IsEmpty => _members.Count == 0;

    public ConsumerGroupState State
    {
        get
        {
            if (IsEmpty) return ConsumerGroupState.Empty;
            if (Epoch > AssignmentEpoch) return ConsumerGroupState.Assigning;
            return _members.Values.All(IsAtTarget) ? ConsumerGroupState.Stable : ConsumerGroupState.Reconciling;
        }
    }

    /// <summary>Takes up a group as it was stored; its members get a whole session to be heard of.</summary>
    public void Restore(StoredConsumerGroup stored)
    {
        (Epoch, AssignmentEpoch) = (stored.Epoch, stored.AssignmentEpoch);
        foreach (var member in stored.Members.Select(m => ConsumerMember.Of(m, _options.Limits)))
        {
            _members.Add(member.Id, member);
            if (member.InstanceId is not null) _instances[member.InstanceId] = member;
            foreach (var partition in member.Assigned.Concat(member.Revoking)) _owners[partition] = member;
            Touch(member);
            if (member.Revoking.Count > 0) StartRebalance(member);
        }

        Assignor = Preferred();
        Patterns = PatternsOfMembers();
        foreach (var member in _members.Values) member.Pattern = Patterns.FirstOrDefault(p => p.Text == member.Pattern?.Text);
        // What the targets hold is what was there when they were made: a change since then shows against it.
        _topics = _members.Values.SelectMany(m => m.Target).CountBy(p => p.Topic).ToDictionary();
    }

    public ConsumerGroupChange ChangeOf(IEnumerable<string> memberIds)
    {
        var ids = memberIds.ToLookup(_members.ContainsKey);
        return new ConsumerGroupChange(Id, (Epoch, AssignmentEpoch), [.. ids[true].Select(m => _members[m].ToStored())], [.. ids[false]]);
    }

    /// <param name="pattern">The regular expression of the heartbeat; it and <see cref="Patterns"/> are resolved with the topics.</param>
    public ConsumerHeartbeatResult Heartbeat(ConsumerHeartbeat heartbeat, TopicPattern? pattern, TopicsSeen topics)
    {
        var refusal = Admit(heartbeat, out var admitted);
        if (refusal is not null) return refusal;
        var member = admitted!;
        var before = member.Assigned;
        var isChanged = Update(member, heartbeat, pattern);
        Refresh(member, topics, isChanged);
        if (Epoch > AssignmentEpoch) Assign();
        Reconcile(member, heartbeat.Owned);
        Touch(member);
        // One that is an epoch behind has missed an answer, and what stood in it.
        var isTold = heartbeat.IsFull || heartbeat.Epoch != member.Epoch || !ReferenceEquals(before, member.Assigned);
        return new ConsumerHeartbeatResult(KafkaError.None, null, member.Id, member.Epoch, isTold ? member.Assigned : null);
    }

    public ConsumerHeartbeatResult Leave(ConsumerHeartbeat heartbeat)
    {
        ConsumerMember? member;
        if (heartbeat.InstanceId is { } instance)
        {
            if (!_instances.TryGetValue(instance, out member)) return UnknownInstance(instance);
            if (member.Id != heartbeat.MemberId) return Fenced(heartbeat, member);
        }
        else if (!_members.TryGetValue(heartbeat.MemberId, out member))
        {
            return Unknown(heartbeat.MemberId);
        }

        if (heartbeat.Epoch == ConsumerMember.AwayEpoch) SendAway(member);
        else Remove(member);
        return new ConsumerHeartbeatResult(KafkaError.None, null, member.Id, heartbeat.Epoch, null);
    }

    /// <summary>Whether a member of this epoch may commit offsets; a negative one is of a client that uses the group for its offsets only.</summary>
    public KafkaError MayCommit(string memberId, int epoch)
    {
        if (epoch < 0 && IsEmpty) return KafkaError.None;
        return CheckEpoch(memberId, epoch);
    }

    /// <summary>Whether a member may fetch offsets; one without id and epoch administers the group.</summary>
    public KafkaError MayFetch(string? memberId, int epoch) => memberId is null && epoch < 0 ? KafkaError.None : CheckEpoch(memberId ?? "", epoch);

    public bool IsSubscribedTo(Guid topic) => _members.Values.Any(m => m.Topics.Contains(topic));

    /// <summary>The partition with its topic's name, as of the last heartbeat; null when the topic is gone.</summary>
    public TopicPartition? NameOf(TopicIdPartition partition) =>
        _seen?.NameOf(partition.Topic) is { } topic ? new TopicPartition(topic, partition.Partition) : null;

    /// <summary>Ends the timers: the broker stops, or the group is deleted.</summary>
    public void End()
    {
        foreach (var member in _members.Values) EndTimers(member);
    }

    private KafkaError CheckEpoch(string memberId, int epoch)
    {
        if (!_members.TryGetValue(memberId, out var member)) return KafkaError.UnknownMemberId;
        return member.Epoch == epoch ? KafkaError.None : KafkaError.StaleMemberEpoch;
    }

    private bool IsAtTarget(ConsumerMember member) =>
        member.Epoch == AssignmentEpoch && member.Revoking.Count == 0 && member.Assigned.Count == member.Target.Count;

    /// <summary>Takes what the heartbeat says of the member.</summary>
    /// <returns>Whether its subscription is another one.</returns>
    private bool Update(ConsumerMember member, ConsumerHeartbeat heartbeat, TopicPattern? pattern)
    {
        var isNews = member.ClientId != heartbeat.ClientId || member.ClientHost != heartbeat.ClientHost;
        (member.ClientId, member.ClientHost) = (heartbeat.ClientId, heartbeat.ClientHost);
        isNews |= heartbeat.RackId is not null && heartbeat.RackId != member.RackId;
        member.RackId = heartbeat.RackId ?? member.RackId;
        if (heartbeat.RebalanceTimeoutMs >= 0)
        {
            var timeout = TimeSpan.FromMilliseconds(heartbeat.RebalanceTimeoutMs);
            isNews |= timeout != member.RebalanceTimeout;
            member.RebalanceTimeout = timeout;
        }

        isNews |= heartbeat.Assignor is not null && heartbeat.Assignor != member.Assignor;
        member.Assignor = heartbeat.Assignor ?? member.Assignor;
        string[]? names = heartbeat.TopicNames is null ? null : [.. heartbeat.TopicNames.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var hasOtherNames = names is not null && !names.SequenceEqual(member.TopicNames, StringComparer.Ordinal);
        var hasOtherPattern = heartbeat.TopicRegex is not null && pattern?.Text != member.Pattern?.Text;
        if (hasOtherNames) member.TopicNames = names!;
        if (hasOtherPattern) member.Pattern = pattern;
        if (hasOtherNames || hasOtherPattern) member.TopicsVersion = -1;
        if (isNews || hasOtherNames || hasOtherPattern) _changed(Id, member.Id);
        return hasOtherNames || hasOtherPattern;
    }

    /// <summary>Moves the epoch when subscriptions have changed, or what they come to with the topics there are.</summary>
    private void Refresh(ConsumerMember member, TopicsSeen topics, bool isChanged)
    {
        // A heartbeat that was held up may bring an older list than the one before it.
        if (_seen is { } seen && seen.Version > topics.Version) topics = seen;
        if (member.TopicsVersion == topics.Version && topics == _seen && Epoch == AssignmentEpoch) return;
        // Two lists of one version may differ, for the version moves behind what it counts: no member goes by the other list.
        var isOtherList = topics != _seen;
        _seen = topics;
        foreach (var old in _members.Values.Where(m => isOtherList || m.TopicsVersion != topics.Version)) Resolve(old, topics);
        Patterns = PatternsOfMembers();
        var subscribed = _members.Values.SelectMany(m => m.Topics).Distinct().ToDictionary(t => t, topics.PartitionsOf);
        var areSame = subscribed.Count == _topics.Count && subscribed.All(t => _topics.GetValueOrDefault(t.Key, -1) == t.Value);
        _topics = subscribed;
        if ((isChanged || !areSame) && Epoch == AssignmentEpoch) Bump();
    }

    private static void Resolve(ConsumerMember member, TopicsSeen topics)
    {
        var resolved = member.TopicNames.Select(topics.Find).OfType<TopicDescription>().Select(t => t.Id).ToHashSet();
        if (member.Pattern is { } pattern) resolved.UnionWith(pattern.Topics.Where(topics.Has));
        // An expression that was matched with an older list is looked at again with the member's next heartbeat.
        (member.Topics, member.TopicsVersion) = (resolved, Math.Min(topics.Version, member.Pattern?.Version ?? topics.Version));
    }

    private TopicPattern[] PatternsOfMembers() => [.. _members.Values.Select(m => m.Pattern).OfType<TopicPattern>().DistinctBy(p => p.Text)];

    private void Bump()
    {
        Epoch++;
        _changed(Id, null);
    }
}
