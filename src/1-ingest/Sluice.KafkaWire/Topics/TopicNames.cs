using System.Collections.Concurrent;
using Sluice.Log;

namespace Sluice.KafkaWire.Topics;

/// <summary>Finds topics by their ids, which newer requests carry instead of names.</summary>
internal sealed class TopicNames(EmbeddedLog log)
{
    private readonly ConcurrentDictionary<Guid, string> _names = new();

    /// <summary>The topic with that id; null when there is none (any more).</summary>
    public async ValueTask<TopicDescription?> FindAsync(Guid id, CancellationToken cancel)
    {
        if (_names.TryGetValue(id, out var name) && await log.FindTopicAsync(name, cancel) is { } known && known.Id == id) return known;
        // Names found are never more than the topics there are: the list is made anew when one is missing.
        TopicDescription? found = null;
        _names.Clear();
        foreach (var topic in await log.ListTopicsAsync(cancel))
        {
            _names[topic.Id] = topic.Name;
            if (topic.Id == id) found = topic;
        }

        return found;
    }

    /// <summary>Whether the topic is a stream of Kinesis, whose records enter and whose shards change through Kinesis only.</summary>
    public bool IsStream(string topic) => log.FindStream(topic) is not null;
}
