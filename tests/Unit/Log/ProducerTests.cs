using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Testing;
using Sluice.Unit.KafkaWire;

namespace Sluice.Unit.Log;

public sealed class ProducerTests
{
    [Fact]
    public async Task A_copy_within_one_round_is_stored_once()
    {
        await using var log = await LogFixture.OpenAsync();
        var (first, second) = (AppendAsync(log.Log, 0), AppendAsync(log.Log, 0));
        (await Task.WhenAll(first, second)).ShouldAllBe(r => r == new AppendResult(AppendError.None, 0));
        (await log.ReadAsync()).ShouldBe(["v0"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_sequence_goes_on_after_the_end_of_the_process(bool isCrash)
    {
        await using var log = await LogFixture.OpenAsync();
        for (var i = 0; i < 8; i++)
        {
            (await AppendAsync(log.Log, i)).ShouldBe(new AppendResult(AppendError.None, i));
            // What is in the file of the producers, and what has to be read from the segment behind it.
            if (i == 4) await log.Log.MaintainAsync();
        }

        using var folder = new TemporaryFolder();
        if (!isCrash) await log.ReopenAsync();
        // A copy of the files as they lie is what a killed process leaves.
        folder.CopyOf(log.Root);
        await using var after = EmbeddedLog.Open(new EmbeddedLogOptions { Directory = folder.Path }, OsFileSystem.Instance, log.Time, NullLogger.Instance);
        for (var i = 3; i < 8; i++) (await AppendAsync(after, i)).ShouldBe(new AppendResult(AppendError.None, i));
        (await AppendAsync(after, 9)).Error.ShouldBe(AppendError.OutOfOrderSequence);
        (await AppendAsync(after, 0, epoch: -1)).Error.ShouldBe(AppendError.CorruptMessage);
        (await AppendAsync(after, 8)).ShouldBe(new AppendResult(AppendError.None, 8));
    }

    [Fact]
    public async Task Sequences_go_on_at_zero_after_the_largest_number()
    {
        await using var log = await LogFixture.OpenAsync();
        (await AppendAsync(log.Log, int.MaxValue)).BaseOffset.ShouldBe(0);
        (await AppendAsync(log.Log, 0)).BaseOffset.ShouldBe(1);
        (await AppendAsync(log.Log, int.MaxValue)).BaseOffset.ShouldBe(0);
    }

    [Fact]
    public async Task A_producer_silent_for_a_day_is_forgotten()
    {
        await using var log = await LogFixture.OpenAsync(1, ("retention.ms", "-1"));
        await AppendAsync(log.Log, 0);
        log.Time.Advance(TimeSpan.FromHours(25));
        await log.Log.MaintainAsync();
        (await AppendAsync(log.Log, 5)).ShouldBe(new AppendResult(AppendError.None, 1));
    }

    [Fact]
    public async Task A_flood_of_producers_takes_bounded_room()
    {
        await using var log = new LogFixture();
        log.Open(new EmbeddedLogOptions { Directory = "", Limits = new LogLimits { ProducersPerPartitionMax = 10 } });
        await log.CreateAsync("t", 1);
        for (var id = 0; id < 50; id++)
        {
            log.Time.Advance(TimeSpan.FromSeconds(1));
            (await AppendAsync(log.Log, 0, id: id)).Error.ShouldBe(AppendError.None);
        }

        (await AppendAsync(log.Log, 0, id: 49)).BaseOffset.ShouldBe(49, "the last ones are remembered");
        (await AppendAsync(log.Log, 0, id: 0)).BaseOffset.ShouldBe(50, "the first ones are not");
    }

    [Fact]
    public async Task Damage_to_the_file_of_the_producers_loses_no_record()
    {
        await using var log = await LogFixture.OpenAsync();
        for (var i = 0; i < 3; i++) await AppendAsync(log.Log, i);
        await log.Log.DisposeAsync();
        var file = Path.Combine(log.Root, "t-0", "producers");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[10] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        log.Open();
        (await log.ReadAsync()).ShouldBe(["v0", "v1", "v2"]);
        (await AppendAsync(log.Log, 3)).ShouldBe(new AppendResult(AppendError.None, 3));
    }

    private static async Task<AppendResult> AppendAsync(EmbeddedLog log, int sequence, short epoch = 0, long id = 1)
    {
        var builder = new RecordBatchBuilder();
        builder.Append(1_000, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes($"v{sequence}")));
        return await log.AppendAsync(LogFixture.T0, builder.Build().ToArray().WithProducer(id, epoch, sequence), default);
    }
}
