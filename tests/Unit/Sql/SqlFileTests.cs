using Sluice.Sql;

namespace Sluice.Unit.Sql;

public sealed class SqlFileTests
{
    private const string Content = """
        -- reads: pin, geo
        -- writes: answer
        -- grain: one row per country: ties kept
        --
        -- Some prose: with a colon.

        SELECT 1
        FROM pin;
        ;

        """;

    [Fact]
    public void The_header_says_reads_writes_and_grain()
    {
        var file = SqlFile.Parse("a.sql", Content).File.ShouldNotBeNull();
        file.Reads.ShouldBe(["pin", "geo"]);
        file.Writes.ShouldBe("answer");
        file.Grain.ShouldBe("one row per country: ties kept");
        file.Text.ShouldBe("SELECT 1\nFROM pin");
        file.FirstLine.ShouldBe(7);
    }

    [Theory]
    [InlineData("SELECT 1", 3, 1, "lacks 'reads:'")]
    [InlineData("-- reads: a\n-- writes: b, c\n-- grain: x\nSELECT 1", 1, 2, "fills one relation")]
    [InlineData("-- reads: a\n-- writes:\n-- grain: x\nSELECT 1", 1, 2, "'writes:' names nothing")]
    [InlineData("-- reads: a\n-- writes: ,\n-- grain: x\nSELECT 1", 1, 2, "fills one relation")]
    [InlineData("-- reads: a\n-- reads: b\n-- writes: c\n-- grain: x\nSELECT 1", 1, 2, "a second time")]
    [InlineData("-- reads: a\n-- writes: c\n-- grain: x\n;\n", 1, 5, "holds no statement")]
    public void A_faulty_header_is_told_with_line_and_remedy(string content, int count, int line, string message)
    {
        var parse = SqlFile.Parse("a.sql", content);
        parse.File.ShouldBeNull();
        parse.Faults.Count.ShouldBe(count);
        parse.Faults[0].Line.ShouldBe(line);
        parse.Faults[0].Message.ShouldContain(message);
    }

    [Fact]
    public void An_error_names_file_line_and_reason()
    {
        var file = SqlFile.Parse("clean/x.sql", Content.Replace("SELECT 1", "SELECT nothing", StringComparison.Ordinal)).File!;
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        connection.Execute("CREATE TABLE pin (a INTEGER)");

        var plain = Should.Throw<SqlException>(() => connection.Execute(file.Statement));
        plain.Message.ShouldBe("""clean/x.sql:7: Binder Error: Referenced column "nothing" not found in FROM clause! Candidate bindings: "a" """.TrimEnd());
        var within = Should.Throw<SqlException>(() => connection.Execute(file.Within("CREATE TABLE\n y AS (", ")")));
        within.Message.ShouldBe(plain.Message);
    }
}
