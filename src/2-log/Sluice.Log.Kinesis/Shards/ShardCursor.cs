using System.Text.Json;
using Sluice.Bytes;
using Sluice.Log.Kinesis.Client;
using Sluice.Log.Kinesis.Positions;

namespace Sluice.Log.Kinesis.Shards;

/// <summary>Fetches the pages of a shard one after another, from a position on, and notes each before it gives it out.</summary>
internal sealed class ShardCursor(
    StreamPlace stream, TopicPartition partition, string shardId, ShardPositions positions, KinesisClient client, KinesisLogLimits limits)
{
    private string? _iterator;
    private ShardMark? _mustBeginWith;

    /// <summary>The offset of the next page's first record; null before the first seek.</summary>
    public long? NextOffset { get; private set; }

    /// <summary>Whether the shard is closed and all of it was read.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whether the last page ended where the shard ended then.</summary>
    public bool IsLatest { get; private set; }

    /// <summary>Goes to the nearest known position at or before an offset.</summary>
    /// <exception cref="OffsetOutOfRangeException">Kinesis no longer keeps its record.</exception>
    public async Task SeekAsync(long offset, CancellationToken cancel)
    {
        IsEnded = IsLatest = false;
        _iterator = null;
        _mustBeginWith = null;
        if (positions.Reached is { } reached && offset >= reached.NextOffset)
        {
            NextOffset = reached.NextOffset;
            IsEnded = IsLatest = positions.IsEndReached;
            if (IsEnded) return;
            if (positions.IsReachedStale) throw LoseReached();
            _iterator = reached.SequenceNumber.Length == 0
                ? await IteratorAsync("TRIM_HORIZON", null, cancel)
                : await IteratorAtAsync("AFTER_SEQUENCE_NUMBER", reached.SequenceNumber, cancel) ?? throw LoseReached();
            return;
        }

        if (positions.MarkAt(offset) is { } mark)
        {
            NextOffset = mark.Offset;
            _mustBeginWith = mark;
            _iterator = await IteratorAtAsync("AT_SEQUENCE_NUMBER", mark.SequenceNumber, cancel) ?? throw LoseMark(mark, offset);
            return;
        }

        NextOffset = 0;
        _iterator = stream.OriginMs is { } origin
            ? await IteratorAsync("AT_TIMESTAMP", json => json.WriteNumber("Timestamp"u8, origin / 1000m), cancel)
            : await IteratorAsync("TRIM_HORIZON", null, cancel);
    }

    /// <summary>The next page, which may be empty anywhere in the shard.</summary>
    public async Task<ShardPage> FetchAsync(CancellationToken cancel)
    {
        var page = await GetRecordsAsync(cancel);
        CheckBeginning(page);
        positions.Note(page);
        _iterator = page.NextIterator;
        NextOffset = page.NextOffset;
        IsEnded = _iterator is null;
        IsLatest = page.IsLatest;
        return page;
    }

    private async Task<ShardPage> GetRecordsAsync(CancellationToken cancel)
    {
        for (var isFresh = false; ; isFresh = true)
        {
            if (_iterator is null) throw new InvalidOperationException($"The cursor of {partition} was not sought.");
            try
            {
                var body = KinesisRequest.Body(json =>
                {
                    json.WriteString("ShardIterator"u8, _iterator);
                    json.WriteNumber("Limit"u8, limits.RecordsPerFetch);
                });
                using var answer = await client.SendAsync("GetRecords", body, cancel);
                return ShardPage.Read(answer.WrittenSpan, NextOffset!.Value, limits.RecordsPerFetch, limits.BatchBytes);
            }
            catch (KinesisException fault) when (fault.Code == KinesisErrors.ExpiredIterator && !isFresh)
            {
                // An iterator lives five minutes; who reads more slowly gets a new one at the same place.
                await SeekAsync(NextOffset!.Value, cancel);
            }
        }
    }

    /// <summary>A page that was to begin with a certain record and does not shows that it is gone.</summary>
    private void CheckBeginning(ShardPage page)
    {
        if (_mustBeginWith is not { } mark) return;
        if (page.First is { } first ? first.SequenceNumber != mark.SequenceNumber : page.IsLatest) throw LoseMark(mark, mark.Offset);
        if (page.First is not null) _mustBeginWith = null;
    }

    private OffsetOutOfRangeException LoseMark(ShardMark mark, long offset)
    {
        NextOffset = null;
        positions.LoseMark(mark);
        return new OffsetOutOfRangeException(partition, offset, positions.Offsets);
    }

    private OffsetOutOfRangeException LoseReached()
    {
        NextOffset = null;
        var offset = positions.End;
        positions.LoseReached();
        return new OffsetOutOfRangeException(partition, offset, positions.Offsets);
    }

    /// <summary>An iterator at a sequence number; null when the record is gone.</summary>
    private async Task<string?> IteratorAtAsync(string type, string sequenceNumber, CancellationToken cancel)
    {
        try
        {
            return await IteratorAsync(type, json => json.WriteString("StartingSequenceNumber"u8, sequenceNumber), cancel);
        }
        catch (KinesisException fault) when (fault.Code is KinesisErrors.InvalidArgument or KinesisErrors.NotFound)
        {
            return null;
        }
    }

    private async Task<string> IteratorAsync(string type, Action<Utf8JsonWriter>? more, CancellationToken cancel)
    {
        using var answer = await client.SendAsync(
            "GetShardIterator",
            json =>
            {
                json.WriteString("StreamName"u8, stream.Name);
                json.WriteString("ShardId"u8, shardId);
                json.WriteString("ShardIteratorType"u8, type);
                more?.Invoke(json);
            },
            cancel);
        return answer.RootElement.GetProperty("ShardIterator").GetString() ?? throw new KinesisException("GetShardIterator", "no iterator", "the answer holds none.");
    }
}
