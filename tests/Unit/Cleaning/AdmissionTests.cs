using System.Text;
using Sluice.Cleaning;
using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

/// <summary>Judging and writing in one scan: what it decides, and when it leaves the decision to the two scans.</summary>
public sealed class AdmissionTests
{
    [Fact]
    public async Task Clean_faulty_and_double_records_are_told_apart_in_one_scan()
    {
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql);
        var written = await bed.WriteAsync(
            CleaningBed.Reading(1), CleaningBed.Reading(2), "garbage", CleaningBed.Reading(1, "again"), """{"id":3,"name":" "}""", CleaningBed.Reading(4));
        written.ShouldNotBeNull().Verdicts.ShouldBe(new Verdicts(3, 2, 1));
        bed.Faults.ShouldBe(["2 not JSON", "4 column name: null after cleaning"]);
        (await bed.DuplicatesAsync()).ShouldBe(["3 1"]);
        await bed.CommitAsync(written);
        (await bed.RowsAsync()).ShouldBe(["1|a", "2|a", "4|a"]);
    }

    [Fact]
    public async Task Keys_of_the_table_and_of_committed_batches_are_known()
    {
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql);
        await bed.CommitAsync(await bed.WriteAsync(CleaningBed.Reading(1), CleaningBed.Reading(7)));
        bed.OpenSession();
        var second = await bed.WriteAsync(CleaningBed.Reading(7), CleaningBed.Reading(8));
        second.ShouldNotBeNull().Verdicts.ShouldBe(new Verdicts(1, 0, 1));
        await bed.CommitAsync(second);
        (await bed.WriteAsync(CleaningBed.Reading(8), CleaningBed.Reading(1), CleaningBed.Reading(9))).ShouldNotBeNull()
            .Verdicts.ShouldBe(new Verdicts(1, 0, 2));
    }

    [Fact]
    public async Task Keys_of_a_batch_that_was_not_committed_are_not_known()
    {
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql);
        await bed.WriteAsync(CleaningBed.Reading(1));
        (await bed.WriteAsync(CleaningBed.Reading(1))).ShouldNotBeNull().Verdicts.ShouldBe(new Verdicts(1, 0, 0));
    }

    [Fact]
    public async Task Keys_that_another_writer_inserted_while_a_batch_was_written_are_known_to_the_next()
    {
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql);
        var first = await bed.WriteAsync(CleaningBed.Reading(1));
        await bed.InsertAsync("SELECT 7::INTEGER AS id, 'theirs' AS name, NULL::DOUBLE AS score, NULL::BOOLEAN AS active, NULL::VARCHAR AS note");
        await bed.CommitAsync(first);
        (await bed.WriteAsync(CleaningBed.Reading(7), CleaningBed.Reading(1), CleaningBed.Reading(8))).ShouldNotBeNull()
            .Verdicts.ShouldBe(new Verdicts(1, 0, 2));
    }

    [Fact]
    public async Task A_first_row_that_comes_after_a_later_one_is_for_two_scans_to_judge()
    {
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql.Replace("FROM source", "FROM source ORDER BY _position DESC", StringComparison.Ordinal));
        (await bed.WriteAsync(CleaningBed.Reading(1, "first"), CleaningBed.Reading(1, "second"))).ShouldBeNull();
        (await bed.JudgeAsync()).ShouldBe(new Verdicts(1, 0, 1));
        (await bed.DuplicatesAsync()).ShouldBe(["1 1"]);
    }

    [Theory]
    [InlineData("FROM source WHERE id <> 2")]
    [InlineData("FROM source, range(CASE id WHEN 2 THEN 2 ELSE 1 END)")]
    [InlineData("FROM (SELECT * REPLACE (CASE id WHEN 2 THEN 0 ELSE _position END AS _position) FROM source)")]
    [InlineData("FROM (SELECT * REPLACE (CASE id WHEN 2 THEN NULL ELSE _position END AS _position) FROM source)")]
    [InlineData("FROM (SELECT * REPLACE (CASE id WHEN 2 THEN -1 ELSE _position END AS _position) FROM source)")]
    [InlineData("FROM (SELECT * REPLACE (CASE id WHEN 2 THEN error('no') ELSE name END AS name) FROM source)")]
    public async Task Sql_that_does_not_make_one_row_of_a_record_is_for_two_scans_to_judge(string from)
    {
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql.Replace("FROM source", from, StringComparison.Ordinal));
        (await bed.WriteAsync(CleaningBed.Reading(1), CleaningBed.Reading(2), CleaningBed.Reading(3))).ShouldBeNull();
    }

    [Fact]
    public async Task Rows_pass_the_clean_sql_once()
    {
        // As a condition of the view, what it names of the SQL would be computed a second time before the rows are.
        using var bed = await Session.OpenAsync(CleaningBed.CleanSql.Replace("NULLIF(trim(name), '')", "NULLIF(trim(reverse(name)), '')", StringComparison.Ordinal));
        await bed.WriteAsync(CleaningBed.Reading(1));
        var plan = string.Concat(await bed.PlanAsync());
        plan.Split("reverse").Length.ShouldBe(2, plan);
    }

    [Fact]
    public void A_key_set_holds_what_was_added_and_nothing_else()
    {
        var keys = new KeySet();
        var random = new Random(5);
        var added = new HashSet<ulong> { 0, ulong.MaxValue, 1UL << 63 };
        while (added.Count < 20_000) added.Add((ulong)random.NextInt64());
        // Hashes that fall on the same place, and round the end.
        for (var i = 0UL; i < 100; i++) added.Add((i << 40) | 0xFFFFF);
        foreach (var hash in added) keys.Add(hash);
        foreach (var hash in added) keys.Add(hash);
        keys.Count.ShouldBe(added.Count);
        added.ShouldAllBe(hash => keys.Contains(hash));
        Enumerable.Range(0, 10_000).Select(_ => (ulong)random.NextInt64()).Where(h => !added.Contains(h)).ShouldAllBe(h => !keys.Contains(h));
        keys.Clear();
        (keys.Count, keys.Contains(0)).ShouldBe((0, false));
    }

    private sealed class Session : IDisposable
    {
        private readonly CleaningBed _bed;
        private readonly DatasetTables _tables;
        private CleaningSession _session;
        private RawBatch _batch = new();
        private Snapshot? _basis;

        private Session(CleaningBed bed, DatasetTables tables)
        {
            (_bed, _tables) = (bed, tables);
            _session = CleaningSession.Open(bed.Pipeline.Datasets[0], bed.Options with { Threads = 1 });
        }

        public IEnumerable<string> Faults => _session.Faults.Select(f => $"{f.Key} {string.Join("; ", f.Value)}");

        public static async Task<Session> OpenAsync(string sql)
        {
            var bed = new CleaningBed(sql);
            var target = CleaningTarget.Of(bed.Pipeline.Datasets[0], CleaningTarget.Batch);
            return new Session(bed, await DatasetTables.OpenAsync(bed.Catalog, target, CleaningBed.Cancel));
        }

        /// <summary>As in the next run.</summary>
        public void OpenSession()
        {
            _session.Dispose();
            _session = CleaningSession.Open(_bed.Pipeline.Datasets[0], _bed.Options with { Threads = 1 });
        }

        public async Task<WrittenBatch?> WriteAsync(params string[] records)
        {
            _batch = new RawBatch();
            foreach (var record in records) _batch.Add(new RawPlace(CleaningBed.Topic, 0, _batch.Count, null, null), Encoding.UTF8.GetBytes(record));
            _basis = await _tables.Clean.SnapshotAsync(CleaningBed.Cancel);
            var snapshot = _basis;
            return await _session.WriteAsync(_batch, new HashSet<int>(), (_tables.Clean, snapshot), token => KnownAsync(snapshot, token), CleaningBed.Cancel);
        }

        public async Task<Verdicts> JudgeAsync()
        {
            var snapshot = await _tables.Clean.SnapshotAsync(CleaningBed.Cancel);
            return await _session.JudgeAsync(_batch, new HashSet<int>(), token => KnownAsync(snapshot, token), CleaningBed.Cancel);
        }

        /// <summary>As INSERT of another engine does, which looks at no row.</summary>
        public async Task InsertAsync(string select) => await TableWriter.AppendAsync(
            _tables.Clean, await _tables.Clean.SnapshotAsync(CleaningBed.Cancel), _session.Connection, select, new Append([]), CleaningBed.Cancel);

        public async Task CommitAsync(WrittenBatch? written)
        {
            _session.Committed(await TableWriter.CommitAsync(
                _tables.Clean, _basis.ShouldNotBeNull(), written.ShouldNotBeNull().Files, new Append([], ReadsTable: true), CleaningBed.Cancel));
        }

        public Task<IReadOnlyList<string>> RowsAsync() => _bed.CleanRowsAsync();

        public Task<IReadOnlyList<string>> DuplicatesAsync() =>
            _session.Connection.ReadAsync("SELECT _position || ' ' || key FROM duplicates", row => row.GetString(0), CleaningBed.Cancel);

        public Task<IReadOnlyList<string>> PlanAsync() => _session.Connection.ReadAsync(
            $"EXPLAIN {new JudgeSql(_bed.Pipeline.Datasets[0], new RowConditions(_bed.Pipeline.Datasets[0])).AdmittedRows}", row => row.GetString(1), CleaningBed.Cancel);

        public void Dispose()
        {
            _session.Dispose();
            _bed.Dispose();
        }

        private ValueTask<string?> KnownAsync(Snapshot snapshot, CancellationToken cancel) =>
            new TableKeys(_tables.Clean, _bed.Pipeline.Datasets[0].Key).FindAsync(snapshot, cancel);
    }
}
