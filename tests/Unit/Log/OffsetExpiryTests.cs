using Microsoft.Data.Sqlite;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class OffsetExpiryTests
{
    [Fact]
    public async Task Offsets_of_layout_4_stay_and_stay_so_when_a_client_commits_them_again()
    {
        await using var fixture = await LogFixture.OpenAsync(partitions: 2);
        await fixture.Log.CommitOffsetsAsync("g", [new CommittedOffset(LogFixture.T0, 7, "m")], default);
        await fixture.Log.DisposeAsync();
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(fixture.Root, "metadata.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var command = database.CreateCommand();
            command.CommandText = "DROP TABLE group_presence; ALTER TABLE committed_offset DROP COLUMN committed_ms; PRAGMA user_version = 4;";
            await command.ExecuteNonQueryAsync();
        }

        fixture.Open();
        (await fixture.Log.CommittedOffsetsAsync("g", default)).ShouldBe([new CommittedOffset(LogFixture.T0, 7, "m")]);
        await fixture.Log.CommitOffsetsAsync("g", [At(0, 8, 1_000), At(1, 9, 1_000)], default);
        (await fixture.Log.ExpireOffsetsAsync(2_000)).ShouldBe(1);
        (await fixture.Log.CommittedOffsetsAsync("g", default)).ShouldBe([new CommittedOffset(LogFixture.T0, 8, "")]);
    }

    [Fact]
    public async Task A_commit_without_a_time_takes_the_time_away()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.CommitOffsetsAsync("g", [At(0, 1, 1_000)], default);
        await fixture.Log.CommitOffsetsAsync("g", [new CommittedOffset(LogFixture.T0, 2, "")], default);
        (await fixture.Log.ExpireOffsetsAsync(2_000)).ShouldBe(0);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_takes_no_time_away()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.CommitOffsetsAsync("g", [At(0, 1, 3_000)], default);
        await fixture.Log.CommitOffsetsAsync("g", [At(0, 2, 1_000)], default);
        (await fixture.Log.ExpireOffsetsAsync(2_999)).ShouldBe(0);
        (await fixture.Log.ExpireOffsetsAsync(3_000)).ShouldBe(1);
    }

    [Fact]
    public async Task Groups_in_use_by_readers_of_the_proxy_are_kept_from_then_on()
    {
        await using var fixture = await LogFixture.OpenAsync();
        await fixture.Log.CommitOffsetsAsync("g", [At(0, 1, 1_000)], default);
        await fixture.Log.KeepOffsetsAsync(["g"], default);
        (await fixture.Log.ExpireOffsetsAsync(fixture.NowMs - 1)).ShouldBe(0);
        (await fixture.Log.ExpireOffsetsAsync(fixture.NowMs)).ShouldBe(1);
        fixture.Log.ListGroups().ShouldBeEmpty();
    }

    private static CommittedOffset At(int partition, long offset, long ms) => new(new TopicPartition("t", partition), offset, "") { CommittedMs = ms };
}
