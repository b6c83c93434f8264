using System.IO.Pipelines;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Fetching;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>What a fetch takes from the heap, and from the bytes that all fetches may have.</summary>
[Collection(nameof(FetchMemoryTests))]
[CollectionDefinition(nameof(FetchMemoryTests), DisableParallelization = true)]
public sealed class FetchMemoryTests(ITestOutputHelper report)
{
    private const int BatchBytes = 250_000;

    /// <summary>Bytes of the heap for each MiB that is fetched and sent: 8 KiB. Batches come and go in pooled memory.</summary>
    private const double AllocatedPerMiBMax = 8 << 10;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Records_take_no_memory_of_the_heap_on_their_way(int partitions)
    {
        await using var bed = await FilledAsync(partitions);
        var output = PipeWriter.Create(Stream.Null);
        // What is pooled is taken once, and code is compiled.
        for (var round = 0; round < 8; round++) await SendAsync(bed, partitions, output);
        var (before, bytes, thread) = (GC.GetAllocatedBytesForCurrentThread(), 0L, Environment.CurrentManagedThreadId);
        for (var round = 0; round < 64; round++)
        {
            var sending = SendAsync(bed, partitions, output);
            sending.IsCompleted.ShouldBeTrue("nothing waits, so that the count of this thread is that of the fetch");
            bytes += await sending;
        }

        Environment.CurrentManagedThreadId.ShouldBe(thread);
        var perMiB = (GC.GetAllocatedBytesForCurrentThread() - before) / (bytes / 1048576.0);
        report.WriteLine($"{bytes >> 20} MiB fetched, {perMiB:F0} bytes of the heap per MiB");
        bytes.ShouldBeGreaterThan(64 * 900_000L);
        perMiB.ShouldBeLessThan(AllocatedPerMiBMax);
    }

    [Fact]
    public async Task What_a_fetch_took_of_the_common_bytes_is_given_back_when_it_is_sent()
    {
        await using var bed = await FilledAsync(2);
        var whole = bed.Broker.FetchBytes.TakeShare(long.MaxValue);
        bed.Broker.FetchBytes.Return(whole);
        var output = PipeWriter.Create(Stream.Null);
        for (var round = 0; round < 3; round++) await SendAsync(bed, 2, output);
        var again = bed.Broker.FetchBytes.TakeShare(long.MaxValue);
        bed.Broker.FetchBytes.Return(again);
        again.ShouldBe(whole);
    }

    [Fact]
    public void What_sessions_are_said_to_take_is_what_they_take()
    {
        var sessions = new FetchSessions(new KafkaLimits { FetchSessionsMax = 100_000 }, TimeProvider.System);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var count in (int[])[1, 7, 100, 1_000, 10_000, 30_000])
        {
            var request = new FetchRequest(0, 0, 0, default, 0, 0)
            {
                Partitions = [.. Enumerable.Range(0, count).Select(n => new FetchPartition(new($"{n:D60}", default), n, 0, 0, 0))],
            };
            sessions.Complete(request, sessions.Begin(request), []).SessionId.ShouldNotBe(0);
        }

        // The names and topics are one per partition here, which is the most that a client can make of it.
        var taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        (taken / (double)sessions.Bytes).ShouldBeInRange(0.6, 1.2, $"{taken} bytes are taken, {sessions.Bytes} were counted");
    }

    private static async Task<ApiBed> FilledAsync(int partitions)
    {
        var bed = await ApiBed.WithTopicAsync("t", partitions);
        for (var partition = 0; partition < partitions; partition++)
            for (var n = 0; n < 4; n++)
                (await bed.Log.AppendAsync(new TopicPartition("t", partition), ApiBed.Batch(new string('x', BatchBytes)), default)).Error.ShouldBe(AppendError.None);
        return bed;
    }

    /// <summary>Fetches a MiB of all partitions together and sends it; the bytes sent.</summary>
    private static async Task<int> SendAsync(ApiBed bed, int partitions, PipeWriter output)
    {
        using var body = new KafkaWriter(isFlexible: true);
        var wishes = Enumerable.Range(0, partitions).Select(n => new FetchWish(Partition: n, BytesMax: (1 << 20) / partitions)).ToArray();
        FetchExchange.Write(body, 12, new FetchAsk { Wishes = wishes });
        using var response = new KafkaWriter(isFlexible: true);
        await Fetch.Api.AnswerAsync(new KafkaCall
        {
            Broker = bed.Broker,
            Header = new RequestHeader(1, 12, 1, "tests", 0),
            Body = body.ToFrame().AsMemory(sizeof(int)),
            Response = response,
            Sasl = new SaslSession(bed.Broker.SaslUsers),
            ClientHost = "/127.0.0.1",
            Cancel = default,
        });
        var sent = response.Length;
        await response.SendAsync(output, default);
        return sent;
    }
}
