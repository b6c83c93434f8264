using Sluice.Log.Partitions;
using Sluice.Log.Topics;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>The directory that holds the log.</summary>
    public string Directory => _options.Directory;

    /// <summary>Throws as <see cref="CreateTopicAsync"/> would, and creates nothing.</summary>
    /// <exception cref="TopicExistsException">A topic of that name is there.</exception>
    /// <exception cref="InvalidTopicException">The name, the number of partitions or a config is not possible.</exception>
    public void CheckTopic(TopicSpec spec)
    {
        Validate(spec);
        if (_topics.ContainsKey(spec.Name)) throw new TopicExistsException(spec.Name);
    }

    /// <summary>The topic config in force by name: the topic's own, else the log's default, else Kafka's; null when there is no such topic.</summary>
    public IReadOnlyList<TopicSetting>? TopicSettings(string topic)
    {
        if (!_topics.TryGetValue(topic, out var live)) return null;
        var own = live.Description.Configs;
        var settings = live.Config.Effective().ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal);
        foreach (var (name, value) in _options.TopicDefaults) settings.TryAdd(name, value);
        foreach (var (name, value) in own) settings[name] = value;
        return
        [
            .. settings.OrderBy(s => s.Key, StringComparer.Ordinal)
                .Select(s => new TopicSetting(s.Key, s.Value, own.ContainsKey(s.Key), _options.TopicDefaults.ContainsKey(s.Key))),
        ];
    }

    /// <summary>
    /// Replaces the configs that a topic sets itself; they are in force when this returns. The function sees those there are and no other
    /// change comes between.
    /// </summary>
    /// <returns>False when there is no topic of that name.</returns>
    /// <exception cref="InvalidTopicException">A config is unknown or out of range, or the topic is a stream; nothing was changed.</exception>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask<bool> AlterTopicAsync(
        string topic, Func<IReadOnlyDictionary<string, string>, Dictionary<string, string>> change, bool validateOnly, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _topicGate.WaitAsync(cancel);
        try
        {
            if (!_topics.TryGetValue(topic, out var live)) return false;
            ThrowIfStream(live);
            var configs = change(live.Description.Configs);
            var config = TopicConfig.TryParse(_options.TopicDefaults, configs, out var reason)
                ?? throw new InvalidTopicException(topic, reason, TopicFault.Config);
            if (validateOnly) return true;
            _storage.Metadata.SetConfigs(live.Description.Id, configs);
            _topics[topic] = live with { Description = live.Description with { Configs = configs }, Config = config };
            await OnWritersAsync(live.Partitions, writer => writer.Configure(config));
            return true;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    /// <summary>Gives a topic more partitions, after those there are.</summary>
    /// <returns>False when there is no topic of that name.</returns>
    /// <exception cref="InvalidTopicException">The number is not larger, or out of bounds, or the topic is a stream; nothing was changed.</exception>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask<bool> AddPartitionsAsync(string topic, int count, bool validateOnly, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _topicGate.WaitAsync(cancel);
        try
        {
            if (!_topics.TryGetValue(topic, out var live)) return false;
            ThrowIfStream(live);
            var old = live.Description;
            if (count <= old.PartitionCount || count > _options.Limits.PartitionsPerTopicMax)
            {
                var reason = $"it has {old.PartitionCount} partitions and may get up to {_options.Limits.PartitionsPerTopicMax}, not {count}.";
                throw new InvalidTopicException(topic, reason, TopicFault.PartitionCount);
            }

            if (!validateOnly) AddPartitions(live, old with { PartitionCount = count });
            return true;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    /// <summary>
    /// Moves a partition's first retained offset up, durably; -1 stands for its end. Whole segments below it are deleted.
    /// </summary>
    /// <returns>The first retained offset after it; null when the offset is beyond the end.</returns>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    /// <exception cref="IOException">The partition's storage failed.</exception>
    public async ValueTask<long?> DeleteRecordsAsync(TopicPartition partition, long beforeOffset, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var live = Find(partition);
        var offsets = live.Shared.Watermarks;
        if (beforeOffset == -1) beforeOffset = offsets.End;
        if (beforeOffset < 0 || beforeOffset > offsets.End) return null;
        await OnWritersAsync([live], writer => writer.DeleteBefore(beforeOffset));
        if (live.Writer.IsStopped) throw new IOException($"The storage of {partition} failed; it recovers when the log is opened again.");
        return live.Shared.Offsets.Start;
    }

    /// <summary>Bytes that the records of a partition take on disk.</summary>
    /// <exception cref="UnknownTopicPartitionException">No such topic or partition.</exception>
    public long SizeOf(TopicPartition partition) => Find(partition).Shared.Segments.Sum(s => s.ReadableBytes);

    private static void ThrowIfStream(LiveTopic live)
    {
        if (live.Stream is null) return;
        throw new InvalidTopicException(live.Description.Name, "it is a Kinesis stream, which is changed with the Kinesis API.", TopicFault.Stream);
    }

    /// <summary>Files first, then the number: a crash in between leaves directories that <see cref="RemoveBeyond"/> takes away.</summary>
    private void AddPartitions(LiveTopic live, TopicDescription topic)
    {
        var first = live.Description.PartitionCount;
        RemoveBeyond(live.Description);
        try
        {
            for (var i = first; i < topic.PartitionCount; i++)
            {
                var directory = TopicName.Directory(_options.Directory, new(topic.Name, i));
                _storage.Files.CreateDirectory(directory);
                PartitionWriter.Create(_storage.Files, directory, baseOffset: 0);
            }

            _storage.Files.SyncDirectory(_options.Directory);
            _storage.Metadata.SetPartitionCount(topic.Id, topic.PartitionCount);
        }
        catch (IOException)
        {
            RemoveBeyond(live.Description);
            throw;
        }

        var opened = Enumerable.Range(first, topic.PartitionCount - first).Select(i => OpenPartition(topic, i, live.Config, start: 0));
        _topics[topic.Name] = live with { Description = topic, Partitions = [.. live.Partitions, .. opened] };
        Interlocked.Increment(ref _topicsVersion);
    }

    /// <summary>Removes directories of partitions that the topic never got: they follow the last one, and hold nothing that was answered.</summary>
    private void RemoveBeyond(TopicDescription topic)
    {
        var present = _storage.Files.ListDirectories(_options.Directory).ToHashSet(StringComparer.Ordinal);
        var end = topic.PartitionCount;
        while (present.Contains(new TopicPartition(topic.Name, end).ToString())) end++;
        for (var i = end - 1; i >= topic.PartitionCount; i--)
            _storage.Files.DeleteDirectory(TopicName.Directory(_options.Directory, new(topic.Name, i)));
    }
}

/// <summary>A topic config in force, and where it comes from: the topic itself, the log's defaults, or else Kafka.</summary>
public sealed record TopicSetting(string Name, string Value, bool IsOfTopic, bool IsOfLog);
