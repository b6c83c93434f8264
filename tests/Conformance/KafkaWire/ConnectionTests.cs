using System.Text;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Conformance.KafkaWire;

public sealed class ConnectionTests
{
    private const short Produce = 0;
    private const short Fetch = 1;
    private const short Metadata = 3;
    private const short ApiVersions = 18;

    [Fact]
    public async Task Api_versions_has_a_header_of_version_0_even_when_flexible()
    {
        await using var bed = await BrokerBed.StartAsync();
        using var raw = await bed.ConnectAsync();
        await raw.SendAsync(RawKafka.Request(ApiVersions, 3, 77, isFlexible: true, w => { w.WriteString("me"); w.WriteString("1"); w.WriteTags(); }));
        var reader = new KafkaReader((await raw.ReceiveAsync())!, isFlexible: true);
        reader.ReadInt32().ShouldBe(77);
        reader.ReadInt16().ShouldBe((short)0, "a tagged field before it would shift everything");
        reader.ReadArrayLength().ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task An_unknown_version_of_api_versions_is_answered_in_the_layout_of_version_0_with_the_list()
    {
        await using var bed = await BrokerBed.StartAsync();
        using var raw = await bed.ConnectAsync();
        await raw.SendAsync(RawKafka.Request(ApiVersions, 99, 5, isFlexible: true, w => w.WriteRaw([9, 9, 9])));
        var reader = new KafkaReader((await raw.ReceiveAsync())!, isFlexible: false);
        (reader.ReadInt32(), reader.ReadInt16()).ShouldBe((5, (short)35));
        var count = reader.ReadArrayLength();
        reader.Remaining.ShouldBe(count * 6);
    }

    [Fact]
    public async Task Responses_come_in_the_order_of_the_requests()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t", 4);
        using var raw = await bed.ConnectAsync();
        var requests = Enumerable.Range(0, 200).Select(i => i % 5 == 4 ? MetadataOf(i) : ProduceOf(i, acks: -1, partition: i % 4));
        await raw.SendAsync(requests.SelectMany(r => r).ToArray());
        for (var i = 0; i < 200; i++) (await raw.ReceiveCorrelationIdAsync()).ShouldBe(i);
    }

