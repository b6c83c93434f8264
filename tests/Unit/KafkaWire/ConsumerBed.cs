using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>Heartbeats of the consumer protocol as bytes, against the APIs; partitions are named "topic-number".</summary>
internal sealed class ConsumerBed : IAsyncDisposable
{
    private readonly Dictionary<Guid, string> _names = [];

    private ConsumerBed(ApiBed api) => Api = api;

    public ApiBed Api { get; }

    public ConsumerGroupState State => Api.Broker.Groups.LookAtConsumers("g", g => g.State);

    public static async Task<ConsumerBed> StartAsync(int partitions = 1, KafkaOptions? options = null) =>
        new(await new ApiBed(options).AddAsync("t", partitions));

    public Task<Told> JoinAsync(string member) => SendAsync(new Beat(member, 0) { Topics = ["t"] });

    /// <summary>A heartbeat that says nothing new; without partitions it does not say what it has.</summary>
    public Task<Told> BeatAsync(string member, int epoch, params string[] owned) =>
        SendAsync(new Beat(member, epoch) { RebalanceMs = -1, Owned = owned.Length == 0 ? null : owned });

    public async Task<Told> SendAsync(Beat beat)
    {
        foreach (var topic in await Api.Log.ListTopicsAsync(default)) _names[topic.Id] = topic.Name;
        var answer = await Api.AskAsync(ConsumerGroupHeartbeat.Api, beat.Version, body => Write(body, beat));
        return Read(answer.Reader());
    }

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    private void Write(KafkaWriter body, Beat beat)
    {
        body.WriteString(beat.Group);
        body.WriteString(beat.Member);
        body.WriteInt32(beat.Epoch);
        body.WriteNullableString(beat.Instance);
        body.WriteNullableString(null);
        body.WriteInt32(beat.RebalanceMs);
        if (beat.Topics is null) body.WriteNullArray();
        else body.WriteArrayLength(beat.Topics.Length);
        foreach (var topic in beat.Topics ?? []) body.WriteString(topic);
        if (beat.Version >= 1) body.WriteNullableString(beat.Regex);
        body.WriteNullableString(beat.Assignor);
        if (beat.Owned is null) body.WriteNullArray();
        else WriteOwned(body, beat.Owned);
        body.WriteTags();
    }

    private void WriteOwned(KafkaWriter body, string[] owned)
    {
        body.WriteArrayLength(owned.Length);
        foreach (var partition in owned)
        {
            var at = partition.LastIndexOf('-');
            body.WriteUuid(_names.First(n => n.Value == partition[..at]).Key);
            body.WriteInt32Array([int.Parse(partition[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture)]);
            body.WriteTags();
        }
    }

    private Told Read(KafkaReader reader)
    {
        reader.ReadInt32().ShouldBe(0, "nobody is held back");
        var told = new Told((KafkaError)reader.ReadInt16(), reader.ReadNullableString(), reader.ReadNullableString(), reader.ReadInt32(), reader.ReadInt32(), null);
        if (reader.ReadInt8() >= 0)
        {
            var assignment = new List<string>();
            for (var count = reader.ReadArrayLength(); count > 0; count--)
            {
                var name = _names[reader.ReadUuid()];
                assignment.AddRange(reader.ReadInt32Array().Select(p => $"{name}-{p}"));
                reader.SkipTags();
            }

            reader.SkipTags();
            told = told with { Assignment = string.Join(' ', assignment.Order(StringComparer.Ordinal)) };
        }

        reader.SkipTags();
        reader.Remaining.ShouldBe(0);
        return told;
    }
}

/// <summary>A heartbeat to be sent; it is a full one unless it says less.</summary>
internal sealed record Beat(string Member, int Epoch)
{
    public string Group { get; init; } = "g";

    public short Version { get; init; } = 1;

    public string? Instance { get; init; }

    public int RebalanceMs { get; init; } = 60_000;

    public string[]? Topics { get; init; }

    public string? Regex { get; init; }

    public string? Assignor { get; init; }

    public string[]? Owned { get; init; } = [];
}

/// <summary>What a heartbeat was answered; the partitions in order, with a space between them.</summary>
internal sealed record Told(KafkaError Error, string? Message, string? MemberId, int Epoch, int HeartbeatMs, string? Assignment);
