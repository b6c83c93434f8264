using Sluice.Cleaning;
using Sluice.Testing.Cleaning;

namespace Sluice.Simulation.Cleaning;

public sealed class CrashTests(ITestOutputHelper output)
{
    // The same pipeline with other verdicts: odd notes are refused, and names are no longer trimmed.
    private const string OtherSql = """
        SELECT CAST(id AS INTEGER) AS id, name, CASE WHEN note = 'odd' THEN -1 ELSE score END AS score, active, note, _position
        FROM source
        """;

    // To die before a change is to die after the one before it, so only the latter is tried.
    [Fact]
    public async Task Cleaning_that_dies_after_any_change_of_the_store_ends_with_each_record_in_one_place()
    {
        // Once through without a crash tells how many changes there are.
        var expected = await OutcomeAsync(crashAt: int.MaxValue, otherSqlAfterwards: false);
        for (var crashAt = 1; crashAt <= expected.Operations; crashAt++)
        {
            var outcome = await OutcomeAsync(crashAt, otherSqlAfterwards: false);
            outcome.ShouldBe(expected with { Operations = outcome.Operations }, $"crash after change {crashAt}");
        }
    }

    [Fact]
    public async Task Verdicts_of_an_attempt_that_died_stand_when_the_SQL_and_the_commit_size_change()
    {
        var operations = (await OutcomeAsync(crashAt: int.MaxValue, otherSqlAfterwards: false)).Operations;
        for (var crashAt = 1; crashAt <= operations; crashAt++) await OutcomeAsync(crashAt, otherSqlAfterwards: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Cleaning_that_dies_again_and_again_while_records_arrive_loses_and_doubles_nothing(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var bed = new CleaningBed();
        var ends = new long[2];
        for (var round = 0; round < 12; round++)
        {
            var partition = random.Next(2);
            var lines = Enumerable.Range(0, 1 + random.Next(30)).Select(_ => RandomLine(random)).ToArray();
            await bed.PutAsync(partition, ends[partition], lines);
            ends[partition] += lines.Length;
            bed.Options = bed.Options with { RowsPerCommitMax = 1 + random.Next(20) };
            await RunUntilCrashAsync(bed, 1 + random.Next(60), random.Next(2) == 0, () => bed.CleanAsync());
            await CheckAsync(bed, ends);
        }

        await bed.CleanAsync();
        var account = await CheckAsync(bed, ends);
        account.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_replay_that_dies_after_any_change_of_the_store_is_finished_by_the_next()
    {
        var expected = await ReplayOutcomeAsync(int.MaxValue);
        for (var crashAt = 1; crashAt <= expected.Operations; crashAt++)
        {
            var outcome = await ReplayOutcomeAsync(crashAt);
            outcome.ShouldBe(expected with { Operations = outcome.Operations }, $"crash after change {crashAt}");
        }
    }

    private static string[] Lines(int partition) =>
    [
        .. Enumerable.Range(0, 9).Select(i => (i + partition) switch
        {
            2 => "garbage",
            4 => CleaningBed.Reading(partition, "again"),
            5 => $$"""{"id":{{i}},"name":"odd","note":"odd","score":5}""",
            7 => """{"id":1,"name":"a","score":500}""",
            8 => """{"id":70,"name":"a","score":500}""",
            _ => CleaningBed.Reading(i + (3 * partition), $"p{partition}"),
        }),
    ];

    private static string RandomLine(Random random) => random.Next(6) switch
    {
        0 => "garbage",
        1 => """{"id":7,"name":"a","score":101}""",
        _ => CleaningBed.Reading(random.Next(120)),
    };

    private static async Task<Outcome> OutcomeAsync(int crashAt, bool otherSqlAfterwards)
    {
        using var bed = new CleaningBed();
        bed.Options = bed.Options with { RowsPerCommitMax = 7 };
        await bed.PutAsync(0, 0, Lines(0)[..5]);
        await bed.PutAsync(0, 5, Lines(0)[5..]);
        await bed.PutAsync(1, 0, Lines(1));
        var operations = await RunUntilCrashAsync(bed, crashAt, true, () => bed.CleanAsync());
        await CheckAsync(bed, 9, 9);
        if (otherSqlAfterwards)
        {
            bed.Pipeline = CleaningBed.PipelineOf(OtherSql);
            bed.Options = bed.Options with { RowsPerCommitMax = 4 };
        }

        await bed.CleanAsync();
        var account = await CheckAsync(bed, 9, 9);
        account.Waiting.ShouldBe(0);
        return await OutcomeOfAsync(bed, operations);
    }

    private static async Task<Outcome> ReplayOutcomeAsync(int crashAt)
    {
        using var bed = new CleaningBed();
        await bed.PutAsync(0, 0, Lines(0));
        await bed.PutAsync(1, 0, Lines(1));
        await bed.CleanAsync();
        // Scores were out of range only because the SQL did not divide them.
        bed.Pipeline = CleaningBed.PipelineOf("SELECT CAST(id AS INTEGER) AS id, name, score / 10 AS score, active, note, _position FROM source");
        bed.Options = bed.Options with { RowsPerCommitMax = 3 };
        var operations = await RunUntilCrashAsync(bed, crashAt, true, () => bed.Quarantine.ReplayAsync(CleaningBed.Dataset, "batch", CleaningBed.Cancel));
        await CheckAsync(bed, 9, 9);
        await bed.Quarantine.ReplayAsync(CleaningBed.Dataset, "batch", CleaningBed.Cancel);
        await CheckAsync(bed, 9, 9);
        (await bed.QuarantineRowsAsync()).ShouldAllBe(row => row.EndsWith("not JSON"));
        return await OutcomeOfAsync(bed, operations);
    }

    private static async Task<int> RunUntilCrashAsync(CleaningBed bed, int crashAt, bool afterEffect, Func<Task> work)
    {
        CrashingObjectStore? store = null;
        bed.Reopen(inner => store = new CrashingObjectStore(inner, crashAt, afterEffect));
        try
        {
            await work();
        }
        catch (Exception) when (store!.Crashed)
        {
            // Whatever a dying process throws, it is not heard.
        }

        bed.Reopen();
        return store!.Operations;
    }

    /// <summary>What holds at every moment: the account closes, and no key and no place is twice.</summary>
    private static async Task<LedgerAccount> CheckAsync(CleaningBed bed, params long[] ends)
    {
        var account = await bed.LedgerAsync(ends);
        account.Closes.ShouldBeTrue(account.ToString());
        var keys = await bed.RowsAsync("batch.reading", "SELECT id FROM {t}");
        keys.Distinct().Count().ShouldBe(keys.Count, "a key is twice in the clean table");
        foreach (var table in new[] { "quarantine.reading", "duplicates.reading" })
        {
            var places = await bed.RowsAsync(table, """SELECT path, topic, partition, "offset" FROM {t}""");
            places.Distinct().Count().ShouldBe(places.Count, $"a place is twice in {table}");
        }

        return account;
    }

    private static async Task<Outcome> OutcomeOfAsync(CleaningBed bed, int operations) => new(
        operations,
        string.Join(' ', await bed.CleanRowsAsync()),
        string.Join(' ', await bed.QuarantineRowsAsync()),
        string.Join(' ', await bed.DuplicateRowsAsync()));

    private sealed record Outcome(int Operations, string Clean, string Quarantined, string Duplicates);
}