    [Fact]
    public async Task Batches_of_one_connection_keep_their_order()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using var raw = await bed.ConnectAsync();
        await raw.SendAsync(Enumerable.Range(0, 300).SelectMany(i => ProduceOf(i, acks: 1)).ToArray());
        for (var i = 0; i < 300; i++) await raw.ReceiveCorrelationIdAsync();
        var read = await bed.Log.ReadAsync(new TopicPartition("t", 0), 0, int.MaxValue, default);
        var values = new List<string>();
        var records = new RecordReader(read.Bytes.Span, 0);
        while (records.MoveNext()) values.Add(Encoding.UTF8.GetString(records.Value.Span));
        values.ShouldBe(Enumerable.Range(0, 300).Select(i => $"value {i}"));
    }

    [Fact]
    public async Task What_was_produced_without_acks_is_seen_by_the_next_request()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using var raw = await bed.ConnectAsync();
        await raw.SendAsync(ProduceOf(1, acks: 0).Concat(MetadataOf(2)).ToArray());
        (await raw.ReceiveCorrelationIdAsync()).ShouldBe(2);
        (await bed.Log.OffsetsAsync(new TopicPartition("t", 0), default)).End.ShouldBe(1);
    }

    [Theory]
    [InlineData(Fetch, (short)17)]
    [InlineData((short)24, (short)0)]
    [InlineData((short)999, (short)0)]
    [InlineData((short)-1, (short)0)]
    public async Task An_api_or_version_that_is_not_listed_ends_the_connection(short key, short version)
    {
        await using var bed = await BrokerBed.StartAsync();
        using var raw = await bed.ConnectAsync();
        await raw.SendAsync(RawKafka.Request(key, version, 1, isFlexible: true, w => w.WriteTags()));
        (await raw.ReceiveAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData(new byte[] { 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 9, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0, 0, 0, 4, 0, 3, 0, 0, 0, 0, 0, 1 })]
    [InlineData(new byte[] { (byte)'G', (byte)'E', (byte)'T', (byte)' ', (byte)'/', (byte)' ', (byte)'H', (byte)'T', (byte)'T', (byte)'P', (byte)'/', (byte)'1' })]
    public async Task A_size_out_of_bounds_ends_the_connection_and_the_others_go_on(byte[] bytes)
    {
        await using var bed = await BrokerBed.StartAsync();
        using var good = await bed.ConnectAsync();
        using var bad = await bed.ConnectAsync();
        await bad.SendAsync(bytes);
        (await bad.ReceiveAsync()).ShouldBeNull();
        await good.SendAsync(MetadataOf(3));
        (await good.ReceiveCorrelationIdAsync()).ShouldBe(3);
    }

    [Fact]
    public async Task A_request_cut_short_ends_the_connection()
    {
        await using var bed = await BrokerBed.StartAsync();
        using var raw = await bed.ConnectAsync();
        var request = MetadataOf(1);
        request[3] -= 2;
        await raw.SendAsync(request);
        (await raw.ReceiveAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task More_connections_than_the_bound_are_closed()
    {
        await using var bed = await BrokerBed.StartAsync(new KafkaOptions { Limits = new KafkaLimits { ConnectionsMax = 1 } });
        using var first = await bed.ConnectAsync();
        await first.SendAsync(MetadataOf(1));
        await first.ReceiveCorrelationIdAsync();
        using var second = await bed.ConnectAsync();
        (await second.ReceiveAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task With_users_nothing_is_answered_before_the_right_password()
    {
        var users = new Dictionary<string, string> { ["ann"] = "secret" };
        await using var bed = await BrokerBed.StartAsync(new KafkaOptions { SaslUsers = users });
        using var early = await bed.ConnectAsync();
        await early.SendAsync(MetadataOf(1));
        (await early.ReceiveAsync()).ShouldBeNull();

        foreach (var message in (string[])["\0ann\0wrong", "bob\0ann\0secret", "\0bob\0secret"])
        {
            using var wrong = await HandshakenAsync(bed);
            (await AuthenticateAsync(wrong, message)).ShouldBe((short)58);
            (await wrong.ReceiveAsync()).ShouldBeNull("who guesses has to connect again");
        }

        using var raw = await HandshakenAsync(bed);
        (await AuthenticateAsync(raw, "\0ann\0secret")).ShouldBe((short)0);
        await raw.SendAsync(MetadataOf(9));
        (await raw.ReceiveCorrelationIdAsync()).ShouldBe(9);
    }

    private static async Task<RawKafka> HandshakenAsync(BrokerBed bed)
    {
        var raw = await bed.ConnectAsync();
        await raw.SendAsync(RawKafka.Request(17, 1, 1, isFlexible: false, w => w.WriteString("PLAIN")));
        await raw.ReceiveCorrelationIdAsync();
        return raw;
    }

    [Fact]
    public async Task A_broker_that_stops_waits_for_nobody()
    {
        var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t");
        using var raw = await bed.ConnectAsync();
        await raw.SendAsync(RawKafka.Request(Fetch, 4, 1, isFlexible: false, w =>
        {
            foreach (var number in (int[])[-1, 300_000, 1, 1_000_000]) w.WriteInt32(number);
            w.WriteInt8(0);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(0);
            w.WriteInt64(0);
            w.WriteInt32(1_000_000);
        }));
        await raw.SendAsync(MetadataOf(2));
        await bed.DisposeAsync();
        (await raw.ReceiveAsync()).ShouldBeNull();
    }

    private static async Task<short> AuthenticateAsync(RawKafka raw, string message)
    {
        await raw.SendAsync(RawKafka.Request(36, 0, 1, isFlexible: false, w => w.WriteBytes(Encoding.UTF8.GetBytes(message))));
        var reader = new KafkaReader((await raw.ReceiveAsync())!, isFlexible: false);
        reader.ReadInt32();
        return reader.ReadInt16();
    }

    private static byte[] MetadataOf(int correlationId) => RawKafka.Request(Metadata, 1, correlationId, isFlexible: false, w => w.WriteArrayLength(0));

    private static byte[] ProduceOf(int correlationId, short acks, int partition = 0) =>
        RawKafka.Request(Produce, 3, correlationId, isFlexible: false, w =>
        {
            var builder = new RecordBatchBuilder();
            builder.Append(1_000, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes($"value {correlationId}")));
            w.WriteNullableString(null);
            w.WriteInt16(acks);
            w.WriteInt32(1_000);
            w.WriteArrayLength(1);
            w.WriteString("t");
            w.WriteArrayLength(1);
            w.WriteInt32(partition);
            w.WriteBytes(builder.Build().Span);
        });
}
