using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Log.Kinesis.Client;
using Sluice.Log.Kinesis.Positions;
using Sluice.Log.Kinesis.Puts;
using Sluice.Log.Kinesis.Streams;

namespace Sluice.Log.Kinesis;

/// <summary>
/// The log over Amazon Kinesis Data Streams: a topic is a stream, its partitions are the stream's shards, numbered in the order of their ids and
/// never again otherwise (https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html).
/// </summary>
/// <remarks>
/// <para>
/// Kinesis has sequence numbers and no offsets. Offset n of a shard is its n-th record since this log first met the stream; which sequence number
/// that is stands in the positions file before the record is given out. A reader that comes back with an offset goes to the nearest noted
/// position before it and counts on, so that it continues exactly there. Records that the Kinesis Producer Library packed into one count
/// one by one.
/// </para>
/// <para>
/// What is different from other logs: the end of a partition is what was counted so far, and <see cref="OffsetsAsync"/> counts it up to now;
/// an append does not know its offset (-1), because Kinesis tells a sequence number; timestamps are those of arrival; a record whose appending
/// was answered with an error may be stored, as with any producer of Kinesis.
/// </para>
/// </remarks>
public sealed class KinesisLog : ILog
{
    private const long HourMs = 3_600_000;

    private readonly KinesisLogOptions _options;
    private readonly TimeProvider _time;
    private readonly PositionStore _positions;
    private readonly KinesisClient _client;
    private readonly StreamControl _control;
    private readonly RecordPutter _putter;
    private readonly ConcurrentDictionary<string, LiveStream> _streams = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _meeting = new(1, 1);

    private KinesisLog(KinesisLogOptions options, PositionStore positions, TimeProvider time)
    {
        (_options, _positions, _time) = (options, positions, time);
        _client = new KinesisClient(options, time);
        _control = new StreamControl(_client);
        _putter = new RecordPutter(_client, options.Limits, time);
    }

    /// <summary>Opens the positions file, creating it when absent; Kinesis is asked at the first use.</summary>
    /// <exception cref="InvalidDataException">The positions file cannot be used.</exception>
    public static KinesisLog Open(KinesisLogOptions options, TimeProvider time) =>
        new(options, PositionStore.Open(options.PositionsFile), time);

    public async ValueTask<IReadOnlyList<TopicDescription>> ListTopicsAsync(CancellationToken cancel)
    {
        var topics = new List<TopicDescription>();
        foreach (var name in await _control.NamesAsync(cancel))
        {
            // One that is deleted in between is left out.
            if (await FindTopicAsync(name, cancel) is { } topic) topics.Add(topic);
        }

        return topics;
    }

    public async ValueTask<TopicDescription?> FindTopicAsync(string topic, CancellationToken cancel) => (await MeetAsync(topic, cancel))?.Description;

    public async ValueTask<IReadOnlyList<PartitionDescription>> PartitionsAsync(string topic, CancellationToken cancel) =>
        await MeetAsync(topic, cancel) is { } stream ? [.. stream.Shards.Select(shard => shard.Partition)] : [];

