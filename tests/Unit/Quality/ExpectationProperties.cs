using CsCheck;
using Sluice.Definition;
using Sluice.Testing.Cleaning;
using Sluice.Unit.Cleaning;

namespace Sluice.Unit.Quality;

public sealed class ExpectationProperties
{
    private static readonly Expectation[] s_expectations =
    [
        new("note_is_short", "length(note) < 10", ExpectationAction.Warn), new("id_is_no_multiple_of_five", "id % 5 <> 0", ExpectationAction.Drop),
        new("score_is_not_high", "score IS NULL OR score < 60", ExpectationAction.Quarantine),
        new("active_is_not_false", "active IS NULL OR active", ExpectationAction.Drop),
    ];

    [Fact]
    public async Task Both_paths_judge_random_dirty_records_as_an_independent_reading_does() =>
        await Gen.Select(CleaningProperties.Record.Array[1, 200], Gen.Int[20, 150], Gen.Int[1, 90]).SampleAsync(
            async (records, rowsPerBatch, rowsPerCommit) =>
            {
                using var bed = new StreamBed();
                bed.Tables.Expect(s_expectations);
                bed.Tables.Options = bed.Tables.Options with { RowsPerCommitMax = rowsPerBatch };
                bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
                await bed.Tables.PutBytesAsync(0, 0, records);
                await bed.PutBytesAsync(0, records);
                var batch = await bed.Tables.CleanAsync();
                var stream = await bed.DrainAsync();

                var rules = Rules();
                var expected = ReadingOracle.Judge(records, rules);
                (batch.Clean, batch.Quarantined, batch.Duplicates, batch.Dropped).ShouldBe(
                    (Count(expected, "clean"), Count(expected, "quarantined"), Count(expected, "duplicate"), Count(expected, "dropped")));
                (stream.Clean, stream.Quarantined, stream.Duplicates, stream.Dropped).ShouldBe(
                    (batch.Clean, batch.Quarantined, batch.Duplicates, batch.Dropped));
                var counted = rules.Where(rule => rule.Passed + rule.Failed > 0).OrderBy(rule => rule.Name, StringComparer.Ordinal).ToList();
                (await bed.Tables.QualityRowsAsync()).ShouldBe(
                    [.. counted.Select(rule => Line("batch", rule)), .. counted.Select(rule => Line("stream", rule))]);
                var reasons = await bed.Tables.RowsAsync(
                    "quarantine.reading", """SELECT array_to_string(list_sort(reasons), '; ') FROM {t} WHERE path = 'batch' ORDER BY "offset" """);
                reasons.Count(reason => reason.Contains("score_is_not_high", StringComparison.Ordinal)).ShouldBe(
                    expected.Count(verdict => verdict.Contains("score_is_not_high", StringComparison.Ordinal)));
                (await bed.Tables.LedgerAsync(records.Length)).Closes.ShouldBeTrue();
                (await bed.LedgerAsync()).Closes.ShouldBeTrue();
            },
            iter: 8, threads: 1);

    private static OracleRule[] Rules() =>
    [
        new("note_is_short", row => row["note"] is string note && new System.Globalization.StringInfo(note).LengthInTextElements < 10),
        new("id_is_no_multiple_of_five", row => (long)row["id"]! % 5 != 0) { Drops = true },
        new("score_is_not_high", row => row["score"] is not double score || score < 60) { Quarantines = true },
        new("active_is_not_false", row => row["active"] is not false) { Drops = true },
    ];

    private static string Line(string path, OracleRule rule) =>
        $"{path}|{rule.Name}|{s_expectations.Single(e => e.Name == rule.Name).Action.ToString().ToLowerInvariant()}|{rule.Passed}|{rule.Failed}";

    private static int Count(IReadOnlyList<string> verdicts, string kind) => verdicts.Count(verdict => verdict.StartsWith(kind, StringComparison.Ordinal));
}
