using System.Diagnostics.CodeAnalysis;
using Sluice.KafkaRest.Http;
using Sluice.Log;

namespace Sluice.KafkaRest.Consume;

/// <summary>
/// All consumer instances of the proxy. An instance that this process does not know is taken up again from what the log keeps of it;
/// one that was not used for long enough is closed, and its partitions go to the others of its group.
/// </summary>
/// <remarks>One gate guards all state. It is held for bookkeeping and commits, never while a read waits for records.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing to release.")]
internal sealed class ConsumerRegistry(ILog log, KafkaRestOptions options, TimeProvider time)
{
    /// <summary>Idle instances are looked for at most so often: a thousandth of what an instance may be idle would do.</summary>
    private static readonly TimeSpan s_sweepPause = TimeSpan.FromSeconds(1);

    /// <summary>How often the log is told which groups are in use: half of the shortest time that offsets are kept without a group.</summary>
    private static readonly TimeSpan s_keepPause = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, ConsumerGroup> _groups = new(StringComparer.Ordinal);
    private int _count;
    private long _lastSweep = time.GetTimestamp();
    private long _lastKeep = time.GetTimestamp();

    /// <summary>Creates an instance; the refusal when the group has one of that name or there are too many, else null.</summary>
    public Task<RestError?> CreateAsync(string group, string name, ConsumerSettings settings, CancellationToken cancel) =>
        InGateAsync<RestError?>(
            async () =>
            {
                if (_groups.TryGetValue(group, out var found) && found.Members.ContainsKey(name)) return RestError.ConsumerExists;
                if (_count >= options.ConsumerInstancesMax) return RestError.TooManyConsumers;
                var instance = new ConsumerInstance(group, name, settings);

                // What an instance of that name was before a restart ends with its new creation.
                await InstanceRecord.StoreAsync(log, instance, keep: false, cancel);
                await log.KeepOffsetsAsync([group], cancel);
                Add(instance);
                return null;
            },
            cancel);

    /// <summary>Runs an action on an instance, after expired ones were closed; false when there is no such instance.</summary>
    public Task<bool> UseAsync(string group, string name, Func<ConsumerGroup, ConsumerInstance, ValueTask> action, CancellationToken cancel) =>
        InGateAsync(
            async () =>
            {
                if (await FindAsync(group, name, cancel) is not { } instance) return false;
                instance.LastUsed = time.GetTimestamp();
                await action(_groups[group], instance);
                return true;
            },
            cancel);

    /// <summary>Closes an instance, as its client asks: commits what it delivered when it commits by itself, and gives its partitions to the others.</summary>
    public Task<bool> DeleteAsync(string group, string name, CancellationToken cancel) =>
        InGateAsync(
            async () =>
            {
                if (await FindAsync(group, name, cancel) is not { } instance) return false;
                instance.Acknowledge();
                await CloseAsync(instance, cancel);
                return true;
            },
            cancel);

    /// <summary>The instances of every group and the partitions each reads.</summary>
    public Task<List<(string Group, GroupMemberDescription[] Members)>> MembersAsync(CancellationToken cancel) =>
        InGateAsync(() => Task.FromResult(_groups.Values.Select(g => (g.Name, MembersOf(g))).ToList()), cancel);

    /// <summary>Changes what an instance reads, shares the group's topics out again, and keeps the instance for after a restart.</summary>
    /// <remarks>For use inside <see cref="UseAsync"/>.</remarks>
    public async ValueTask ChooseAsync(ConsumerGroup group, ConsumerInstance instance, ConsumerChoice choice, CancellationToken cancel)
    {
        // Who chooses anew has done with what it read.
        instance.Acknowledge();
        instance.Choice = choice;
        await ShareAsync(group, cancel);
        await InstanceRecord.StoreAsync(log, instance, choice != ConsumerChoice.Nothing, cancel);
    }

    /// <summary>
    /// Shares the subscribed topics of a group out among its members, as topics come and go. A partition that changes hands is committed
    /// first where its reader commits by itself, so that the next one goes on behind what was acknowledged.
    /// </summary>
    /// <remarks>For use inside <see cref="UseAsync"/>.</remarks>
    public async ValueTask ShareAsync(ConsumerGroup group, CancellationToken cancel)
    {
        var shares = group.Share(await TopicsOfAsync(group, cancel));
        var changed = shares.Where(s => !s.Key.Assigned.Select(a => a.Partition).SequenceEqual(s.Value)).ToList();
        if (changed.Count == 0) return;
        foreach (var (member, _) in changed) await CommitAcknowledgedAsync(member, cancel);
        foreach (var (member, share) in changed)
            member.Assigned = [.. share.Select(partition => member.Find(partition) ?? new AssignedPartition(partition))];
        group.Wake();
    }

