using Sluice.Sql;
using Sluice.Testing;

namespace Sluice.Unit.Sql;

public sealed class DuckDbTests
{
    [Fact]
    public async Task The_settings_hold_for_every_connection()
    {
        using var folder = new TemporaryFolder();
        var options = new DuckDbOptions(folder.At("it's a spill"), 512L << 20, 1) { TempBytesMax = 1L << 30, PreserveInsertionOrder = false };
        using var duckDb = DuckDb.Open(options);
        using var first = duckDb.Connect();
        using var second = duckDb.Connect();
        foreach (var connection in new[] { first, second })
        {
            var settings = await connection.ReadAsync(
                """
                SELECT name || '=' || value FROM duckdb_settings() WHERE name IN ('TimeZone', 'memory_limit', 'threads', 'temp_directory',
                  'max_temp_directory_size', 'autoinstall_known_extensions', 'autoload_known_extensions', 'preserve_insertion_order')
                ORDER BY name
                """,
                r => r.GetString(0),
                CancellationToken.None);
            settings.ShouldBe(
                [
                    "TimeZone=UTC", "autoinstall_known_extensions=false", "autoload_known_extensions=false",
                    "max_temp_directory_size=1.0 GiB", "memory_limit=512.0 MiB", "preserve_insertion_order=false",
                    $"temp_directory={folder.At("it's a spill")}", "threads=1",
                ],
                ignoreOrder: true);
        }
    }

    [Fact]
    public async Task The_prelude_is_found_from_any_schema()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        connection.Execute("CREATE SCHEMA other; SET search_path = 'other'");
        (await connection.ReadAsync("SELECT parse_count('2k')", r => r.GetInt64(0), CancellationToken.None)).ShouldBe([2000]);
    }

    [Fact]
    public async Task Parameters_and_rows_keep_their_types()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        var rows = await connection.ReadAsync(
            "SELECT $1, $2::VARCHAR, $3::DOUBLE", r => (r.GetInt64(0), r.GetString(1), r.IsDBNull(2)), CancellationToken.None, 7L, "it's", null);
        rows.ShouldBe([(7L, "it's", true)]);
    }

    [Fact]
    public async Task Rows_come_before_the_whole_result_is_made()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        using var rows = await connection.SelectAsync("SELECT i FROM range(1000000000000) r(i)", CancellationToken.None);
        rows.Columns.ShouldBe([new ResultColumn("i", typeof(long))]);
        var first = await rows.ReadAsync(r => r.GetInt64(0), CancellationToken.None).Take(3).ToListAsync();
        first.ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task A_cancelled_statement_stops_and_leaves_the_connection_usable()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Should.ThrowAsync<OperationCanceledException>(
            () => connection.ExecuteAsync("CREATE TABLE t AS SELECT sum(a.i * b.i) s FROM range(1000000) a(i), range(1000000) b(i)", cancel.Token));
        connection.Execute("CREATE TABLE t AS SELECT 1 AS i");
    }

    [Fact]
    public async Task A_failing_row_is_an_error_and_not_the_end_of_the_rows()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        var select = new SqlStatement("SELECT CASE WHEN i = 50000 THEN error('no ' || i) ELSE i END FROM range(100000) r(i)", "x.sql");
        var e = await Should.ThrowAsync<SqlException>(() => connection.ReadAsync(select, r => r.GetValue(0), CancellationToken.None));
        e.Message.ShouldStartWith("x.sql: Invalid Input Error: no 50000");
    }

    [Fact]
    public async Task Work_that_runs_out_of_memory_runs_again_with_fewer_threads()
    {
        using var duckDb = DuckDb.Open(new DuckDbOptions(TempDirectory: null, MemoryBytesMax: 32L << 20, Threads: 4));
        using var connection = duckDb.Connect();
        var threads = new List<long>();
        var e = await Should.ThrowAsync<SqlException>(
            () => duckDb.RetryWithFewerThreadsAsync(
                async cancel =>
                {
                    threads.AddRange(await connection.ReadAsync("SELECT current_setting('threads')", r => r.GetInt64(0), cancel));
                    return await connection.ExecuteAsync(
                        "CREATE OR REPLACE TEMP TABLE t AS SELECT repeat('x', 1000) || i AS t FROM range(1000000) r(i)", cancel);
                },
                CancellationToken.None));
        e.OutOfMemory.ShouldBeTrue();
        threads.ShouldBe([4, 2, 1]);
        (await connection.ReadAsync("SELECT current_setting('threads')", r => r.GetInt64(0), CancellationToken.None)).ShouldBe([4]);
    }

    [Fact]
    public void An_instance_outlives_its_root_while_a_connection_is_open()
    {
        var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        duckDb.Dispose();
        connection.Execute("CREATE TABLE t AS SELECT parse_count('1k')");
    }
}
