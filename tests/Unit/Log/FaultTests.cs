using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Log.Metadata;
using Sluice.Log.Partitions;
using Sluice.Log.Records;
using Sluice.Log.Segments;
using Sluice.Log.Topics;
using Sluice.Testing;
using Sluice.Unit.Schedule;

namespace Sluice.Unit.Log;

/// <summary>What disks and power do to the log, one fault at a time.</summary>
public sealed class FaultTests
{
    private const int Seeds = 40;
    private const string Directory = "/log";

    public static TheoryData<Durability> Lazy => new() { Durability.Interval, Durability.None };

    [Theory]
    [MemberData(nameof(Lazy))]
    public async Task A_loss_of_power_after_records_were_deleted_leaves_a_log_that_opens(Durability durability)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var disk = new SimulatedFileSystem(seed);
            var options = new EmbeddedLogOptions { Directory = Directory, Durability = durability };
            await using var fixture = await LogFixture.OpenSteppedAsync(disk, options);
            for (var i = 0; i < 20; i++) await AppendAsync(fixture, $"{i}");
            (await fixture.Log.DeleteRecordsAsync(LogFixture.T0, 15, default)).ShouldBe(15);
            disk.Restart();
            fixture.OpenStepped(disk, options);
            (await fixture.Log.OffsetsAsync(LogFixture.T0, default)).ShouldBe(new PartitionOffsets(15, 20), $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Lazy))]
    public async Task A_marker_that_was_answered_outlives_a_loss_of_power_whatever_the_durability(Durability durability)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var disk = new SimulatedFileSystem(seed);
            var options = new EmbeddedLogOptions { Directory = Directory, Durability = durability };
            await using var fixture = await LogFixture.OpenSteppedAsync(disk, options);
            (await StepAsync(fixture, TransactionsTests.WriteAsync(fixture.Log, 1, 0, "a"))).Error.ShouldBe(AppendError.None);
            (await StepAsync(fixture, TransactionsTests.MarkAsync(fixture.Log, new TransactionMarker(1, 0, IsCommit: true)))).Error.ShouldBe(AppendError.None);
            disk.Restart();
            fixture.OpenStepped(disk, options);
            fixture.Log.WatermarksOf(LogFixture.T0).ShouldBe(new Watermarks(0, 2, 2), $"seed {seed}");
        }
    }

    [Fact]
    public void A_write_that_fails_while_the_partition_is_closed_is_answered_and_told()
    {
        var disk = new SimulatedFileSystem(seed: 1);
        var told = new RecordingLogger();
        var queue = new AppendQueue(10, 1 << 20);
        using var metadata = MetadataStore.Open(":memory:");
        using var files = new OpenFiles(disk, 10);
        using var buffer = new ByteWriter();
        var storage = new PartitionStorage(disk, TimeProvider.System, metadata, files, told);
        var writer = WriterOf(storage, queue, buffer);
        var batch = LogFixture.Batch(1, "a");
        RecordBatchCheck.Check(batch, 1 << 20, out var checkedBatch).ShouldBe(AppendError.None);
        queue.TryEnqueue(batch, checkedBatch, out var append, out _).ShouldBe(AppendError.None);
        disk.FailureRate = 1;
        Should.Throw<IOException>(writer.Close);
        LogFixture.AtOnce(append).Error.ShouldBe(AppendError.StorageError);
        told.Entries.ShouldHaveSingleItem().Text.ShouldContain("stopped");
    }

    [Fact]
    public async Task A_disk_without_a_place_for_room_takes_records_as_long_as_it_has_one_for_them()
    {
        var disk = new FullDisk(new SimulatedFileSystem(seed: 1));
        var options = new EmbeddedLogOptions { Directory = Directory, Limits = new() { RoomBytes = 10_000 } };
        await using var fixture = await LogFixture.OpenSteppedAsync(disk, options);
        var refused = 0;
        disk.Refuses = (_, bytes) => bytes > 5_000 && ++refused > 0;
        for (var i = 0; i < 60; i++) await AppendAsync(fixture, "0123456789");
        refused.ShouldBe(1, "room is asked for again when it would be used up");
        using (var file = disk.Open($"{Directory}/t-0/00000000000000000000.log", FileOpen.Read)) file.Length.ShouldBe(60 * LogFixture.Batch(1, "0123456789").Length);
        for (var i = 0; i < 200; i++) await AppendAsync(fixture, "0123456789");
        refused.ShouldBeInRange(2, 3);
        (await fixture.ReadAsync()).Count.ShouldBe(260);
    }

    [Fact]
    public async Task A_disk_without_a_place_for_the_indexes_of_a_compacted_segment_does_not_stop_the_partition()
    {
        var disk = new FullDisk(OsFileSystem.Instance);
        var configs = new Dictionary<string, string> { ["cleanup.policy"] = "compact", ["segment.bytes"] = "3000", ["min.cleanable.dirty.ratio"] = "0" };
        var options = new EmbeddedLogOptions { Directory = "", TopicDefaults = configs };
        await using var fixture = await LogFixture.OpenSteppedAsync(disk, options);
        for (var i = 0; i < 100; i++) await AppendAsync(fixture, $"{i}", $"k{i % 5}");
        disk.Refuses = (path, _) => path.EndsWith("index", StringComparison.Ordinal);
        // The passes ask the writer, who works when it is told to: without threads that is the same thread.
        await fixture.Log.CompactAsync();
        disk.Refuses = (_, _) => false;
        var left = await fixture.ReadAsync();
        left.Count.ShouldBeLessThan(60);
        await AppendAsync(fixture, "last", "k");
        fixture.OpenStepped(disk, options);
        (await fixture.ReadAsync()).ShouldBe([.. left, "last"]);
    }

    [Fact]
    public async Task A_compaction_that_finds_no_place_leaves_nothing_behind()
    {
        var disk = new FullDisk(OsFileSystem.Instance);
        var configs = new Dictionary<string, string> { ["cleanup.policy"] = "compact", ["segment.bytes"] = "3000", ["min.cleanable.dirty.ratio"] = "0" };
        await using var fixture = await LogFixture.OpenSteppedAsync(disk, new EmbeddedLogOptions { Directory = "", TopicDefaults = configs });
        for (var i = 0; i < 100; i++) await AppendAsync(fixture, $"{i}", $"k{i % 5}");
        disk.Refuses = (path, _) => path.EndsWith(SegmentName.CleanedSuffix, StringComparison.Ordinal);
        await fixture.Log.CompactAsync();
        fixture.Files(SegmentName.CleanedSuffix).ShouldBeEmpty();
        (await fixture.ReadAsync()).Count.ShouldBe(100);
    }

    [Fact]
    public async Task Metadata_that_cannot_be_read_is_an_IOException_like_one_that_cannot_be_written()
    {
        await using var fixture = await LogFixture.OpenAsync();
        foreach (var table in (string[])["committed_offset", "producer_transaction", "consumer_group", "account_setting"]) await HideAsync(fixture, table);
        Should.Throw<IOException>(fixture.Log.ListGroups).Message.ShouldContain("metadata.db");
        Should.Throw<IOException>(fixture.Log.StoredTransactions);
        Should.Throw<IOException>(fixture.Log.StoredConsumerGroups);
        Should.Throw<IOException>(() => fixture.Log.FindAccountSetting("x"));
        await Should.ThrowAsync<IOException>(async () => await fixture.Log.CommittedOffsetsAsync("g", default));
    }

    [Fact]
    public void A_commit_that_comes_behind_the_deletion_of_its_topic_says_so()
    {
        using var metadata = MetadataStore.Open(":memory:");
        var topic = new TopicDescription(Guid.NewGuid(), "t", 1, new Dictionary<string, string>());
        metadata.InsertTopic(topic, TopicState.Live, 0);
        var offset = new CommittedOffset(LogFixture.T0, 7, "");
        var record = new TransactionRecord("id", 1, 0, -1, 1_000, TransactionStatus.Ongoing, 0, 0);
        metadata.DeleteTopic(topic.Id);
        Should.Throw<UnknownTopicPartitionException>(() => metadata.CommitOffsets("g", [(topic.Id, offset)])).Message.ShouldContain("'t'");
        Should.Throw<UnknownTopicPartitionException>(() => metadata.SaveTransaction(record, [new(LogFixture.T0, topic.Id)], [], []));
        Should.Throw<UnknownTopicPartitionException>(() => metadata.SaveTransaction(record, [], ["g"], [(topic.Id, new TransactionOffset("g", offset))]));
        metadata.Transactions().ShouldBeEmpty("nothing of it is stored");
        metadata.CommittedOffsets("g").ShouldBeEmpty();
    }

    private static async Task AppendAsync(LogFixture fixture, string value, string? key = null)
    {
        var builder = new RecordBatchBuilder();
        builder.Append(1_000, key is null ? RecordBytes.Null : RecordBytes.Of(Encoding.UTF8.GetBytes(key)), RecordBytes.Of(Encoding.UTF8.GetBytes(value)));
        (await StepAsync(fixture, fixture.Log.AppendAsync(LogFixture.T0, builder.Build().ToArray(), default).AsTask())).Error.ShouldBe(AppendError.None);
    }

    private static async Task<AppendResult> StepAsync(LogFixture fixture, Task<AppendResult> append)
    {
        fixture.Log.RunRound();
        return await append;
    }

    private static PartitionWriter WriterOf(PartitionStorage storage, AppendQueue queue, ByteWriter buffer)
    {
        var limits = new LogLimits();
        storage.Files.CreateDirectory(Directory);
        PartitionWriter.Create(storage.Files, Directory, baseOffset: 0);
        var recovered = new PartitionRecovery(storage, Directory, 0, limits).Open();
        var config = TopicConfig.TryParse(new Dictionary<string, string>(), new Dictionary<string, string>(), out _)!;
        var partition = new Partition(LogFixture.T0, queue, recovered.Segments, default);
        return new PartitionWriter(partition, new PartitionSettings(Directory, Guid.Empty, config, Durability.Fsync, limits, buffer), storage, recovered);
    }

    private static async Task HideAsync(LogFixture fixture, string table)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(fixture.Root, "metadata.db")};Pooling=False");
        await database.OpenAsync();
        await using var command = database.CreateCommand();
        command.CommandText = $"ALTER TABLE {table} RENAME TO hidden_{table}";
        await command.ExecuteNonQueryAsync();
    }
}