    /// <summary>Creates a stream with as many shards and waits until it takes records.</summary>
    /// <exception cref="NotSupportedException">A config other than retention.ms in whole hours: a stream has no others.</exception>
    /// <inheritdoc/>
    public async ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel)
    {
        var hours = RetentionHours(spec);
        if (spec.Name.Length is 0 or > 128 || spec.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')))
        {
            throw new InvalidTopicException(spec.Name, "a stream's name is 1 to 128 of [a-zA-Z0-9_.-].");
        }

        try
        {
            await _control.CreateAsync(spec.Name, spec.PartitionCount, cancel);
        }
        catch (KinesisException fault) when (fault.Code == KinesisErrors.InUse)
        {
            throw new TopicExistsException(spec.Name);
        }

        var summary = await UntilAsync(spec.Name, summary => summary is { Status: "ACTIVE" }, cancel);
        if (hours is { } wanted && wanted * HourMs != summary!.RetentionMs)
        {
            await _control.SetRetentionAsync(spec.Name, wanted, wanted * HourMs > summary.RetentionMs, cancel);
            await UntilAsync(spec.Name, changed => changed is { Status: "ACTIVE" }, cancel);
        }

        return (await FindTopicAsync(spec.Name, cancel))!;
    }

    /// <summary>Deletes a stream and waits until it is gone.</summary>
    /// <inheritdoc/>
    public async ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel)
    {
        if (!await _control.DeleteAsync(topic, cancel)) return false;
        await UntilAsync(topic, summary => summary is null, cancel);
        await _meeting.WaitAsync(cancel);
        try
        {
            _positions.ForgetStream(topic);
            _streams.TryRemove(topic, out _);
        }
        finally
        {
            _meeting.Release();
        }

        return true;
    }

    /// <summary>
    /// Puts the records to the shard. The answer's offset is -1: a record gets its offset when it is read. A shard that was closed since the
    /// partitions were last asked for hands its records to its children.
    /// </summary>
    /// <exception cref="NotSupportedException">A record has no value: data of Kinesis is never null.</exception>
    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(TopicPartition partition, ReadOnlyMemory<byte> recordBatch, CancellationToken cancel)
    {
        if (await FindAsync(partition, cancel) is not { } stream) return new AppendResult(AppendError.UnknownTopicOrPartition, -1);
        var shard = stream.Shards[partition.Partition];
        if (shard.Partition.IsClosed || shard.StartingHashKey is not { } hashKey) return new AppendResult(AppendError.PartitionClosed, -1);
        return new AppendResult(await _putter.PutAsync(partition.Topic, shard.Partition.Name, hashKey, recordBatch, cancel), -1);
    }

    /// <exception cref="PositionUnknownException">The positions file does not know this offset.</exception>
    /// <inheritdoc/>
    public async ValueTask<FetchedBatches> ReadAsync(TopicPartition partition, long offset, int bytesMax, CancellationToken cancel)
    {
        var stream = await GetAsync(partition, cancel);
        return await stream.Reader(partition.Partition).ReadAsync(offset, bytesMax, cancel);
    }

    /// <summary>Counts the records up to now: it reads what no one has read yet.</summary>
    /// <inheritdoc/>
    public async ValueTask<PartitionOffsets> OffsetsAsync(TopicPartition partition, CancellationToken cancel)
    {
        var stream = await GetAsync(partition, cancel);
        return await stream.Reader(partition.Partition).OffsetsAsync(cancel);
    }

    public async ValueTask<long?> OffsetForTimestampAsync(TopicPartition partition, long timestampMs, CancellationToken cancel)
    {
        var stream = await GetAsync(partition, cancel);
        return await stream.Reader(partition.Partition).OffsetForTimestampAsync(timestampMs, cancel);
    }

    public async ValueTask WaitForRecordsAsync(TopicPartition partition, long offset, CancellationToken cancel)
    {
        var stream = await GetAsync(partition, cancel);
        await stream.Reader(partition.Partition).WaitAsync(offset, cancel);
    }

    /// <summary>Stores offsets in the positions file, beside the positions they stand for.</summary>
    /// <exception cref="UnknownTopicPartitionException">One of the partitions is not there; nothing is stored.</exception>
    /// <inheritdoc/>
    public async ValueTask CommitOffsetsAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel)
    {
        var rows = new (Guid, CommittedOffset)[offsets.Count];
        for (var i = 0; i < rows.Length; i++) rows[i] = ((await GetAsync(offsets[i].Partition, cancel)).Place.Id, offsets[i]);
        _positions.CommitOffsets(group, rows);
    }

    public ValueTask<IReadOnlyList<CommittedOffset>> CommittedOffsetsAsync(string group, CancellationToken cancel) => new(_positions.CommittedOffsets(group));

    public ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.Values) stream.Dispose();
        _client.Dispose();
        _positions.Dispose();
        _meeting.Dispose();
        return default;
    }

    private static long? RetentionHours(TopicSpec spec)
    {
        foreach (var name in spec.Configs.Keys.Where(name => name != "retention.ms"))
        {
            throw new NotSupportedException($"A stream of Kinesis has no '{name}': leave it out; retention.ms is the one config it has.");
        }

        if (!spec.Configs.TryGetValue("retention.ms", out var text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms % HourMs == 0 && ms / HourMs is >= 24 and <= 8760
            ? ms / HourMs
            : throw new NotSupportedException($"Kinesis keeps records for 24 to 8,760 whole hours: retention.ms '{text}' is no such time.");
    }

    /// <summary>Asks Kinesis for the stream and its shards as they are.</summary>
    private async Task<LiveStream?> MeetAsync(string topic, CancellationToken cancel)
    {
        // One asks after the other: a late answer would take shards that were listed meanwhile for closed ones.
        await _meeting.WaitAsync(cancel);
        try
        {
            if (await _control.FindAsync(topic, cancel) is not { IsReady: true } summary) return null;
            var listed = await _control.ShardsAsync(topic, cancel);
            var stream = _streams.TryGetValue(topic, out var met) && met.Place.Id == summary.Id ? met : Meet(topic, summary.Id);
            stream.Place.RetentionMs = summary.RetentionMs;
            var listedOf = listed.ToDictionary(shard => shard.ShardId, StringComparer.Ordinal);
            var numbered = _positions.MeetShards(summary.Id, [.. listed.Select(shard => (shard.ShardId, shard.Parents))]);
            stream.Shards =
            [
                .. numbered.Select(shard => listedOf.TryGetValue(shard.ShardId, out var found)
                    ? new StreamShard(new PartitionDescription(shard.Partition, shard.ShardId, shard.Parents, found.IsClosed), found.StartingHashKey)
                    : new StreamShard(new PartitionDescription(shard.Partition, shard.ShardId, shard.Parents, IsClosed: true), StartingHashKey: null)),
            ];
            return stream;
        }
        finally
        {
            _meeting.Release();
        }
    }

    private LiveStream Meet(string topic, Guid id)
    {
        var origin = _positions.MeetStream(id, topic, _options.Origin?.ToUnixTimeMilliseconds());
        var stream = new LiveStream(new Shards.StreamPlace(id, topic, origin), _positions, _client, _options.Limits, _time);
        _streams[topic] = stream;
        return stream;
    }

    /// <summary>The stream of a partition as last seen; Kinesis is asked where the partition is not known.</summary>
    private async ValueTask<LiveStream?> FindAsync(TopicPartition partition, CancellationToken cancel)
    {
        if (_streams.TryGetValue(partition.Topic, out var stream) && (uint)partition.Partition < (uint)stream.Shards.Count) return stream;
        stream = await MeetAsync(partition.Topic, cancel);
        return stream is not null && (uint)partition.Partition < (uint)stream.Shards.Count ? stream : null;
    }

    private async ValueTask<LiveStream> GetAsync(TopicPartition partition, CancellationToken cancel) =>
        await FindAsync(partition, cancel) ?? throw new UnknownTopicPartitionException(partition);

    private async Task<StreamSummary?> UntilAsync(string stream, Func<StreamSummary?, bool> isSo, CancellationToken cancel)
    {
        while (true)
        {
            var summary = await _control.FindAsync(stream, cancel);
            if (isSo(summary)) return summary;
            await Task.Delay(_options.Limits.PollInterval, _time, cancel);
        }
    }
}
