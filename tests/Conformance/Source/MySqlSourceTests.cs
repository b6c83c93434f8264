using System.Text;
using Sluice.Definition;
using Sluice.Source;
using Sluice.Testing;

namespace Sluice.Conformance.Source;

/// <summary>What a real server says when something is wrong, and how its types become JSON.</summary>
public sealed class MySqlSourceTests : IClassFixture<MariaDbFixture>
{
    public MySqlSourceTests(MariaDbFixture fixture)
    {
        Assert.SkipWhen(fixture.Server is null, MariaDb.Missing ?? "");
        Database = fixture.Server;
    }

    private MariaDb Database { get; }

    [Fact]
    public async Task Types_become_json_as_the_posting_scripts_write_them()
    {
        await Database.ExecuteAsync("""
            CREATE OR REPLACE TABLE things (id BIGINT PRIMARY KEY, small TINYINT(1), ratio FLOAT, exact DOUBLE, price DECIMAL(8,2), at DATETIME(6),
                day DATE, word TEXT CHARACTER SET utf8mb4, flag TINYINT(1))
            """);
        await Database.ExecuteAsync("""
            INSERT INTO things VALUES
            (9223372036854775807, 1, -88.8298, 0.1, 12.50, '2020-08-28 03:52:47', '2020-08-28', 'Élan "q" \\ \n… 🎨', 1),
            (2, 0, 15, 1e300, -0.05, '2020-08-28 03:52:47.25', '1999-01-02', '', 0),
            (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
            """);
        var rows = await ReadAsync(
            Database.Credentials, "id:bigint", "small:bigint", "ratio:double", "exact:double", "price:double", "at:varchar", "day:varchar",
            "word:varchar", "flag:boolean");
        rows.ShouldBe(
        [
            """{"id":2,"small":0,"ratio":15.0,"exact":1E+300,"price":-0.05,"at":"2020-08-28 03:52:47.250000","day":"1999-01-02","word":"","flag":false}""",
            """{"id":3,"small":null,"ratio":null,"exact":null,"price":null,"at":null,"day":null,"word":null,"flag":null}""",
            """{"id":9223372036854775807,"small":1,"ratio":-88.8298,"exact":0.1,"price":12.5,"at":"2020-08-28 03:52:47","day":"2020-08-28","word":"Élan \"q\" \\ \n… 🎨","flag":true}""",
        ]);
    }

    [Fact]
    public async Task Texts_of_36_characters_and_times_of_day_are_posted_as_they_stand()
    {
        await Database.ExecuteAsync("CREATE OR REPLACE TABLE things (id BIGINT PRIMARY KEY, code CHAR(36), spent TIME(6))");
        await Database.ExecuteAsync("""
            INSERT INTO things VALUES (1, '7528FC62-EB05-4C03-8A5B-7D4C0B1F1B6A', '26:03:04'), (2, 'no uuid', '-838:59:59'), (3, '', '00:00:00.5')
            """);
        (await ReadAsync(Database.Credentials, "id:bigint", "code:varchar", "spent:varchar")).ShouldBe(
        [
            """{"id":1,"code":"7528FC62-EB05-4C03-8A5B-7D4C0B1F1B6A","spent":"26:03:04"}""",
            """{"id":2,"code":"no uuid","spent":"-838:59:59"}""",
            """{"id":3,"code":"","spent":"00:00:00.500000"}""",
        ]);
    }

    /// <summary>The server ends a connection whose client takes nothing for that long, as one does that posts slowly.</summary>
    [Fact]
    public async Task The_server_waits_for_a_slow_reader()
    {
        await Database.ExecuteAsync("DROP TABLE IF EXISTS things");
        await Database.ExecuteAsync("CREATE OR REPLACE FUNCTION patience() RETURNS BIGINT RETURN @@session.net_write_timeout");
        await Database.ExecuteAsync("CREATE OR REPLACE VIEW things AS SELECT 1 AS id, patience() AS seconds");
        try
        {
            (await ReadAsync(Database.Credentials, "id:bigint", "seconds:bigint")).ShouldBe(["""{"id":1,"seconds":31536000}"""]);
        }
        finally
        {
            await Database.ExecuteAsync("DROP VIEW things");
        }
    }

