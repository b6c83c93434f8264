using Sluice.Log;

namespace Sluice.Sink;

/// <summary>
/// Copies of records that became no line, appended to the dead letter topic before the offsets beyond them are committed: at
/// least once, since a redone object sends them again (Kafka Connect's guarantee too).
/// </summary>
internal sealed class DeadLetters(ILog log, string topic)
{
    private readonly RecordBatchBuilder _builder = new();
    private readonly List<byte[]> _batches = [];

    public void Add(ref RecordReader record)
    {
        _builder.Reset();
        _builder.Append(record.TimestampMs, record.Key, record.Value, record.ReadHeaders());
        _batches.Add(_builder.Build().ToArray());
    }

    public void Clear() => _batches.Clear();

    public async Task SendAsync(CancellationToken cancel)
    {
        if (_batches.Count == 0) return;
        await EnsureTopicAsync(cancel);
        foreach (var batch in _batches)
        {
            var result = await log.AppendAsync(new TopicPartition(topic, 0), batch, cancel);
            if (result.Error != AppendError.None)
                throw new IOException($"A record could not be copied to the dead letter topic '{topic}': {result.Error}.");
        }

        _batches.Clear();
    }

    private async Task EnsureTopicAsync(CancellationToken cancel)
    {
        if (await log.FindTopicAsync(topic, cancel) is not null) return;
        try
        {
            await log.CreateTopicAsync(new TopicSpec(topic, 1, new Dictionary<string, string>()), cancel);
        }
        catch (TopicExistsException)
        {
            // Another partition's task made it between the two calls.
        }
    }
}
