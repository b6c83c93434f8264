using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

/// <summary>A partition in a Fetch request; by name below version 13, by id from then on.</summary>
internal sealed record FetchWish(string Topic = "t", int Partition = 0, long Offset = 0, Guid Id = default, int LeaderEpoch = -1, int BytesMax = 1 << 20);

/// <summary>A Fetch request; without a session unless told.</summary>
internal sealed record FetchAsk
{
    public int WaitMs { get; init; }

    public int BytesMin { get; init; } = 1;

    public int BytesMax { get; init; } = 1 << 20;

    public int SessionId { get; init; }

    public int SessionEpoch { get; init; } = -1;

    public FetchWish[] Wishes { get; init; } = [];

    public FetchWish[] Forgotten { get; init; } = [];
}

internal sealed record FetchedPart(string? Topic, Guid Id, int Partition, KafkaError Error, long Start, long End, byte[] Batches);

internal sealed record FetchAnswer(KafkaError Error, int SessionId, IReadOnlyList<FetchedPart> Parts)
{
    public FetchedPart Part => Parts.ShouldHaveSingleItem();
}

/// <summary>Asks Fetch and reads its answer, to the last byte.</summary>
internal static class FetchExchange
{
    public static async Task<FetchAnswer> FetchAsync(this ApiBed bed, short version, FetchAsk ask)
    {
        if (version >= 13) ask = ask with { Wishes = await WithIdsAsync(bed, ask.Wishes), Forgotten = await WithIdsAsync(bed, ask.Forgotten) };
        return Read(await bed.AskAsync(Fetch.Api, version, w => Write(w, version, ask)), version);
    }

    public static void Write(KafkaWriter w, short version, FetchAsk ask)
    {
        if (version <= 14) w.WriteInt32(-1);
        w.WriteInt32(ask.WaitMs);
        w.WriteInt32(ask.BytesMin);
        w.WriteInt32(ask.BytesMax);
        w.WriteInt8(0);
        if (version >= 7) w.WriteInt32(ask.SessionId);
        if (version >= 7) w.WriteInt32(ask.SessionEpoch);
        w.WriteArrayLength(ask.Wishes.Length);
        foreach (var wish in ask.Wishes) Write(w, version, wish);
        if (version >= 7)
        {
            w.WriteArrayLength(ask.Forgotten.Length);
            foreach (var wish in ask.Forgotten)
            {
                WriteTopic(w, version, wish);
                w.WriteInt32Array([wish.Partition]);
                w.WriteTags();
            }
        }

        if (version >= 11) w.WriteString("");
        w.WriteTags();
    }

    private static async Task<FetchWish[]> WithIdsAsync(ApiBed bed, FetchWish[] wishes)
    {
        var ids = (await bed.Log.ListTopicsAsync(default)).ToDictionary(t => t.Name, t => t.Id);
        return [.. wishes.Select(wish => wish.Id == default ? wish with { Id = ids.GetValueOrDefault(wish.Topic) } : wish)];
    }

    private static void Write(KafkaWriter w, short version, FetchWish wish)
    {
        WriteTopic(w, version, wish);
        w.WriteArrayLength(1);
        w.WriteInt32(wish.Partition);
        if (version >= 9) w.WriteInt32(wish.LeaderEpoch);
        w.WriteInt64(wish.Offset);
        if (version >= 12) w.WriteInt32(-1);
        if (version >= 5) w.WriteInt64(-1);
        w.WriteInt32(wish.BytesMax);
        w.WriteTags();
        w.WriteTags();
    }

    private static void WriteTopic(KafkaWriter w, short version, FetchWish wish)
    {
        if (version >= 13) w.WriteUuid(wish.Id);
        else w.WriteString(wish.Topic);
    }

    private static FetchAnswer Read(Answer answer, short version)
    {
        var reader = answer.Reader();
        reader.ReadInt32();
        var error = version >= 7 ? (KafkaError)reader.ReadInt16() : KafkaError.None;
        var sessionId = version >= 7 ? reader.ReadInt32() : 0;
        var parts = new List<FetchedPart>();
        for (var topics = reader.ReadArrayLength(); topics > 0; topics--)
        {
            var (name, id) = version >= 13 ? (null, reader.ReadUuid()) : (reader.ReadString(), Guid.Empty);
            for (var left = reader.ReadArrayLength(); left > 0; left--) parts.Add(ReadPart(ref reader, version, name, id));
            reader.SkipTags();
        }

        reader.SkipTags();
        reader.Remaining.ShouldBe(0);
        return new FetchAnswer(error, sessionId, parts);
    }

    private static FetchedPart ReadPart(ref KafkaReader reader, short version, string? name, Guid id)
    {
        var index = reader.ReadInt32();
        var (error, end) = ((KafkaError)reader.ReadInt16(), reader.ReadInt64());
        reader.ReadInt64().ShouldBe(end);
        var start = version >= 5 ? reader.ReadInt64() : -1;
        reader.ReadArrayLength().ShouldBe(0);
        if (version >= 11) reader.ReadInt32().ShouldBe(-1);
        var batches = reader.ReadBytes().ToArray();
        reader.SkipTags();
        return new FetchedPart(name, id, index, error, start, end, batches);
    }
}
