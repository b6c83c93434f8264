using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Unit.Analysis;

public sealed class QuestionsTests : IDisposable
{
    private readonly WeatherTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public async Task Answers_become_tables_and_may_build_on_answers()
    {
        await _tables.AddSomeAsync();
        var answers = await _tables.Questions.RunAllAsync("batch", CancellationToken.None);
        answers.Select(a => (a.Table.ToString(), a.Version, a.Rows)).ShouldBe(
            [("answers.mean_by_station", 1L, 2L), ("answers.warmest_station", 1L, 1L)]);
        (await _tables.RowsAsync("SELECT * FROM answers.mean_by_station ORDER BY code")).ShouldBe(
            [["ABCD", 4.0], ["WXYZ", 5.0]], new RowComparer());
        (await _tables.RowsAsync("SELECT * FROM answers.warmest_station")).ShouldBe([["WXYZ", -1.0, 5.0]], new RowComparer());
    }

    [Fact]
    public async Task A_second_run_replaces_the_answer_in_one_commit()
    {
        await _tables.AddSomeAsync();
        await _tables.Questions.RunAllAsync("batch", CancellationToken.None);
        await _tables.AddAsync(
            "reading",
            """
            SELECT 10::BIGINT AS serial, 'ABCD' AS code, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS read_at, 100::DOUBLE AS celsius,
              false AS is_manual
            """);
        var answers = await _tables.Questions.RunAllAsync("batch", CancellationToken.None);
        answers.Select(a => a.Version).ShouldBe([2, 2]);
        (await _tables.RowsAsync("SELECT code FROM answers.warmest_station")).ShouldBe([["ABCD"]], new RowComparer());

        var table = (await _tables.Catalog.OpenAsync(new TableName("answers", "warmest_station"), CancellationToken.None)).ShouldNotBeNull();
        var newest = (await table.HistoryAsync(CancellationToken.None))[0];
        newest.Operation.ShouldBe("WRITE");
        newest.Parameters["reads"].ShouldContain("answers.mean_by_station@2, batch.station@1");
    }

    [Fact]
    public async Task Answers_over_the_stream_are_tables_of_their_own()
    {
        await _tables.AddSomeAsync();
        await _tables.Questions.RunAllAsync("batch", CancellationToken.None);
        // The stream's tables are empty, and so are the answers over them; those over the batch stay.
        var answers = await _tables.Questions.RunAllAsync("stream", CancellationToken.None);
        answers.Select(a => (a.Table.ToString(), a.Rows)).ShouldBe([("answers_stream.mean_by_station", 0L), ("answers_stream.warmest_station", 0L)]);
        (await _tables.RowsAsync("SELECT count(*) FROM answers.mean_by_station")).ShouldBe([[2L]], new RowComparer());
        (await _tables.RowsAsync("SELECT count(*) FROM answers_stream.mean_by_station")).ShouldBe([[0L]], new RowComparer());
    }

    [Fact]
    public async Task Tables_that_are_not_there_yet_have_no_rows()
    {
        var answers = await _tables.Questions.RunAllAsync("batch", CancellationToken.None);
        answers.Select(a => a.Rows).ShouldBe([0, 0]);
        (await _tables.RowsAsync("SELECT count(*) FROM answers.mean_by_station")).ShouldBe([[0L]], new RowComparer());
    }

    [Fact]
    public async Task A_failing_question_names_its_file_and_line_and_changes_nothing()
    {
        await _tables.AddSomeAsync();
        var question = _tables.Pipeline.Questions.Single(q => q.Name == "mean_by_station");
        var text = question.Sql.Text.Replace("avg(celsius)", "avg(error('no'))", StringComparison.Ordinal);
        var broken = question with { Sql = question.Sql with { Text = text } };
        var e = await Should.ThrowAsync<SqlException>(() => _tables.Questions.RunAsync(broken, "batch", CancellationToken.None));
        e.Message.ShouldContain("analyse/mean_by_station.sql");
        (await _tables.Catalog.OpenAsync(new TableName("answers", "mean_by_station"), CancellationToken.None)).ShouldBeNull();
    }
}

internal sealed class RowComparer : IEqualityComparer<object?[]>
{
    public bool Equals(object?[]? x, object?[]? y) => x is not null && y is not null && x.SequenceEqual(y);

    public int GetHashCode(object?[] row) => row.Length;
}
