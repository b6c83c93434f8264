using Sluice.Console.Output;
using Sluice.Unit.Analysis;

namespace Sluice.Unit.Console;

public sealed class RowWriterTests(FilledWeatherTables filled) : IClassFixture<FilledWeatherTables>
{
    [Theory]
    [InlineData("SELECT '\\x00\\xFFab'::BLOB AS data", """{"data":"AP9hYg=="}""")]
    [InlineData("SELECT 'nan'::DOUBLE AS a, -('inf'::DOUBLE) AS b, 1.5::DOUBLE AS c", """{"a":"NaN","b":"-Infinity","c":1.5}""")]
    [InlineData("SELECT * FROM (SELECT 1 AS ind) a CROSS JOIN (SELECT 2 AS ind, 3 AS ind_1) b", """{"ind":1,"ind_1":2,"ind_1_1":3}""")]
    [InlineData("SELECT DATE '2026-01-31' AS day, NULL AS nothing", """{"day":"2026-01-31","nothing":null}""")]
    public async Task Every_value_has_its_json(string sql, string json)
    {
        using var result = await filled.Tables.Query.RunAsync(sql, CancellationToken.None);
        var output = new StringWriter();
        await RowWriter.WriteJsonAsync(result, output, CancellationToken.None);
        output.ToString().Trim().ShouldBe(json);
    }

    [Fact]
    public async Task Bytes_are_base64_in_csv_too()
    {
        using var result = await filled.Tables.Query.RunAsync("SELECT 'ab'::BLOB AS data, '' AS empty, NULL AS nothing", CancellationToken.None);
        var output = new StringWriter();
        await RowWriter.WriteCsvAsync(result, output, CancellationToken.None);
        output.ToString().ReplaceLineEndings("\n").ShouldBe("data,empty,nothing\nYWI=,\"\",\n");
    }
}
