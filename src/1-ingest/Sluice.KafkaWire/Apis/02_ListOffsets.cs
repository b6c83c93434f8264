using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// ListOffsets, key 2, versions 1-10 (flexible from 6). https://kafka.apache.org/protocol#The_Messages_ListOffsets
//
// Behaviour: -1 is the end (for who reads what is committed, the last stable offset), -2 and -4 (earliest local) the first retained
// offset, -3 the record with the largest timestamp, and a timestamp the first offset whose record is as late or later, with that record's
// own timestamp. Nothing is found as offset -1; so is -5, the last offset in tiered storage, which is not there.
//
// Known differences: the timeout (from 10) is not looked at: an answer never waits for another store. Where markers of transactions are
// younger than all records, -3 looks for the youngest in the last 256 MiB or so of the partition.
internal static class ListOffsets
{
    private const long Latest = -1;
    private const long Earliest = -2;
    private const long LargestTimestamp = -3;
    private const long EarliestLocal = -4;
    private const long LatestTiered = -5;

    public static readonly KafkaApi Api = new(2, "ListOffsets", 1, 10, 6, AnswerAsync);

    private static async ValueTask AnswerAsync(KafkaCall call)
    {
        var (isolation, topics) = Read(call);
        var response = call.Response;
        if (call.Version >= 2) response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var (topic, questions) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(questions.Length);
            foreach (var question in questions)
            {
                var found = await FindAsync(call, new TopicPartition(topic, question.Partition), isolation, question);
                response.WriteInt32(question.Partition);
                response.WriteError(found.Error);
                response.WriteInt64(found.TimestampMs);
                response.WriteInt64(found.Offset);
                if (call.Version >= 4) response.WriteInt32(found.Offset < 0 ? -1 : 0);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private static (ReadIsolation Isolation, (string Topic, Question[] Questions)[] Topics) Read(KafkaCall call)
    {
        var reader = call.Reader();
        reader.ReadInt32();
        var isCommitted = call.Version >= 2 && reader.ReadInt8() == (sbyte)ReadIsolation.Committed;
        var topics = new (string, Question[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var questions = new Question[reader.ReadArrayLength()];
            for (var q = 0; q < questions.Length; q++)
            {
                var partition = reader.ReadInt32();
                var leaderEpoch = call.Version >= 4 ? reader.ReadInt32() : -1;
                questions[q] = new Question(partition, leaderEpoch, reader.ReadInt64());
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, questions);
        }

        return (isCommitted ? ReadIsolation.Committed : ReadIsolation.Uncommitted, topics);
    }

    private static async ValueTask<Found> FindAsync(KafkaCall call, TopicPartition partition, ReadIsolation isolation, Question question)
    {
        if (LeaderEpochs.Check(question.LeaderEpoch) is not KafkaError.None and var error) return new Found(error);
        var log = call.Broker.Log;
        try
        {
            var offsets = log.WatermarksOf(partition);
            if (question.TimestampMs == Latest) return new Found(KafkaError.None, offsets.EndFor(isolation));
            if (question.TimestampMs is Earliest or EarliestLocal) return new Found(KafkaError.None, offsets.Start);
            if (question.TimestampMs == LatestTiered) return new Found(KafkaError.None);
            if (question.TimestampMs == LargestTimestamp)
            {
                var youngest = log.LargestTimestamp(partition);
                return youngest?.Offset < offsets.EndFor(isolation)
                    ? new Found(KafkaError.None, youngest.Value.Offset, youngest.Value.TimestampMs)
                    : new Found(KafkaError.None);
            }

            if (question.TimestampMs < 0) return new Found(KafkaError.InvalidRequest);
            if (await log.OffsetForTimestampAsync(partition, question.TimestampMs, call.Cancel) is not { } offset) return new Found(KafkaError.None);
            if (offset >= offsets.EndFor(isolation)) return new Found(KafkaError.None);
            var fetched = await log.FetchAsync(partition, offset, bytesMax: 1, ReadIsolation.Uncommitted, call.Cancel);
            return new Found(KafkaError.None, offset, TimestampOf(fetched.Bytes.Span, offset));
        }
        catch (UnknownTopicPartitionException)
        {
            return new Found(KafkaError.UnknownTopicOrPartition);
        }
        catch (OffsetOutOfRangeException)
        {
            // Retention took the record between the look-up and the read.
            return new Found(KafkaError.None);
        }
    }

    private static long TimestampOf(ReadOnlySpan<byte> batches, long offset)
    {
        var records = new RecordReader(batches, offset);
        return records.MoveNext() ? records.TimestampMs : -1;
    }

    private readonly record struct Question(int Partition, int LeaderEpoch, long TimestampMs);

    private readonly record struct Found(KafkaError Error, long Offset = -1, long TimestampMs = -1);
}