    [Fact]
    public async Task A_reader_that_stops_in_the_middle_leaves_the_server_usable()
    {
        await Database.LoadAsync("things", ["id BIGINT", "word TEXT"], Enumerable.Range(0, 50_000).Select(n => new object?[] { n, "w" }));
        var opening = await RowSources.OpenAsync(new SourceUri.MySql(Database.Credentials), Things("id:bigint", "word:varchar"), default, default);
        await using var source = opening.Source.ShouldNotBeNull();
        for (var round = 0; round < 3; round++)
        {
            await foreach (var row in source.ReadAsync("things", 0, long.MaxValue, default))
            {
                Encoding.UTF8.GetString(row.Span).ShouldBe("""{"id":0,"word":"w"}""");
                break;
            }
        }

        (await source.CountAsync("things", default)).ShouldBe(50_000);
    }

    [Fact]
    public async Task A_table_that_does_not_fit_is_reported_with_every_fault_at_once()
    {
        await Database.ExecuteAsync("CREATE OR REPLACE TABLE things (id BIGINT, extra TEXT, picture BLOB)");
        var faults = await FaultsAsync(Database.Credentials, "id:bigint", "word:varchar", "note:varchar?");
        faults.ShouldContain(f => f.Contains("'word' is missing", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("'extra' is not a field", StringComparison.Ordinal));
        faults.ShouldContain(f => f.Contains("'picture' is binary", StringComparison.Ordinal));
        faults.ShouldNotContain(f => f.Contains("note", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_addresses_are_explained_and_no_message_shows_the_password()
    {
        await Database.ExecuteAsync("DROP TABLE IF EXISTS things");
        var right = Database.Credentials;
        (string Part, DatabaseCredentials Credentials)[] wrong =
        [
            ("'things'", right),
            ("USER and PASSWORD", right with { Password = "not-the-password" }),
            ("USER and PASSWORD", right with { User = "nobody" }),
            ("no server answers", right with { Port = 1 }),
            ("DATABASE", right with { Database = "elsewhere" }),
        ];
        foreach (var (part, credentials) in wrong)
        {
            var fault = (await FaultsAsync(credentials, "id:bigint")).ShouldHaveSingleItem();
            fault.ShouldContain(part);
            fault.ShouldNotContain(credentials.Password);
        }

        new SourceUri.MySql(right).ToString().ShouldBe($"mysql://poster@127.0.0.1:{right.Port}/rows");
    }

    private static async Task<List<string>> ReadAsync(DatabaseCredentials credentials, params string[] fields)
    {
        var opening = await RowSources.OpenAsync(new SourceUri.MySql(credentials), Things(fields), default, default);
        opening.Faults.ShouldBeEmpty();
        await using var source = opening.Source!;
        var rows = new List<string>();
        await foreach (var row in source.ReadAsync("things", 0, 100, default))
        {
            rows.Add(Encoding.UTF8.GetString(row.Span));
        }

        return rows;
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(DatabaseCredentials credentials, params string[] fields)
    {
        var opening = await RowSources.OpenAsync(new SourceUri.MySql(credentials), Things(fields), default, default);
        opening.Source.ShouldBeNull();
        return opening.Faults;
    }

    private static PipelineDefinition Things(params string[] fields)
    {
        var raw = fields.Select(f => new RawField(f.Split(':')[0], f.Split(':')[1].TrimEnd('?'), !f.EndsWith('?'))).ToArray();
        var dataset = new Dataset("thing", "things", "t.thing", "streaming-t-thing", "id", "id", raw, null!, [], []);
        return new PipelineDefinition("", "things", "t", [dataset], [], new ScheduleDefinition("daily", "@daily", "UTC", false, 0, default, false));
    }
}
