using Microsoft.Extensions.Logging;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>What a connection does with answers that nobody takes, with faults, and with time.</summary>
public sealed class ServedConnectionTests
{
    private static readonly KafkaLimits s_limits = new() { RequestsInFlightPerConnection = 1 };

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_client_that_goes_while_its_fetch_is_read_leaves_nothing_of_the_common_bytes_taken(int answersBefore)
    {
        await using var bed = await new ApiBed(new KafkaOptions { Limits = s_limits }).AddAsync("t", 3);
        for (var p = 0; p < 3; p++)
            (await bed.Log.AppendAsync(new TopicPartition("t", p), ApiBed.Batch(new string('x', 900_000)), default)).Error.ShouldBe(AppendError.None);
        var left = FetchBytesLeft(bed);
        for (var round = 0; round < 3; round++)
        {
            // The first answer waits for the client to read, the second for the first, and the third finds the queue full.
            using var connection = new ServedConnection(bed, unreadBytesMax: 1_000);
            bed.Files.Reading = path =>
            {
                if (path.Contains($"t-{answersBefore}", StringComparison.Ordinal)) connection.Leave();
            };
            for (var p = 0; p <= answersBefore; p++)
                await connection.SendAsync(Fetch.Api.Key, 12, isFlexible: true, w => FetchExchange.Write(w, 12, new FetchAsk { Wishes = [new FetchWish(Partition: p)] }));
            await connection.EndedAsync();
        }

        FetchBytesLeft(bed).ShouldBe(left);
        bed.Logged.Lines.ShouldBeEmpty("that a client goes is no fault");
    }

    [Fact]
    public async Task A_request_that_fails_at_the_storage_is_logged()
    {
        await using var bed = new ApiBed();
        await bed.BreakMetadataAsync();
        using var connection = new ServedConnection(bed);
        await connection.SendAsync(Metadata.Api.Key, 4, isFlexible: false, w => { w.WriteArrayLength(1); w.WriteString("new"); w.WriteBool(true); });
        await connection.EndedAsync();
        connection.IsAborted.ShouldBeTrue();
        var (level, _, fault) = bed.Logged.Lines.ShouldHaveSingleItem();
        level.ShouldBe(LogLevel.Error);
        fault.ShouldBeAssignableTo<IOException>()!.Message.ShouldContain("disk I/O error");
    }

    [Fact]
    public async Task A_disk_that_cannot_be_read_is_told_to_the_client_and_logged()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        await bed.AppendAsync("t", "a");
        bed.Files.Reading = _ => throw new IOException("Input/output error");
        using var connection = new ServedConnection(bed);
        await connection.SendAsync(Fetch.Api.Key, 4, isFlexible: false, w => FetchExchange.Write(w, 4, new FetchAsk { Wishes = [new FetchWish()] }));
        ErrorOf(await connection.ReceiveAsync()).ShouldBe(KafkaError.KafkaStorageError);
        bed.Logged.Lines.ShouldHaveSingleItem().Fault!.Message.ShouldBe("Input/output error");
    }

    [Fact]
    public async Task A_member_that_waits_for_the_others_is_not_idle()
    {
        await using var bed = new ApiBed(new KafkaOptions { InitialRebalanceDelay = TimeSpan.FromMinutes(25) });
        using (var silent = new ServedConnection(bed))
        {
            bed.Time.Advance(bed.Broker.Limits.IdleMax + TimeSpan.FromSeconds(1));
            silent.EndIfStuck();
            silent.IsAborted.ShouldBeTrue();
        }

        using var connection = new ServedConnection(bed);
        bed.Time.Advance(bed.Broker.Limits.IdleMax - TimeSpan.FromSeconds(1));
        await connection.SendAsync(JoinGroup.Api.Key, 0, isFlexible: false, Join);
        bed.Broker.Groups.Look("g", g => g.Members.Count).ShouldBe(1);
        for (var minutes = 0; minutes < 24; minutes++)
        {
            bed.Time.Advance(TimeSpan.FromMinutes(1));
            connection.EndIfStuck();
            connection.IsAborted.ShouldBeFalse();
        }

        bed.Time.Advance(TimeSpan.FromMinutes(1));
        new KafkaReader(await connection.ReceiveAsync(), isFlexible: false).ReadInt16().ShouldBe((short)KafkaError.None);
        connection.EndIfStuck();
        connection.IsAborted.ShouldBeFalse();
    }

    private static void Join(KafkaWriter w)
    {
        w.WriteString("g");
        w.WriteInt32(30_000);
        w.WriteString("");
        w.WriteString("consumer");
        w.WriteArrayLength(1);
        w.WriteString("range");
        w.WriteBytes([7]);
    }

    private static KafkaError ErrorOf(byte[] fetched)
    {
        var reader = new KafkaReader(fetched, isFlexible: false);
        (reader.ReadInt32(), reader.ReadArrayLength(), reader.ReadString(), reader.ReadArrayLength(), reader.ReadInt32()).ShouldBe((0, 1, "t", 1, 0));
        return (KafkaError)reader.ReadInt16();
    }

    private static long FetchBytesLeft(ApiBed bed)
    {
        var share = bed.Broker.FetchBytes.TakeShare(long.MaxValue);
        bed.Broker.FetchBytes.Return(share);
        return share;
    }
}
