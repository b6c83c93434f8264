using System.Buffers.Binary;

namespace Sluice.KafkaRest.Produce;

/// <summary>Chooses partitions as Kafka's default partitioner does: murmur2 of the key's bytes.</summary>
internal static class Partitioner
{
    /// <summary>https://kafka.apache.org/documentation/#producerconfigs_partitioner.class</summary>
    public static int Choose(ReadOnlySpan<byte> key, int partitionCount) =>
        (int)((Murmur2(key) & 0x7fffffff) % (uint)partitionCount);

    /// <summary>MurmurHash2, 32 bits, with the seed that Kafka's clients share.</summary>
    public static uint Murmur2(ReadOnlySpan<byte> data)
    {
        const uint Seed = 0x9747b28c;
        const uint Multiplier = 0x5bd1e995;
        const int Shift = 24;

        var hash = Seed ^ (uint)data.Length;
        for (; data.Length >= 4; data = data[4..])
        {
            var block = BinaryPrimitives.ReadUInt32LittleEndian(data) * Multiplier;
            block = (block ^ (block >> Shift)) * Multiplier;
            hash = (hash * Multiplier) ^ block;
        }

        if (data.Length > 2) hash ^= (uint)data[2] << 16;
        if (data.Length > 1) hash ^= (uint)data[1] << 8;
        if (data.Length > 0) hash = (hash ^ data[0]) * Multiplier;

        hash = (hash ^ (hash >> 13)) * Multiplier;
        return hash ^ (hash >> 15);
    }
}
