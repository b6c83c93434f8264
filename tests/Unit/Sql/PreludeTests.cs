using System.Text.RegularExpressions;
using CsCheck;
using Sluice.Sql;

namespace Sluice.Unit.Sql;

public sealed partial class PreludeTests
{
    [Theory]
    [InlineData("a most incomprehensible… \u00a0", "a most incomprehensible…")]
    [InlineData("Bridal Makeup Kit\nMust Haves", "Bridal Makeup Kit\nMust Haves")]
    [InlineData("\t\u2003\u3000x  y\u2029", "x  y")]
    [InlineData(" \u00a0\n", "")]
    [InlineData("\ufeffx\u200b", "\ufeffx\u200b")]
    [InlineData(null, null)]
    public async Task White_space_goes_from_both_ends_and_stays_inside(string? text, string? trimmed) =>
        (await Engine.EvaluateAsync<string>("trim_text(t)", [text])).ShouldBe([trimmed]);

    [Fact]
    public async Task Trimming_agrees_with_unicode_white_space()
    {
        var letter = Gen.OneOf(Gen.Char["\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2006\u200a\u2028\u2029\u202f\u205f\u3000"], Gen.Char["ab…é\u200b\u180e"]);
        await letter.Array[0, 8].Select(c => new string(c)).Array[300].SampleAsync(
            async texts => (await Engine.EvaluateAsync<string>("trim_text(t)", texts)).ShouldBe(texts.Select(t => (string?)t.Trim())),
            iter: 10);
    }

    [Fact]
    public async Task Coordinates_need_both_and_items_count_from_one()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        var rows = await connection.ReadAsync(
            """
            SELECT typeof(coordinates(1, 2)) || CAST(coordinates(1.5, -2) AS VARCHAR),
              coordinates(NULL, 2) IS NULL AND coordinates(1, NULL) IS NULL,
              item_at(coordinates(1.5, -2), 2), item_at(coordinates(1, 2), 3) IS NULL
            """,
            r => (r.GetString(0), r.GetBoolean(1), r.GetDouble(2), r.GetBoolean(3)),
            CancellationToken.None);
        rows.ShouldBe([("DOUBLE[][1.5, -2.0]", true, -2.0, true)]);
    }

    [Fact]
    public void Both_dialects_define_the_same_functions()
    {
        var duckDb = Functions().Matches(Prelude.DuckDb).Select(m => m.Groups[1].Value).Where(IsPublic).ToList();
        var spark = Functions().Matches(Prelude.Spark).Select(m => m.Groups[1].Value).Where(IsPublic).ToList();
        duckDb.ShouldBe(spark);
        duckDb.ShouldContain("parse_count");
    }

    [Fact]
    public void Both_dialects_match_the_same_texts()
    {
        // RE2 and java.util.regex read these patterns alike only as long as they are letter for letter the same.
        Patterns(Prelude.Spark).ShouldBe(Patterns(Prelude.DuckDb));
        Patterns(Prelude.DuckDb).Count().ShouldBe(4);
    }

    private static bool IsPublic(string name) => !name.StartsWith('_');

    private static IEnumerable<string> Patterns(string prelude) => Literals().Matches(prelude).Select(m => m.Groups[1].Value);

    [GeneratedRegex(@"^CREATE (?:MACRO|OR REPLACE TEMPORARY FUNCTION) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Functions();

    [GeneratedRegex(@"r?'((?:\\A|\(\?:Z)[^']*)'")]
    private static partial Regex Literals();
}
