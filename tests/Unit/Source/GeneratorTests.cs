using Sluice.Definition;
using Sluice.Source;
using Sluice.Testing;

namespace Sluice.Unit.Source;

/// <summary>The generator engine, on a small shape that is not about pins.</summary>
public sealed class GeneratorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_row_depends_on_seed_table_and_number_alone()
    {
        await using var source = await SourceBed.OpenAsync(new SourceUri.Generated(2_000, 9), SourceBed.Pinterest);
        await using var again = await SourceBed.OpenAsync(new SourceUri.Generated(2_000, 9), SourceBed.Pinterest);
        await using var other = await SourceBed.OpenAsync(new SourceUri.Generated(2_000, 10), SourceBed.Pinterest);
        foreach (var table in SourceBed.Pinterest.Datasets.Select(d => d.Table))
        {
            var rows = await source.TextsAsync(table);
            rows.Count.ShouldBe(2_000);
            (await again.TextsAsync(table, 1_500, 100)).ShouldBe(rows[1_500..1_600]);
            (await other.TextsAsync(table)).ShouldNotBe(rows);
            var draws = new List<long> { 1_999, 3, 3, 700 };
            var drawn = new List<string>();
            await foreach (var row in again.ReadRowsAsync(table, draws, default))
            {
                drawn.Add(System.Text.Encoding.UTF8.GetString(row.Span));
            }

            drawn.ShouldBe(draws.Select(n => rows[(int)n]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(37)]
    [InlineData(100_000)]
    public async Task Any_number_of_rows_works_and_blocks_and_people_scale_with_it(int rows)
    {
        await using var source = await SourceBed.OpenAsync(new SourceUri.Generated(rows, 1), SourceBed.Pinterest);
        var users = await source.RowsAsync("user_data");
        users.Count.ShouldBe(rows);
        var people = users.Select(u => u.Text("first_name") + u.Text("last_name") + u.Text("date_joined")).Distinct().Count();
        people.ShouldBeInRange((int)(rows * 0.45), (int)(rows * 0.49) + 1);
        var art = (await source.RowsAsync("pinterest_data")).TakeWhile(p => p.Text("category") == "art").Count();
        art.ShouldBe((int)Math.Round(rows * 896.0 / 11_154));
    }

    [Fact]
    public async Task Every_kind_of_generator_yields_what_it_says()
    {
        var things = Describe(
            """
            rows: 100
            seed: 1
            pools:
              word: [plain, "with \"quotes\"", "line\nbreak"]
              name: { faker: "{{name.firstName}}", count: 5, heads: { Zed: 90 }, rest: [1, 4] }
            entities:
              owner: { count: 10, repeated: 3, heads: [40], skew: 2, attributes: { id: { hex: 8 }, since: { datetime: [2020-01-01 00:00:00, 2020-12-31 23:59:59] } } }
            tables:
              things:
                draws:
                  kind: { record: [{ weight: 3, size: big, color: red }, { weight: 1, size: small, color: blue }] }
                  when: { datetime: [2019-06-01 00:00:00, 2021-06-01 00:00:00] }
                columns:
                  id: { sequence: 10 }
                  size: "{kind.size}"
                  color: { case: kind.color, of: { red: RED, blue: null } }
                  part: { blocks: [{ rows: 30, value: one }, { rows: 70, value: "{{two}}" }] }
                  words: { list: { pick: word }, count: 3, separator: "+" }
                  name: { pick: name }
                  code: "{owner.id[2..4]}-{part[0..2]}"
                  short: { cut: abcdefgh, at: 3, tail: "…" }
                  last: { latest: [when, owner.since] }
                  ratio: { float: [1, 2], digits: 3 }
                  flag: { choice: [true, { weight: 3, value: false }] }
            """,
            "id:bigint", "size:varchar", "color:varchar", "part:varchar", "words:varchar", "name:varchar", "code:varchar", "short:varchar",
            "last:varchar", "ratio:double", "flag:boolean");
        await using var source = await SourceBed.OpenAsync(new SourceUri.Generated(), things);
        var rows = await source.RowsAsync("things");
        rows.Select(r => r.GetProperty("id").GetInt64()).ShouldBe(Enumerable.Range(10, 100).Select(n => (long)n));
        rows.Count(r => r.Text("size") == "big").ShouldBe(75);
        rows.ShouldAllBe(r => r.GetProperty("color").GetString() == (r.Text("size") == "big" ? "RED" : null));
        rows.Select(r => r.Text("part")).ShouldBe(Enumerable.Repeat("one", 30).Concat(Enumerable.Repeat("{two}", 70)));
        rows.ShouldAllBe(r => r.Text("words").Split('+', StringSplitOptions.None).Length == 3);
        rows.ShouldContain(r => r.Text("words").Contains("line\nbreak", StringComparison.Ordinal));
        rows.Count(r => r.Text("name") == "Zed").ShouldBeInRange(89, 91);
        rows.Select(r => r.Text("name")).Distinct().Count().ShouldBeInRange(4, 5);
        rows.ShouldAllBe(r => r.Text("code").EndsWith(r.Text("part").Substring(0, 2), StringComparison.Ordinal));
        rows.CountBy(r => r.Text("last")[..4]).ShouldContain(y => y.Key == "2020" && y.Value > 40);
        rows.ShouldAllBe(r => r.Text("short") == "abc…");
        rows.ShouldAllBe(r => r.GetProperty("ratio").GetRawText().Length <= 4);
        rows.Count(r => r.GetProperty("flag").GetBoolean()).ShouldBe(25);
    }

    [Fact]
    public async Task All_faults_of_a_shape_are_reported_at_once_with_their_lines()
    {
        var things = Describe(
            """
            rows: 100
            seed: one
            sede: 2
            pools:
              word: { faker: "{{no.such}}", count: 3 }
            tables:
              things:
                draws:
                  a: "{b}"
                  b: "{a}"
                columns:
                  id: { int: [9, 3] }
                  word: { pick: nothing }
                  ratio: { choise: [1, 2] }
                  extra: "{missing}"
                  when: { datetime: [yesterday, 2020-01-01 00:00:00] }
                  flag: yes
              others: {}
            """,
            "id:bigint", "word:varchar", "ratio:double", "when:varchar", "flag:boolean", "gone:varchar");
        var faults = await SourceBed.FaultsAsync(new SourceUri.Generated(), things);
        (int Line, string Part)[] expected =
        [
            (2, "seed is not a whole number"), (3, "'sede' is not known"), (5, "is not one of Bogus"), (9, "refers to itself"),
            (12, "ends before it begins"), (13, "pool 'nothing'"), (14, "is not a generator"), (15, "'missing' is not defined"),
            (16, "is not a moment"), (17, "'flag' is boolean"), (18, "belongs to no dataset"), (8, "'gone' is missing"), (8, "'extra' is not a field"),
        ];
        foreach (var (line, part) in expected)
        {
            faults.ShouldContain(
                f => f.Contains($"generate.yaml:{line}: ", StringComparison.Ordinal) && f.Contains(part, StringComparison.Ordinal),
                $"{line}: {part} in\n{string.Join('\n', faults)}");
        }
    }

    [Fact]
    public async Task A_pipeline_without_a_shape_says_so()
    {
        var things = SourceBed.Things(_folder.Path, "id", "id:bigint");
        (await SourceBed.FaultsAsync(new SourceUri.Generated(), things)).ShouldHaveSingleItem().ShouldContain("does not exist");
        await File.WriteAllTextAsync(_folder.At("generate.yaml"), "rows: [\n");
        (await SourceBed.FaultsAsync(new SourceUri.Generated(), things)).ShouldHaveSingleItem().ShouldContain("is not YAML");
    }

    private PipelineDefinition Describe(string yaml, params string[] fields)
    {
        File.WriteAllText(_folder.At("generate.yaml"), yaml);
        return SourceBed.Things(_folder.Path, "id", fields);
    }
}
