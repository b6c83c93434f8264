using System.Text;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

/// <summary>
/// The topics of a request that commits offsets, and what is answered for each of their partitions. OffsetCommit and TxnOffsetCommit
/// carry the same ones.
/// </summary>
internal sealed class OffsetsToCommit
{
    private readonly (string Name, Part[] Partitions)[] _topics;
    private readonly List<KafkaError> _errors = [];

    private OffsetsToCommit((string, Part[])[] topics) => _topics = topics;

    public static OffsetsToCommit Read(ref KafkaReader reader, bool hasLeaderEpoch)
    {
        var topics = new (string, Part[])[reader.ReadArrayLength()];
        for (var t = 0; t < topics.Length; t++)
        {
            var name = reader.ReadString();
            var parts = new Part[reader.ReadArrayLength()];
            for (var p = 0; p < parts.Length; p++)
            {
                var (partition, offset) = (reader.ReadInt32(), reader.ReadInt64());
                if (hasLeaderEpoch) reader.ReadInt32();
                parts[p] = new Part(partition, offset, reader.ReadNullableString() ?? "");
                reader.SkipTags();
            }

            reader.SkipTags();
            topics[t] = (name, parts);
        }

        return new OffsetsToCommit(topics);
    }

    /// <summary>The offsets that can be stored; what is wrong with the others is noted.</summary>
    public async ValueTask<IReadOnlyList<CommittedOffset>> CheckAsync(KafkaCall call)
    {
        var sound = new List<CommittedOffset>();
        var nowMs = call.Broker.Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var (topic, partitions) in _topics)
        {
            var count = (await call.Broker.Log.FindTopicAsync(topic, call.Cancel))?.PartitionCount ?? 0;
            foreach (var part in partitions)
            {
                var error = Check(part, count, call.Broker.Limits.OffsetMetadataBytesMax);
                _errors.Add(error);
                if (error != KafkaError.None) continue;
                sound.Add(new CommittedOffset(new TopicPartition(topic, part.Partition), part.Offset, part.Metadata) { CommittedMs = nowMs });
            }
        }

        return sound;
    }

    /// <summary>Writes the answer: where nothing was wrong with the offset itself, <paramref name="outcome"/>.</summary>
    public void Write(KafkaWriter response, KafkaError outcome)
    {
        var next = 0;
        response.WriteArrayLength(_topics.Length);
        foreach (var (topic, partitions) in _topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var part in partitions)
            {
                var error = _errors[next++];
                response.WriteInt32(part.Partition);
                response.WriteError(error == KafkaError.None ? outcome : error);
                response.WriteTags();
            }

            response.WriteTags();
        }

        response.WriteTags();
    }

    private static KafkaError Check(Part part, int partitionCount, int metadataBytesMax)
    {
        if ((uint)part.Partition >= (uint)partitionCount) return KafkaError.UnknownTopicOrPartition;
        return Encoding.UTF8.GetByteCount(part.Metadata) > metadataBytesMax ? KafkaError.OffsetMetadataTooLarge : KafkaError.None;
    }

    private readonly record struct Part(int Partition, long Offset, string Metadata);
}