    /// <summary>Commits what was acknowledged and is not committed, if the instance commits by itself.</summary>
    /// <remarks>For use inside <see cref="UseAsync"/>.</remarks>
    public ValueTask CommitAcknowledgedAsync(ConsumerInstance instance, CancellationToken cancel) =>
        instance.Settings.AutoCommit ? CommitPositionsAsync(instance, cancel) : default;

    /// <summary>Commits every acknowledged position that is not committed. Partitions whose topic was deleted are left out.</summary>
    /// <remarks>For use inside <see cref="UseAsync"/>.</remarks>
    public async ValueTask CommitPositionsAsync(ConsumerInstance instance, CancellationToken cancel)
    {
        foreach (var byTopic in instance.Assigned.Where(a => a.Acknowledged is not null && a.Acknowledged != a.Committed).GroupBy(a => a.Partition.Topic))
        {
            try
            {
                await log.CommitOffsetsAsync(
                    instance.Group,
                    [.. byTopic.Select(a => new CommittedOffset(a.Partition, a.Acknowledged!.Value, "") { CommittedMs = time.GetUtcNow().ToUnixTimeMilliseconds() })],
                    cancel);
                foreach (var assigned in byTopic) assigned.Committed = assigned.Acknowledged;
            }
            catch (UnknownTopicPartitionException)
            {
                // Its topic was deleted, with all that groups committed for it.
            }
        }
    }

    private static GroupMemberDescription[] MembersOf(ConsumerGroup group) =>
        [.. group.Members.Values.Select(m => new GroupMemberDescription(m.Name, null, m.Name, "", [.. m.Assigned.Select(a => a.Partition)]))];

    private async Task<T> InGateAsync<T>(Func<Task<T>> action, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            await CloseIdleAsync(cancel);
            return await action();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<ConsumerInstance?> FindAsync(string group, string name, CancellationToken cancel)
    {
        if (_groups.TryGetValue(group, out var found) && found.Members.TryGetValue(name, out var member)) return member;
        if (_count >= options.ConsumerInstancesMax || await InstanceRecord.FindAsync(log, group, name, cancel) is not { } kept) return null;
        var instance = new ConsumerInstance(group, name, kept.Settings) { Choice = kept.Choice };
        await log.KeepOffsetsAsync([group], cancel);
        Add(instance);
        await ShareAsync(_groups[group], cancel);
        return instance;
    }

    private void Add(ConsumerInstance instance)
    {
        instance.LastUsed = time.GetTimestamp();
        if (!_groups.TryGetValue(instance.Group, out var group)) _groups.Add(instance.Group, group = new ConsumerGroup(instance.Group));
        group.Members.Add(instance.Name, instance);
        _count++;
    }

    private async ValueTask CloseIdleAsync(CancellationToken cancel)
    {
        if (time.GetElapsedTime(_lastSweep) < s_sweepPause) return;
        _lastSweep = time.GetTimestamp();
        var idle = _groups.Values.SelectMany(g => g.Members.Values)
            .Where(m => !m.IsReading && time.GetElapsedTime(m.LastUsed) >= options.ConsumerInstanceTimeout)
            .ToList();
        foreach (var instance in idle) await CloseAsync(instance, cancel);
        if (_groups.Count == 0 || time.GetElapsedTime(_lastKeep) < s_keepPause) return;
        _lastKeep = time.GetTimestamp();
        await log.KeepOffsetsAsync(_groups.Keys, cancel);
    }

    private async ValueTask CloseAsync(ConsumerInstance instance, CancellationToken cancel)
    {
        await CommitAcknowledgedAsync(instance, cancel);
        await InstanceRecord.StoreAsync(log, instance, keep: false, cancel);
        await log.KeepOffsetsAsync([instance.Group], cancel);
        var group = _groups[instance.Group];
        group.Members.Remove(instance.Name);
        _count--;
        if (group.Members.Count == 0) _groups.Remove(group.Name);
        else await ShareAsync(group, cancel);
        group.Wake();
    }

    private async ValueTask<Dictionary<string, TopicDescription>> TopicsOfAsync(ConsumerGroup group, CancellationToken cancel)
    {
        if (group.Members.Values.Any(m => m.Choice.Pattern is not null))
            return (await log.ListTopicsAsync(cancel)).ToDictionary(t => t.Name, StringComparer.Ordinal);
        var topics = new Dictionary<string, TopicDescription>(StringComparer.Ordinal);
        foreach (var name in group.Members.Values.SelectMany(m => m.Choice.Topics.Concat(m.Choice.Partitions.Select(p => p.Topic))).Distinct())
        {
            if (await log.FindTopicAsync(name, cancel) is { } topic) topics.Add(name, topic);
        }

        return topics;
    }
}
