using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Sluice.Conformance.KafkaWire;

/// <summary>
/// Members of a group, each on a thread of its own, that read what they get and commit it when they give a partition back; and a book of who
/// has which partition and who has read what.
/// </summary>
internal sealed class GroupLoad(ConsumerConfig config)
{
    private readonly ConcurrentDictionary<TopicPartition, string> _owners = new();
    private readonly ConcurrentDictionary<string, Member> _members = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The records, and who read each first.</summary>
    public ConcurrentDictionary<string, string> Read { get; } = new();

    /// <summary>The first readers of records that were read again.</summary>
    public ConcurrentBag<string> ReadAgain { get; } = [];

    public ConcurrentQueue<string> Faults { get; } = new();

    public int Count(string name) => _members[name].Count;

    public int Owned(string name) => _owners.Count(o => o.Value == name);

    public void Start(string name)
    {
        var member = new Member();
        _members[name] = member;
        member.Running = Task.Factory.StartNew(() => Run(name, member), TaskCreationOptions.LongRunning);
    }

    /// <summary>The member commits and leaves the group.</summary>
    public async Task LeaveAsync(string name)
    {
        _members[name].IsLeaving = true;
        await _members[name].Running;
    }

    /// <summary>The member ends without a word.</summary>
    public async Task KillAsync(string name)
    {
        _members[name].IsKilled = true;
        await _members[name].Running;
    }

    /// <summary>Completes when the members have come so far; looked at whenever one has read or has other partitions.</summary>
    public async Task UntilAsync(Func<GroupLoad, bool> isReached)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!patience.IsCancellationRequested)
        {
            var moved = Volatile.Read(ref _moved);
            if (isReached(this)) return;
            await moved.Task.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        throw new TimeoutException($"The group did not come so far: {string.Join(", ", _owners.Select(o => $"{o.Key} {o.Value}"))}; {string.Join("; ", Faults)}");
    }

    private void Moved() => Interlocked.Exchange(ref _moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private void Run(string name, Member member)
    {
        using var consumer = new ConsumerBuilder<string, string>(config)
            .SetLogHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, partitions) => Take(name, partitions))
            .SetPartitionsRevokedHandler((c, partitions) => GiveBack(name, c, partitions))
            .SetPartitionsLostHandler((_, partitions) => Release(name, partitions.Select(p => p.TopicPartition)))
            .Build();
        try
        {
            consumer.Subscribe("t");
            while (!member.IsLeaving && !member.IsKilled)
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(20)) is not { } result) continue;
                member.Count++;
                if (_owners.GetValueOrDefault(result.TopicPartition) != name) Faults.Enqueue($"{name} reads {result.TopicPartition}, which it does not have");
                if (!Read.TryAdd(result.Message.Key, name)) ReadAgain.Add(Read[result.Message.Key]);
                Moved();
            }

            if (member.IsKilled) Release(name, consumer.Assignment);
            else consumer.Close();
        }
        catch (KafkaException fault)
        {
            Faults.Enqueue($"{name}: {fault.Error}");
        }
    }

    private void Take(string name, IEnumerable<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            if (!_owners.TryAdd(partition, name)) Faults.Enqueue($"{partition} is with {_owners.GetValueOrDefault(partition)} and given to {name}");
        }

        Moved();
    }

    private void GiveBack(string name, IConsumer<string, string> consumer, List<TopicPartitionOffset> partitions)
    {
        var read = partitions.Where(p => p.Offset != Offset.Unset).ToArray();
        if (read.Length > 0) consumer.Commit(read);
        Release(name, partitions.Select(p => p.TopicPartition));
    }

    private void Release(string name, IEnumerable<TopicPartition> partitions)
    {
        foreach (var partition in partitions) _owners.TryRemove(new KeyValuePair<TopicPartition, string>(partition, name));
        Moved();
    }

    private sealed class Member
    {
        public Task Running { get; set; } = Task.CompletedTask;
        public int Count { get; set; }
        public bool IsLeaving { get; set; }
        public bool IsKilled { get; set; }
    }
}
