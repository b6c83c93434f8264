using Sluice.KafkaWire.Topics;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Apis;

// OffsetForLeaderEpoch, key 23, versions 2-4 (flexible from 4). https://kafka.apache.org/protocol#The_Messages_OffsetForLeaderEpoch
//
// Behaviour: the one leader epoch, 0, ends at the end of the partition, transactions that are open included: an end before the position of
// a consumer that reads them too would look to it like lost records. Of a later epoch nothing is known (-1, -1).
//
// Known differences: none.
internal static class OffsetForLeaderEpoch
{
    public static readonly KafkaApi Api = new(23, "OffsetForLeaderEpoch", 2, 4, 4, AnswerAsync);

    private static ValueTask AnswerAsync(KafkaCall call)
    {
        var topics = Read(call);
        var response = call.Response;
        response.WriteThrottleTime();
        response.WriteArrayLength(topics.Length);
        foreach (var (topic, questions) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(questions.Length);
            foreach (var question in questions)
            {
                var (error, epoch, end) = Find(call, new TopicPartition(topic, question.Partition), question);
                response.WriteError(error);
                response.WriteInt32(question.Partition);
                response.WriteInt32(epoch);
                response.WriteInt64(end);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
        return default;
    }

    private static (string Topic, Question[] Questions)[] Read(KafkaCall call)
    {
        var reader = call.Reader();
        if (call.Version >= 3) reader.ReadInt32();
        var topics = new (string, Question[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var questions = new Question[reader.ReadArrayLength()];
            for (var q = 0; q < questions.Length; q++)
            {
                questions[q] = new Question(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, questions);
        }

        return topics;
    }

    private static (KafkaError Error, int Epoch, long End) Find(KafkaCall call, TopicPartition partition, Question question)
    {
        if (LeaderEpochs.Check(question.CurrentEpoch) is not KafkaError.None and var stale) return (stale, -1, -1);
        try
        {
            var end = call.Broker.Log.WatermarksOf(partition).End;
            return question.Epoch == 0 ? (KafkaError.None, 0, end) : (KafkaError.None, -1, -1);
        }
        catch (UnknownTopicPartitionException)
        {
            return (KafkaError.UnknownTopicOrPartition, -1, -1);
        }
    }

    private readonly record struct Question(int Partition, int CurrentEpoch, int Epoch);
}
