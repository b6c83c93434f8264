using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.KafkaWire.Fetching;

/// <summary>A topic as the request names it: by name below version 13, by id from then on.</summary>
internal sealed record FetchTopic(string? Name, Guid Id);

/// <summary>A partition that is asked for, and of its offsets those that the client was told by the session it belongs to.</summary>
internal readonly record struct FetchPartition(
    FetchTopic Topic, int Index, int LeaderEpoch, long Offset, int BytesMax, long ToldStart = FetchPartition.Untold, long ToldEnd = FetchPartition.Untold)
{
    /// <summary>An offset that no partition has, so that it is told next time.</summary>
    public const long Untold = -2;
}

/// <summary>The fields of a Fetch request that mean something to this broker.</summary>
internal sealed record FetchRequest(int WaitMaxMs, int BytesMin, int BytesMax, ReadIsolation Isolation, int SessionId, int SessionEpoch)
{
    /// <summary>The epoch of a request that names everything it wants and asks for a session.</summary>
    public const int InitialEpoch = 0;

    /// <summary>The epoch of a request that names everything it wants and ends the session.</summary>
    public const int FinalEpoch = -1;

    /// <summary>Topics are named by ids, version 13 and on.</summary>
    public bool UsesIds { get; init; }

    /// <summary>In the order of the request.</summary>
    public FetchPartition[] Partitions { get; init; } = [];

    /// <summary>What is to leave the session.</summary>
    public (FetchTopic Topic, int Index)[] Forgotten { get; init; } = [];

    /// <exception cref="InvalidDataException">The bytes are no request.</exception>
    public static FetchRequest Read(KafkaCall call)
    {
        var reader = call.Reader();
        var version = call.Version;
        if (version <= 14) reader.ReadInt32();
        var (waitMaxMs, bytesMin, bytesMax) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var isolation = reader.ReadInt8() == (sbyte)ReadIsolation.Committed ? ReadIsolation.Committed : ReadIsolation.Uncommitted;
        var sessionId = version >= 7 ? reader.ReadInt32() : 0;
        var sessionEpoch = version >= 7 ? reader.ReadInt32() : FinalEpoch;
        var partitions = ReadPartitions(ref reader, version);
        var forgotten = version >= 7 ? ReadForgotten(ref reader, version) : [];
        return new FetchRequest(waitMaxMs, bytesMin, bytesMax, isolation, sessionId, sessionEpoch)
        {
            UsesIds = version >= 13,
            Partitions = partitions,
            Forgotten = forgotten,
        };
    }

    private static FetchPartition[] ReadPartitions(ref KafkaReader reader, short version)
    {
        var partitions = new List<FetchPartition>();
        for (var topics = reader.ReadArrayLength(); topics > 0; topics--)
        {
            var topic = ReadTopic(ref reader, version);
            for (var left = reader.ReadArrayLength(); left > 0; left--)
            {
                var index = reader.ReadInt32();
                var leaderEpoch = version >= 9 ? reader.ReadInt32() : -1;
                var offset = reader.ReadInt64();
                if (version >= 12) reader.ReadInt32();
                if (version >= 5) reader.ReadInt64();
                partitions.Add(new FetchPartition(topic, index, leaderEpoch, offset, reader.ReadInt32()));
                reader.SkipTags();
            }

            reader.SkipTags();
        }

        return [.. partitions];
    }

    private static (FetchTopic Topic, int Index)[] ReadForgotten(ref KafkaReader reader, short version)
    {
        var forgotten = new List<(FetchTopic, int)>();
        for (var topics = reader.ReadArrayLength(); topics > 0; topics--)
        {
            var topic = ReadTopic(ref reader, version);
            foreach (var index in reader.ReadInt32Array()) forgotten.Add((topic, index));
            reader.SkipTags();
        }

        return [.. forgotten];
    }

    private static FetchTopic ReadTopic(ref KafkaReader reader, short version) =>
        version >= 13 ? new FetchTopic(null, reader.ReadUuid()) : new FetchTopic(reader.ReadString(), Guid.Empty);
}
