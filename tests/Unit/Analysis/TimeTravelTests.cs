using Sluice.Analysis;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Sluice.Unit.Analysis;

/// <summary>Tables as they were, named in the middle of a statement: version n holds the numbers 1 to n, version 1 committed at noon of 2026-01-01, each next a day later.</summary>
public sealed class TimeTravelTests(TravelledTables tables) : IClassFixture<TravelledTables>
{
    [Theory]
    [InlineData("SELECT count(*) FROM t.pin VERSION AS OF 1", "1")]
    [InlineData("select count(*) from T.Pin version as of 2;", "2")]
    [InlineData("SELECT count(*) FROM t.pin FOR VERSION AS OF '2' AS p WHERE p.n > 0", "2")]
    [InlineData("SELECT count(*) FROM \"t\".\"pin\" VERSION AS OF 0", "0")]
    [InlineData("SELECT count(pin.n) FROM t.pin VERSION /* here */ AS -- and\n OF 2", "2")]
    [InlineData("SELECT count(*) FROM t.pin now JOIN t.pin VERSION AS OF 1 past ON now.n = past.n", "1")]
    [InlineData("SELECT (SELECT count(*) FROM t.pin VERSION AS OF 1) + (SELECT 10 * count(*) FROM t.pin VERSION AS OF 2) + (SELECT 100 * count(*) FROM t.pin)", "321")]
    [InlineData("SELECT max(t.pin.n) FROM t.pin VERSION AS OF 2 WHERE t.pin.n < 3", "2")]
    [InlineData("SELECT max(T.\"Pin\".n) FROM \"t\".pin FOR VERSION AS OF 2 ORDER BY max(t.pin.n)", "2")]
    [InlineData("SELECT max(t.pin.n) FROM t.pin JOIN (SELECT n FROM t.pin VERSION AS OF 1) past ON past.n < t.pin.n", "3")]
    [InlineData("WITH old AS (SELECT * FROM t.pin VERSION AS OF 2) SELECT count(*) FROM old", "2")]
    [InlineData("SELECT count(*) FROM t.pin EXCEPT SELECT count(*) FROM t.pin VERSION AS OF 1", "3")]
    [InlineData("SELECT count(*) FROM t.pin TIMESTAMP AS OF '2026-01-02'", "1")]
    [InlineData("SELECT count(*) FROM t.pin TIMESTAMP AS OF '2026-01-02 12:00:00'", "2")]
    [InlineData("SELECT count(*) FROM t.pin TIMESTAMP AS OF '2026-01-02T12:59:00+01:00'", "1")]
    [InlineData("SELECT count(*) FROM t.pin FOR TIMESTAMP AS OF TIMESTAMP '2026-01-02 12:00Z' x WHERE x.n < 2", "1")]
    [InlineData("SELECT count(*) FROM t.pin TIMESTAMP AS OF '2030-01-01'", "3")]
    [InlineData("SELECT 't.pin VERSION AS OF 1', count(*) FROM t.pin", "t.pin VERSION AS OF 1|3")]
    [InlineData("SELECT $$t.pin VERSION AS OF 1$$ || E'\\' t.pin VERSION AS OF 1', max(n) FROM t.pin -- t.pin VERSION AS OF 1", "t.pin VERSION AS OF 1' t.pin VERSION AS OF 1|3")]
    [InlineData("SELECT count(*) AS \"t.pin VERSION AS OF 1\" /* t.pin VERSION AS OF 1 /* nested */ */ FROM t.pin", "3")]
    [InlineData("SELECT version AS of FROM (SELECT 7 AS version)", "7")]
    [InlineData("SELECT p.timestamp AS of, p.version AS \"of\" FROM (SELECT 7 AS timestamp, 8 AS version) p", "7|8")]
    public async Task A_table_is_read_as_it_was_where_the_statement_says_so(string sql, string row)
    {
        (await tables.RowsAsync(sql)).ShouldBe([row]);
    }

    [Theory]
    [InlineData("SELECT * FROM t.pin VERSION AS OF 9", "has no version 9")]
    [InlineData("SELECT * FROM t.pin TIMESTAMP AS OF '2025-12-31'", "has no version of 2025-12-31")]
    [InlineData("SELECT * FROM t.pin TIMESTAMP AS OF 'yesterday'", "'yesterday' is no time; write 2026-01-31")]
    [InlineData("SELECT * FROM t.pin VERSION AS OF 'x'", "'x' is no version")]
    [InlineData("SELECT * FROM t.pin VERSION AS OF (SELECT 1)", "stands a number")]
    [InlineData("SELECT * FROM t.pin TIMESTAMP AS OF now()", "stands a text")]
    [InlineData("SELECT * FROM pin VERSION AS OF 1", "needs the table's full name, e.g. batch.pin")]
    [InlineData("SELECT * FROM c.t.pin VERSION AS OF 1", "needs the table's full name")]
    [InlineData("SELECT t.pin.n FROM t.pin VERSION AS OF 1 JOIN t.pin VERSION AS OF 2 later ON later.n > 1", "'t.pin.n' may be of several versions of the table: give each of them an alias")]
    [InlineData("SELECT * FROM t.pins VERSION AS OF 1", "there is no table 't.pins'")]
    [InlineData("DELETE FROM t.pin VERSION AS OF 1", "only a SELECT is run here")]
    public async Task A_wrong_journey_is_refused_with_the_way_out(string sql, string message)
    {
        var refused = await Should.ThrowAsync<Exception>(() => tables.RowsAsync(sql));
        refused.Message.ShouldContain(message);
        (refused is QueryRefusedException or TableVersionException).ShouldBeTrue(refused.ToString());
    }
}

/// <summary>One table of three appends, on three days.</summary>
public sealed class TravelledTables : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2025, 12, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly TableBed _bed;
    private readonly TableQuery _query;

    public TravelledTables()
    {
        _bed = new TableBed(_time);
        _query = new TableQuery(_bed.Catalog, new DuckDbOptions(null, 256L << 20, 1));
    }

    public async ValueTask InitializeAsync()
    {
        // The version that creates the table is of noon as well, so that the day before holds nothing.
        _time.Advance(TimeSpan.FromDays(1));
        var table = await _bed.CreateAsync("pin", ("n", "INTEGER"));
        for (var n = 1; n <= 3; n++)
        {
            await _bed.AppendAsync(table, $"SELECT {n}::INTEGER AS n");
            _time.Advance(TimeSpan.FromDays(1));
        }
    }

    internal async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        using var result = await _query.RunAsync(sql, CancellationToken.None);
        return [.. (await result.ReadAsync(CancellationToken.None).ToListAsync()).Select(row => string.Join('|', row))];
    }

    public ValueTask DisposeAsync()
    {
        _bed.Dispose();
        return ValueTask.CompletedTask;
    }
}
