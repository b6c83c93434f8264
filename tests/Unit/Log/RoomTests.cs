using Sluice.Bytes;
using Sluice.Log;
using Sluice.Testing;
using Sluice.Unit.Schedule;

namespace Sluice.Unit.Log;

/// <summary>Zeros ahead of the records, which make the sync of small rounds cheap.</summary>
public sealed class RoomTests
{
    private const string Segment = "/log/t-0/00000000000000000000.log";
    private static readonly EmbeddedLogOptions s_options = new() { Directory = "/log", Limits = new() { RoomBytes = 10_000 } };

    private static async Task<(LogFixture Fixture, SimulatedFileSystem Disk)> OpenAsync(EmbeddedLogOptions options)
    {
        var disk = new SimulatedFileSystem(seed: 1);
        return (await LogFixture.OpenSteppedAsync(disk, options), disk);
    }

    private static void AppendRounds(LogFixture fixture, int rounds, int bytes = 10)
    {
        for (var i = 0; i < rounds; i++)
        {
            var task = fixture.Log.AppendAsync(LogFixture.T0, LogFixture.Batch(1, new string('.', bytes)), default);
            fixture.Log.RunRound();
            LogFixture.AtOnce(task).Error.ShouldBe(AppendError.None);
        }
    }

    private static long LengthOf(SimulatedFileSystem disk, string path)
    {
        using var file = disk.Open(path, FileOpen.Read);
        return file.Length;
    }

    private static int BatchBytes(int bytes) => LogFixture.Batch(1, new string('.', bytes)).Length;

    [Fact]
    public async Task A_few_rounds_make_no_room_and_more_make_it_once_for_many()
    {
        var (fixture, disk) = await OpenAsync(s_options);
        await using var _ = fixture;
        AppendRounds(fixture, 7);
        LengthOf(disk, Segment).ShouldBe(7 * BatchBytes(10));
        AppendRounds(fixture, 1);
        var made = (8 * BatchBytes(10)) + 10_000;
        LengthOf(disk, Segment).ShouldBe(made);
        AppendRounds(fixture, 100);
        LengthOf(disk, Segment).ShouldBe(made);
        AppendRounds(fixture, 100);
        LengthOf(disk, Segment).ShouldBeGreaterThan(made);
        (await fixture.ReadAsync()).Count.ShouldBe(208);
    }

    [Fact]
    public async Task Large_rounds_make_no_room()
    {
        var (fixture, disk) = await OpenAsync(s_options with { Limits = s_options.Limits with { SmallRoundBytes = 1_000 } });
        await using var _ = fixture;
        AppendRounds(fixture, 20, bytes: 2_000);
        LengthOf(disk, Segment).ShouldBe(20 * BatchBytes(2_000));
    }

    [Fact]
    public async Task Without_fsync_there_is_no_sync_to_make_cheap()
    {
        var (fixture, disk) = await OpenAsync(s_options with { Durability = Durability.None });
        await using var _ = fixture;
        AppendRounds(fixture, 20);
        LengthOf(disk, Segment).ShouldBe(20 * BatchBytes(10));
    }

    [Fact]
    public async Task A_closed_log_and_a_sealed_segment_end_with_their_last_batch()
    {
        var (fixture, disk) = await OpenAsync(s_options with { TopicDefaults = new Dictionary<string, string> { ["segment.bytes"] = "3000" } });
        AppendRounds(fixture, 60);
        await fixture.DisposeAsync();
        var files = disk.ListFiles("/log/t-0").Where(file => file.EndsWith(".log", StringComparison.Ordinal)).ToList();
        files.Count.ShouldBeGreaterThan(1);
        files.Sum(file => LengthOf(disk, $"/log/t-0/{file}")).ShouldBe(60 * BatchBytes(10));
        files.ShouldAllBe(file => LengthOf(disk, $"/log/t-0/{file}") <= 3000);
    }

    [Fact]
    public async Task After_a_loss_of_power_the_room_is_cut_off_without_a_word_of_lost_appends()
    {
        var (fixture, disk) = await OpenAsync(s_options);
        await using var _ = fixture;
        AppendRounds(fixture, 30);
        disk.Restart();
        var told = new RecordingLogger();
        fixture.OpenStepped(disk, s_options, told);
        LengthOf(disk, Segment).ShouldBe(30 * BatchBytes(10));
        (await fixture.ReadAsync()).Count.ShouldBe(30);
        told.Entries.ShouldBeEmpty();
    }
}
