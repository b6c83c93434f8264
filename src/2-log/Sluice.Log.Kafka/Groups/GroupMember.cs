using Confluent.Kafka;
using Sluice.Log.Kafka.Client;
using WirePartition = Confluent.Kafka.TopicPartition;

namespace Sluice.Log.Kafka.Groups;

/// <summary>
/// This process as a member of the group that shares the partitions: Kafka's coordinator says which are its own, and gives them to others when it
/// is gone or silent for <c>session.timeout.ms</c>. It reads and commits nothing.
/// </summary>
internal sealed class GroupMember : IDisposable
{
    private readonly Clients _clients;
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly SortedSet<string> _topics = new(StringComparer.Ordinal);
    private readonly HashSet<TopicPartition> _owned = [];
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WirePartition> _toPause = [];
    private bool _hasNewTopics;
    private volatile bool _isEnding;

    /// <exception cref="KafkaLogException">The properties cannot be used.</exception>
    public GroupMember(Clients clients, string group)
    {
        _clients = clients;
        _consumer = clients.Member(group, Give, Take);
        _thread = new Thread(Poll) { IsBackground = true, Name = "kafka-log-group" };
        _thread.Start();
    }

    /// <summary>The partitions of the topics that are this member's; those of topics that are new to it are, soon after.</summary>
    public async ValueTask<IReadOnlySet<TopicPartition>> OwnedAsync(IReadOnlyCollection<string> topics, CancellationToken cancel)
    {
        lock (_lock)
        {
            foreach (var topic in topics) _hasNewTopics |= _topics.Add(topic);
        }

        // A coordinator that is slow to answer leaves this process without work for a while, which harms no one.
        await _joined.Task.WaitAsync(_clients.Limits.JoinPatience, _clients.Time, cancel)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancel.ThrowIfCancellationRequested();
        lock (_lock) return _owned.Where(partition => topics.Contains(partition.Topic)).ToHashSet();
    }

    /// <summary>Leaves the group, so that the others have the partitions at once.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
        _consumer.Close();
        _consumer.Dispose();
    }

    private static TopicPartition Ours(WirePartition partition) => new(partition.Topic, partition.Partition.Value);

    private void Poll()
    {
        while (!_isEnding)
        {
            try
            {
                SubscribeToNew();
                // What it fetches before it is paused is of no use to anyone.
                _consumer.Consume(_clients.Limits.PollTime);
                if (_toPause.Count > 0) Pause();
            }
            catch (KafkaException fault)
            {
                // The client goes on trying by itself; its news are told with the next failure of anything.
                _clients.Note(fault.Error);
            }
        }
    }

    private void SubscribeToNew()
    {
        string[] topics;
        lock (_lock)
        {
            if (!_hasNewTopics) return;
            _hasNewTopics = false;
            topics = [.. _topics];
        }

        _consumer.Subscribe(topics);
    }

    /// <summary>Fetches nothing of what was given; it is assigned when the call that gave it has returned.</summary>
    private void Pause()
    {
        _consumer.Pause(_toPause.Intersect(_consumer.Assignment));
        _toPause.Clear();
    }

    private void Give(List<WirePartition> given)
    {
        _toPause.AddRange(given);
        lock (_lock) _owned.UnionWith(given.Select(Ours));
        _joined.TrySetResult();
    }

    private void Take(IEnumerable<WirePartition> taken)
    {
        lock (_lock) _owned.ExceptWith(taken.Select(Ours));
    }
}
