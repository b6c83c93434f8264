using System.Globalization;
using DuckDB.NET.Data;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning.Quality;

/// <summary>
/// The table <c>quality.results</c>: for each run, dataset and path what the expectations counted. A row holds what the counts of a clean table
/// grew by since the row before it; the counts reached are committed with the rows, so a run that dies before it appends loses nothing:
/// the next one appends what is missing.
/// </summary>
internal static class QualityTable
{
    private const string Text = "VARCHAR";
    private const string BigInt = "BIGINT";

    public static readonly TableName Name = new("quality", "results");

    private static readonly TableSchema s_schema = new(
    [
        new("run", Text, false), new("dataset", Text, false), new("path", Text, false), new("expectation", Text, false), new("action", Text, false),
        new("passed", BigInt, false), new("failed", BigInt, false), new("from_version", BigInt, false), new("to_version", BigInt, false),
        new("recorded_at", "TIMESTAMP WITH TIME ZONE", false),
    ]);

    // As for the other tables that small commits go to: merged files are kept for an hour.
    private static readonly Dictionary<string, string> s_properties = new() { ["delta.deletedFileRetentionDuration"] = "interval 1 hours" };

    /// <summary>What a run that has no other name is called: the time it began.</summary>
    public static string RunAt(DateTimeOffset began) => began.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whether a clean table has counted what is not appended yet: since the last run, or because that died.</summary>
    public static async ValueTask<bool> IsBehindAsync(TableCatalog catalog, CleaningTarget target, Snapshot clean, CancellationToken cancel)
    {
        var counts = QualityCounters.Read(target, clean);
        if (counts.Count == 0) return false;
        var results = await catalog.OpenAsync(Name, cancel) is { } table ? await table.SnapshotAsync(cancel) : null;
        return Grown(clean, results, counts).Count > 0;
    }

    /// <summary>Appends what the clean table's counts grew by; whether there was anything.</summary>
    /// <param name="run">What to call the run; several rows of one run are summed.</param>
    /// <exception cref="CleaningException">Other writers were in the way too often.</exception>
    public static async Task<bool> RecordAsync(
        TableCatalog catalog, (CleaningTarget Target, DeltaTable Clean) of, DuckDBConnection connection, (string Name, DateTimeOffset At) run,
        CancellationToken cancel)
    {
        var clean = await of.Clean.SnapshotAsync(cancel);
        var counts = QualityCounters.Read(of.Target, clean);
        if (counts.Count == 0) return false;
        var results = await catalog.OpenOrCreateAsync(Name, s_schema, s_properties, cancel);
        for (var attempt = 1; ; attempt++)
        {
            var basis = await results.SnapshotAsync(cancel);
            var grown = Grown(clean, basis, counts);
            if (grown.Count == 0) return false;
            try
            {
                await TableWriter.AppendAsync(
                    results, basis, connection, Rows(of.Target, (clean, basis), grown, run), new Append(Reached(clean, counts)), cancel);
                return true;
            }
            catch (OvertakenException) when (attempt < CleaningLimits.QualityAttemptsMax)
            {
                // Another process appended the same counts, or some of them; what is left is appended to its version.
            }
            catch (OvertakenException e)
            {
                throw new CleaningException(
                    $"Appending to {Name} was overtaken {attempt} times by another writer ({e.Message}) Let one process own the tables.");
            }
        }
    }

    /// <summary>What counts grew by since they were appended.</summary>
    public static IReadOnlyList<QualityCount> Grown(Snapshot clean, Snapshot? results, IReadOnlyList<QualityCount> counts) =>
    [
        .. counts.Select(count => count with
            {
                Passed = count.Passed - (results?.TransactionVersion(Id(clean, count, "passed")) ?? 0),
                Failed = count.Failed - (results?.TransactionVersion(Id(clean, count, "failed")) ?? 0),
            })
            .Where(count => count.Passed + count.Failed > 0),
    ];

    private static string Rows(
        CleaningTarget target, (Snapshot Clean, Snapshot Results) basis, IReadOnlyList<QualityCount> grown, (string Name, DateTimeOffset At) run)
    {
        var from = basis.Results.TransactionVersion(VersionId(basis.Clean)) ?? 0;
        var values = grown.Select(count => string.Create(
            CultureInfo.InvariantCulture,
            $"({SqlName.Literal(count.Expectation)}, {SqlName.Literal(count.Action)}, {count.Passed}::BIGINT, {count.Failed}::BIGINT)"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SELECT {SqlName.Literal(run.Name)} AS run, {SqlName.Literal(target.Dataset.Name)} AS dataset, {SqlName.Literal(target.Path)} AS path,
              expectation, action, passed, failed, {from}::BIGINT AS from_version, {basis.Clean.Version}::BIGINT AS to_version,
              {Judging.CleaningSession.Timestamp(run.At)} AS recorded_at
            FROM (VALUES {string.Join(", ", values)}) t(expectation, action, passed, failed)
            """);
    }

    private static List<SetTransaction> Reached(Snapshot clean, IReadOnlyList<QualityCount> counts) =>
    [
        new(VersionId(clean), clean.Version),
        .. counts.Where(count => count.Passed > 0).Select(count => new SetTransaction(Id(clean, count, "passed"), count.Passed)),
        .. counts.Where(count => count.Failed > 0).Select(count => new SetTransaction(Id(clean, count, "failed"), count.Failed)),
    ];

    // By the table's own id: a clean table that was removed and made anew counts from the beginning.
    private static string Id(Snapshot clean, QualityCount count, string outcome) =>
        $"sluice/quality/{clean.Metadata.Id}/{count.Expectation}/{count.Action}/{outcome}";

    private static string VersionId(Snapshot clean) => $"sluice/quality/{clean.Metadata.Id}/version";
}
