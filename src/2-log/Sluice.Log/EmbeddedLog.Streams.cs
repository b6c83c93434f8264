using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Log.Metadata;
using Sluice.Log.Partitions;
using Sluice.Log.Topics;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>
    /// Segments of a stream are sealed after an hour at the latest, so that its records go at most an hour and one check after their
    /// retention; Kafka's week would be far beyond the day that a stream keeps its records.
    /// </summary>
    private const string StreamSegmentMs = "3600000";

    /// <summary>A batch of a stream: one record of 10 MiB, the largest that UpdateMaxRecordSize allows, and room around it.</summary>
    private const string StreamBatchBytesMax = "11534336";

    private const long MillisecondsPerHour = 3_600_000;

    /// <summary>The stream as it is now; null when there is no stream of that name. Costs one look-up, no allocation.</summary>
    public StreamDescription? FindStream(string stream) => _topics.TryGetValue(stream, out var live) ? live.Stream : null;

    /// <inheritdoc cref="FindStream(string)"/>
    public StreamDescription? FindStream(ReadOnlySpan<char> stream) =>
        _topics.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(stream, out var live) ? live.Stream : null;

    /// <summary>All streams, in ordinal order of their names.</summary>
    public IReadOnlyList<StreamDescription> ListStreams() =>
        [.. _topics.Values.Select(t => t.Stream).OfType<StreamDescription>().OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>Creates a topic whose partitions are shards with equal hash ranges.</summary>
    /// <exception cref="TopicExistsException">A topic or stream of that name is there.</exception>
    /// <exception cref="InvalidTopicException">The name or the number of shards is out of bounds.</exception>
    public async ValueTask<StreamDescription> CreateStreamAsync(StreamSpec spec, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var configs = StreamConfigs(spec.Attributes);
        configs.Add("segment.ms", StreamSegmentMs);
        configs.Add("max.message.bytes", StreamBatchBytesMax);
        await _topicGate.WaitAsync(cancel);
        try
        {
            var live = Create(
                new TopicSpec(spec.Name, spec.ShardCount, configs),
                (topic, createdMs) => new StreamDescription(topic, createdMs, spec.Attributes, FirstShards(spec.ShardCount, createdMs)));
            return live.Stream!;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    /// <summary>
    /// Changes a stream's attributes in one transaction; a changed retention takes effect at the next check. The function sees the
    /// stream as it is, no other change comes between, and null from it leaves everything as it is.
    /// </summary>
    /// <returns>The stream after the change; null when there is no stream of that name.</returns>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public async ValueTask<StreamDescription?> UpdateStreamAsync(
        string stream, Func<StreamDescription, StreamAttributes?> change, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _topicGate.WaitAsync(cancel);
        try
        {
            if (!_topics.TryGetValue(stream, out var live) || live.Stream is null) return null;
            return change(live.Stream) is { } attributes ? await ApplyAsync(live, attributes) : live.Stream;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    /// <summary>
    /// Deletes a stream with its records. The function sees the stream as it is, no other change comes between, and false from it leaves the
    /// stream: of two who delete one and make another of its name, the second does not delete the other.
    /// </summary>
    /// <returns>False when there is no such stream of that name.</returns>
    public async ValueTask<bool> DeleteStreamAsync(string stream, Func<StreamDescription, bool> isMeant, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return await DeleteMeantAsync(stream, isMeant, cancel);
    }

    /// <summary>
    /// Completes when no change of a topic or stream is under way. Who was answered <see cref="AppendError.PartitionClosed"/> waits
    /// here, looks the stream up again and finds the children.
    /// </summary>
    public async ValueTask WaitForChangesAsync(CancellationToken cancel)
    {
        await _topicGate.WaitAsync(cancel);
        _topicGate.Release();
    }

    /// <summary>A setting of the whole account; null when it was never set.</summary>
    public string? FindAccountSetting(string name) => _storage.Metadata.AccountSettings().GetValueOrDefault(name);

    /// <summary>The settings of the whole account whose names begin with a prefix.</summary>
    public IReadOnlyDictionary<string, string> AccountSettings(string prefix) =>
        _storage.Metadata.AccountSettings().Where(s => s.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);

    /// <summary>Stores a setting of the whole account; null removes it.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public void SetAccountSetting(string name, string? value) => _storage.Metadata.SetAccountSetting(name, value);

    private static Dictionary<string, string> StreamConfigs(StreamAttributes attributes) => new(StringComparer.Ordinal)
    {
        ["retention.ms"] = (attributes.RetentionHours * MillisecondsPerHour).ToString(CultureInfo.InvariantCulture),
    };

    private static Shard[] FirstShards(int count, long createdMs) =>
        [.. HashRange.Divide(count).Select((range, at) => new Shard(at, range, null, null, createdMs / 1000, createdMs, null))];

    private async Task<bool> DeleteMeantAsync(string stream, Func<StreamDescription, bool> isMeant, CancellationToken cancel)
    {
        await _topicGate.WaitAsync(cancel);
        try
        {
            if (!_topics.TryGetValue(stream, out var live) || live.Stream is null || !isMeant(live.Stream)) return false;
            await DeleteAsync(live);
            return true;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    /// <summary>Deletes the streams whose deletion is over.</summary>
    private async Task DeleteGoneStreamsAsync()
    {
        var nowMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var stream in _topics.Values.Select(t => t.Stream).OfType<StreamDescription>().Where(s => s.Attributes.IsGoneAt(nowMs)))
        {
            try
            {
                await DeleteMeantAsync(stream.Name, current => current.Attributes.IsGoneAt(nowMs), _closing.Token);
            }
            catch (IOException fault)
            {
                // It is found by nobody as it is, and a full disk must not end what goes on beside it.
                NotDeleted(_storage.Logger, fault, stream.Name);
            }
        }
    }

    [LoggerMessage(122, LogLevel.Error, "Stream {Stream} could not be deleted with its records; it is tried again at the next check or start")]
    private static partial void NotDeleted(ILogger logger, Exception fault, string stream);

    private async Task<StreamDescription> ApplyAsync(LiveTopic live, StreamAttributes attributes)
    {
        var changed = attributes.RetentionHours == live.Stream!.Attributes.RetentionHours ? [] : StreamConfigs(attributes);
        _storage.Metadata.SetAttributes(live.Description.Id, attributes, changed);
        var topic = live.Description;
        var config = live.Config;
        if (changed.Count > 0)
        {
            var configs = new Dictionary<string, string>(topic.Configs, StringComparer.Ordinal);
            foreach (var (name, value) in changed) configs[name] = value;
            topic = topic with { Configs = configs };
            config = TopicConfig.TryParse(_options.TopicDefaults, configs, out var reason) ?? throw new InvalidTopicException(topic.Name, reason);
        }

        var stream = live.Stream.With(attributes, topic);
        _topics[topic.Name] = live with { Description = topic, Config = config, Stream = stream };
        if (changed.Count > 0) await OnWritersAsync(live.Partitions, writer => writer.Configure(config));
        return stream;
    }

    /// <summary>A stream as stored, after what an interrupted reshard left is removed.</summary>
    private StreamDescription OpenStream(TopicDescription topic, StoredStream stored)
    {
        RemoveLeftShards(topic);
        return new StreamDescription(topic, stored.CreatedMs, stored.Attributes, stored.Shards);
    }
}
