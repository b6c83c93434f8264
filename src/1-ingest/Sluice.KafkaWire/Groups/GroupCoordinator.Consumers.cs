using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

// The groups of the consumer protocol. They are stored, members and all, before a heartbeat is answered: after a restart each member goes
// on where it was, and no partition has two owners meanwhile.
internal sealed partial class GroupCoordinator
{
    private readonly Dictionary<string, ConsumerGroup> _consumerGroups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _unsaved = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _saveTurn = new(1);
    private bool _isSaving;
    private bool _isEnded;

    /// <summary>Serves a heartbeat that has nothing wrong in itself. <see cref="SaveAsync"/> has to end before it is answered.</summary>
    public ConsumerHeartbeatResult Heartbeat(ConsumerHeartbeat heartbeat, TopicsSeen topics)
    {
        if (Resolve(heartbeat, topics, out var pattern) is { } fault)
            return ConsumerHeartbeatResult.Refused(KafkaError.InvalidRegularExpression, $"The regular expression '{heartbeat.TopicRegex}' is refused: {fault}");
        lock (_gate)
        {
            if (_isEnded) return ConsumerHeartbeatResult.Refused(KafkaError.CoordinatorNotAvailable, "The broker stops.");
            var refusal = FindConsumers(heartbeat, out var group);
            if (refusal is not null) return refusal;
            var result = heartbeat.Epoch < 0 ? group!.Leave(heartbeat) : group!.Heartbeat(heartbeat, pattern, topics);
            // A group that never took a member has not begun.
            if (group.IsEmpty && group.Epoch == 0) _consumerGroups.Remove(heartbeat.GroupId);
            return result;
        }
    }

    /// <summary>Returns when all that has changed before is on disk. Changes that come together share a write.</summary>
    /// <exception cref="IOException">They could not be stored, and are tried again with the next.</exception>
    public async ValueTask SaveAsync()
    {
        lock (_gate)
        {
            if (_unsaved.Count == 0 && !_isSaving) return;
        }

        await _saveTurn.WaitAsync();
        try
        {
            var taken = TakeUnsaved();
            try
            {
                if (taken.Count > 0) await _save(taken);
            }
            catch (IOException)
            {
                PutBack(taken);
                throw;
            }
        }
        finally
        {
            lock (_gate) _isSaving = false;
            _saveTurn.Release();
        }
    }

    /// <summary>Whether a member of this epoch, or nobody in particular, may fetch offsets of the group.</summary>
    public KafkaError MayFetch(string groupId, string? memberId, int epoch)
    {
        lock (_gate) return _consumerGroups.TryGetValue(groupId, out var group) ? group.MayFetch(memberId, epoch) : KafkaError.None;
    }

    /// <summary>Looks at a consumer group with the lock held; the default when there is none of that id.</summary>
    public T? LookAtConsumers<T>(string groupId, Func<ConsumerGroup, T> look)
    {
        lock (_gate) return _consumerGroups.TryGetValue(groupId, out var group) ? look(group) : default;
    }

    /// <summary>Looks at every consumer group, with the lock held.</summary>
    public IReadOnlyList<T> LookAtAllConsumers<T>(Func<ConsumerGroup, T> look)
    {
        lock (_gate) return [.. _consumerGroups.Values.Select(look)];
    }

    /// <summary>Matches the regular expressions of the group, and of the heartbeat, with the topics there are.</summary>
    /// <returns>What is wrong with that of the heartbeat; null when nothing is.</returns>
    private string? Resolve(ConsumerHeartbeat heartbeat, TopicsSeen topics, out TopicPattern? pattern)
    {
        var known = LookAtConsumers(heartbeat.GroupId, group => group.Patterns) ?? [];
        // One that takes too long, which it did not when it was subscribed by, goes on with the topics it has.
        foreach (var other in known) other.TryResolve(topics);
        pattern = null;
        if (heartbeat.TopicRegex is not { Length: > 0 } text) return null;
        pattern = known.FirstOrDefault(p => p.Text == text);
        if (pattern is not null) return null;
        pattern = TopicPattern.TryParse(text, _options.Limits, out var reason);
        if (pattern is null) return reason;
        return pattern.TryResolve(topics) ? null : "it takes too long to match the name of a topic.";
    }

    /// <summary>The group that a heartbeat is for, made when a member joins; or why there is none.</summary>
    private ConsumerHeartbeatResult? FindConsumers(ConsumerHeartbeat heartbeat, out ConsumerGroup? group)
    {
        var id = heartbeat.GroupId;
        if (_consumerGroups.TryGetValue(id, out group)) return null;
        if (!heartbeat.IsJoin) return ConsumerHeartbeatResult.Refused(KafkaError.GroupIdNotFound, $"There is no consumer group '{id}'.");
        if (_groups.TryGetValue(id, out var classic))
        {
            if (!classic.IsEmpty)
            {
                return ConsumerHeartbeatResult.Refused(
                    KafkaError.GroupIdNotFound, $"'{id}' is a classic group with members. Stop them, or join with group.protocol=classic.");
            }

            classic.End(KafkaError.GroupIdNotFound);
            _groups.Remove(id);
        }

        if (!HasRoom()) return ConsumerHeartbeatResult.Refused(KafkaError.CoordinatorNotAvailable, "There are too many groups with members.");
        group = NewConsumers(id);
        return null;
    }

    private ConsumerGroup NewConsumers(string id)
    {
        var group = new ConsumerGroup(id, _gate, _options, _time, Note);
        _consumerGroups.Add(id, group);
        return group;
    }

    /// <summary>False when the group has members.</summary>
    private bool TryForgetConsumers(string groupId)
    {
        if (!_consumerGroups.TryGetValue(groupId, out var group)) return true;
        if (!group.IsEmpty) return false;
        _consumerGroups.Remove(groupId);
        Note(groupId, memberId: null);
        return true;
    }

    private void Note(string groupId, string? memberId)
    {
        if (!_unsaved.TryGetValue(groupId, out var members)) _unsaved.Add(groupId, members = new HashSet<string>(StringComparer.Ordinal));
        if (memberId is not null) members.Add(memberId);
    }

    private List<ConsumerGroupChange> TakeUnsaved()
    {
        lock (_gate)
        {
            var changes = _unsaved.Select(u => _consumerGroups.TryGetValue(u.Key, out var group)
                ? group.ChangeOf(u.Value)
                : new ConsumerGroupChange(u.Key, null, [], [])).ToList();
            _unsaved.Clear();
            _isSaving = changes.Count > 0;
            return changes;
        }
    }

    private void PutBack(List<ConsumerGroupChange> changes)
    {
        lock (_gate)
        {
            foreach (var change in changes)
            {
                Note(change.Group, memberId: null);
                foreach (var id in change.Members.Select(m => m.Id).Concat(change.Gone)) Note(change.Group, id);
            }
        }
    }
}
