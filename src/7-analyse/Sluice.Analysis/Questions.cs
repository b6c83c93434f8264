using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Definition;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Analysis;

/// <summary>
/// Answers the questions of a pipeline over its clean tables. An answer is the table <c>answers.{question}</c>, replaced as a
/// whole in one commit, so a reader sees the answer before or the answer after. Asked of the stream's tables, which can be done at any
/// moment, it is the table <c>answers_stream.{question}</c>.
/// </summary>
/// <param name="tables">Where the clean tables are and the answers go.</param>
/// <param name="pipeline">The questions and what they read.</param>
/// <param name="engine">Bounds of the DuckDB instance that each question gets.</param>
/// <param name="time">Measures how long an answer takes.</param>
public sealed class Questions(TableCatalog tables, PipelineDefinition pipeline, DuckDbOptions engine, TimeProvider time)
{
    /// <summary>The namespace of the answers over the batch path's tables; over others it has their namespace behind it, e.g. <c>answers_stream</c>.</summary>
    public const string AnswerNamespace = "answers";

    private const string BatchSource = "batch";

    /// <summary>Answers one question over the tables <c>{source}.{dataset}</c> as they are now.</summary>
    /// <param name="question">One of the pipeline's.</param>
    /// <param name="source">"batch" or "stream": the namespace of the clean tables. A table that does not exist yet has no rows.</param>
    /// <exception cref="SqlException">The SQL failed; the message names file and line.</exception>
    /// <exception cref="AnswerConflictException">Another process replaced the same answer meanwhile.</exception>
    public async Task<Answer> RunAsync(Question question, string source, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(question);
        var start = time.GetTimestamp();
        using var duckDb = DuckDb.Open(engine);
        using var connection = duckDb.Connect();
        var reads = await RegisterAsync(connection, question, source, cancel).ConfigureAwait(false);
        connection.Execute($"SET search_path = {SqlName.Literal(source)}");

        // The answer rests in a temporary table first: an error then names the line of the question's file, and the select can be
        // repeated when memory is short, since nothing of it has been stored.
        var answer = question.Sql.Within("CREATE OR REPLACE TEMP TABLE _answer AS", "");
        await duckDb.RetryWithFewerThreadsAsync(c => connection.ExecuteAsync(answer, c), cancel).ConfigureAwait(false);
        var rows = await connection.ReadAsync("SELECT count(*) FROM temp._answer", r => r.GetInt64(0), cancel).ConfigureAwait(false);
        var version = await StoreAsync(Target(question, source), question, connection, reads, cancel).ConfigureAwait(false);
        return new Answer(question.Name, Target(question, source), version, rows[0], time.GetElapsedTime(start));
    }

    /// <summary>Answers all questions, each after those it reads.</summary>
    public async Task<IReadOnlyList<Answer>> RunAllAsync(string source, CancellationToken cancel)
    {
        var answers = new List<Answer>();
        foreach (var task in pipeline.Dag.Tasks.Where(t => t.Kind == DagTaskKind.Analyse))
        {
            var question = pipeline.Questions.Single(q => q.Name == task.Subject);
            answers.Add(await RunAsync(question, source, cancel).ConfigureAwait(false));
        }

        return answers;
    }

    private static TableName Target(Question question, string source) =>
        new(source == BatchSource ? AnswerNamespace : $"{AnswerNamespace}_{source}", question.Name);

    private static TableSchema Schema(IEnumerable<CleanColumn> columns) =>
        new([.. columns.Select(c => new TableColumn(c.Name, c.Type, c.Nullable))]);

    /// <summary>Makes the relations that the question reads, each at the version it has now.</summary>
    private async Task<string> RegisterAsync(DuckDBConnection connection, Question question, string source, CancellationToken cancel)
    {
        connection.Execute($"CREATE SCHEMA {SqlName.Quote(source)}");
        var versions = new List<string>();
        foreach (var read in question.Sql.Reads.Distinct())
        {
            var other = pipeline.Questions.FirstOrDefault(q => q.Name == read);
            var name = other is null ? new TableName(source, read) : Target(other, source);
            var columns = other?.Columns ?? pipeline.Datasets.Single(d => d.Name == read).Columns;
            var (relation, version) = await RelationAsync(name, columns, cancel).ConfigureAwait(false);
            connection.Execute($"CREATE VIEW {SqlName.Quote(source)}.{SqlName.Quote(read)} AS SELECT * FROM {relation}");
            versions.Add(string.Create(CultureInfo.InvariantCulture, $"{name}@{version}"));
        }

        return string.Join(", ", versions);
    }

    private async Task<(string Relation, long Version)> RelationAsync(
        TableName name, IReadOnlyList<CleanColumn> columns, CancellationToken cancel)
    {
        if (await tables.OpenAsync(name, cancel).ConfigureAwait(false) is not { } table)
        {
            var nulls = columns.Select(c => $"CAST(NULL AS {c.Type}) AS {SqlName.Quote(c.Name)}");
            return ($"(SELECT {string.Join(", ", nulls)} WHERE false)", -1);
        }

        var snapshot = await table.SnapshotAsync(cancel).ConfigureAwait(false);
        return (await table.RelationAsync(snapshot, cancel).ConfigureAwait(false), snapshot.Version);
    }

    private async Task<long> StoreAsync(
        TableName target, Question question, DuckDBConnection connection, string reads, CancellationToken cancel)
    {
        var table = await tables.OpenOrCreateAsync(target, Schema(question.Columns), cancel).ConfigureAwait(false);
        var basis = await table.SnapshotAsync(cancel).ConfigureAwait(false);
        var files = await table.WriteFilesAsync(connection, "SELECT * FROM temp._answer", cancel).ConfigureAwait(false);
        var parameters = new Dictionary<string, string> { ["mode"] = "Overwrite", ["reads"] = reads };
        var result = await table.CommitAsync(basis, new Change("WRITE", parameters, files, Overwrite: true, []), cancel).ConfigureAwait(false);
        return result.Outcome == CommitOutcome.Committed
            ? result.Version
            : throw new AnswerConflictException(target, result);
    }
}

/// <summary>How a question was answered.</summary>
/// <param name="Question">Its name.</param>
/// <param name="Table">The table that holds the answer.</param>
/// <param name="Version">The table's version with this answer.</param>
/// <param name="Rows">Rows of the answer.</param>
/// <param name="Elapsed">From opening the tables to the commit.</param>
public sealed record Answer(string Question, TableName Table, long Version, long Rows, TimeSpan Elapsed);

/// <summary>Somebody else replaced the answer between its select and its commit; run the question again.</summary>
public sealed class AnswerConflictException(TableName table, CommitResult result)
    : Exception($"{table} was not stored: {result.Reason ?? result.Outcome.ToString()}. Run the question again.");
