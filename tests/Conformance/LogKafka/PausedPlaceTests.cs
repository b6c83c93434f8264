using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Log.Kafka;
using Sluice.Log.Kafka.Client;
using Sluice.Log.Kafka.Reads;
using Sluice.Log.Kafka.Topics;

namespace Sluice.Conformance.LogKafka;

/// <summary>A partition whose window filled up is read by the same client again, at another place, after the one who read it has left.</summary>
public sealed class PausedPlaceTests : IAsyncLifetime
{
    private const int Records = 400;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TopicPartition s_partition = new("t", 0);

    // A record is 1 KB, a batch four of them, and a window four batches: a twenty-fifth of the partition.
    private static readonly KafkaLogLimits s_narrow = new() { BatchBytes = 4096, PlaceBytesMin = 16_384, PlaceBytesMax = 16_384, PlacesPerPartition = 1 };

    private readonly FakeTimeProvider _time = new();
    private KafkaLogBed _bed = null!;
    private Confluent.Kafka.IAdminClient _admin = null!;
    private Places _places = null!;
    private PartitionReader _reader = null!;

    public async ValueTask InitializeAsync()
    {
        _bed = await KafkaLogBed.StartAsync();
        await _bed.Held.MakeTopicAsync("t", partitions: 2);
        for (var at = 0; at < Records; at += 100) await _bed.Held.AppendAsync(s_partition, Batches.Of(at, 100, new string('x', 1000)), default);
        await _bed.Held.AppendAsync(new("t", 1), Batches.Of(0, 1), default);
        var clients = new Clients(new KafkaLogOptions { BootstrapServers = _bed.Servers, Limits = s_narrow }, _time, NullLogger.Instance);
        _admin = clients.Admin();
        _places = new Places(clients);
        _reader = new PartitionReader(clients, _places, new OffsetLookup(clients, _admin));
    }

    public async ValueTask DisposeAsync()
    {
        _places.Dispose();
        _admin.Dispose();
        await _bed.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_place_that_was_given_up_while_paused_leaves_its_client_fit_for_the_next_one()
    {
        var lane = await FillAsync();
        _time.Advance(s_narrow.PlaceSilenceMax * 2);
        using (await _places.UseAsync(new("t", 1), 0, default)) await UntilAsync(() => !lane.Has(s_partition));
        using (var use = await _places.UseAsync(s_partition, 0, default)) use.Lane.ShouldBe(lane);
        (await CountAsync(0)).ShouldBe(Records);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_place_that_takes_the_place_of_a_paused_one_is_filled()
    {
        var lane = await FillAsync();
        using (var use = await _places.UseAsync(s_partition, 200, default)) use.Lane.ShouldBe(lane);
        (await CountAsync(200)).ShouldBe(Records - 200);
    }

    /// <summary>Reads one page from the beginning, and goes when the window is full; the client that filled it.</summary>
    private async Task<Lane> FillAsync()
    {
        (await _reader.ReadAsync(s_partition, 0, 1, default)).Bytes.IsEmpty.ShouldBeFalse();
        using var use = await _places.UseAsync(s_partition, 0, default);
        await UntilAsync(() => use.Place.IsPaused);
        return use.Lane;
    }

    private async Task<int> CountAsync(long offset)
    {
        var count = 0;
        while (offset < Records)
        {
            // The clock of the log stands still, so a read that gets nothing would not end by itself.
            var read = await _reader.ReadAsync(s_partition, offset, 1 << 20, default).AsTask().WaitAsync(s_patience);
            count += Batches.Read(read.Bytes.Span, offset, out offset).Count;
        }

        return count;
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        // The client's own thread does it, and tells nobody.
        using var asking = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        while (!isSo()) await asking.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }
}
