using Sluice.Analysis;
using Sluice.Sql;

namespace Sluice.Unit.Analysis;

public sealed class TableQueryTests(FilledWeatherTables filled) : IClassFixture<FilledWeatherTables>
{
    private readonly WeatherTables _tables = filled.Tables;

    [Theory]
    [InlineData("SELECT count(*) FROM batch.reading", 10L)]
    [InlineData("select count(*) from BATCH.Reading;", 10L)]
    [InlineData("WITH r AS (SELECT * FROM batch.reading) SELECT count(*) FROM r JOIN batch.station USING (code)", 10L)]
    [InlineData("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'batch'", 2L)]
    [InlineData("SELECT count(*) FROM (SHOW ALL TABLES) WHERE schema = 'batch'", 2L)]
    [InlineData("SELECT parse_count('1.5k') -- a comment", 1500L)]
    public async Task A_select_sees_all_tables(string sql, long value)
    {
        (await _tables.RowsAsync(sql)).ShouldBe([[value]], new RowComparer());
    }

    [Fact]
    public async Task Columns_are_known_without_a_row()
    {
        using var result = await _tables.Query.RunAsync("SELECT code, celsius, read_at FROM batch.reading WHERE false", CancellationToken.None);
        result.Columns.Select(c => (c.Name, c.Type)).ShouldBe([("code", typeof(string)), ("celsius", typeof(double)), ("read_at", typeof(DateTime))]);
        (await result.ReadAsync(CancellationToken.None).CountAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("DROP VIEW batch.reading")]
    [InlineData("INSERT INTO batch.reading SELECT * FROM batch.reading")]
    [InlineData("COPY batch.reading TO 'ELSEWHERE'")]
    [InlineData("COPY (SELECT 1) TO 'ELSEWHERE'")]
    [InlineData("ATTACH 'ELSEWHERE' AS e")]
    [InlineData("EXPORT DATABASE 'ELSEWHERE'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("SET threads = 64")]
    [InlineData("PRAGMA database_list")]
    [InlineData("CALL pragma_version()")]
    [InlineData("CREATE TABLE t AS SELECT 1")]
    [InlineData("SELECT 1; COPY (SELECT 1) TO 'ELSEWHERE'")]
    [InlineData("EXPLAIN ANALYZE COPY (SELECT 1) TO 'ELSEWHERE'")]
    [InlineData("CHECKPOINT")]
    public async Task Whatever_writes_attaches_or_sets_is_refused(string sql)
    {
        var statement = sql.Replace("ELSEWHERE", _tables.Elsewhere, StringComparison.Ordinal);
        var e = await Should.ThrowAsync<QueryRefusedException>(() => _tables.Query.RunAsync(statement, CancellationToken.None));
        e.Message.ShouldContain("only a SELECT is run here");
        Path.Exists(_tables.Elsewhere).ShouldBeFalse();
    }

    [Theory]
    [InlineData("SELECT 1; SELECT 2", "one SELECT is run at a time")]
    [InlineData("", "one SELECT is run at a time")]
    [InlineData("SELEC 1", "syntax error at or near \"SELEC\"")]
    public async Task What_is_not_one_select_is_refused(string sql, string reason)
    {
        var e = await Should.ThrowAsync<QueryRefusedException>(() => _tables.Query.RunAsync(sql, CancellationToken.None));
        e.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task A_wrong_name_is_told_with_the_nearest()
    {
        var e = await Should.ThrowAsync<SqlException>(() => _tables.Query.RunAsync("SELECT * FROM reading", CancellationToken.None));
        e.Message.ShouldContain("Did you mean \"batch.reading\"?");
    }
}

/// <summary>Tables that no test of the class changes.</summary>
public sealed class FilledWeatherTables : IAsyncLifetime
{
    internal WeatherTables Tables { get; } = new();

    public async ValueTask InitializeAsync() => await Tables.AddSomeAsync();

    public ValueTask DisposeAsync()
    {
        Tables.Dispose();
        return ValueTask.CompletedTask;
    }
}
