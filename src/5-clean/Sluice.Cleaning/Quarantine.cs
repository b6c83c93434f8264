using DuckDB.NET.Data;
using Microsoft.Extensions.Logging;
using Sluice.Definition;
using Sluice.Sql;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>The records at fault: what there is and why, and another try after the fault was mended in the pipeline.</summary>
public sealed class Quarantine(
    PipelineDefinition pipeline, TableCatalog tables, CleaningOptions options, TimeProvider time, ILogger<Quarantine> logger)
{
    // Listing holds a page of raw records at most.
    private const long MemoryBytesMax = 256L << 20;

    /// <summary>Reasons with the number of records that have each, most frequent first; a record with two reasons is in both.</summary>
    /// <param name="dataset">One dataset, or null for all.</param>
    /// <exception cref="ArgumentException">No such dataset.</exception>
    public async Task<IReadOnlyList<QuarantineReason>> ListAsync(string? dataset, CancellationToken cancel)
    {
        var reasons = new List<QuarantineReason>();
        foreach (var item in Chosen(dataset))
        {
            reasons.AddRange(await ReadAsync(
                item,
                relation => $"""
                    SELECT path, reason, count(*) FROM (SELECT path, unnest(reasons) AS reason FROM {relation})
                    GROUP BY path, reason ORDER BY path, count(*) DESC, reason
                    """,
                row => new QuarantineReason(item.Name, row.GetString(0), row.GetString(1), row.GetInt64(2)),
                cancel));
        }

        return reasons;
    }

    /// <summary>Quarantined records in order of their place, oldest first.</summary>
    /// <param name="reason">Only those with this reason; null for all.</param>
    /// <param name="limit">The most to give.</param>
    /// <exception cref="ArgumentException">No such dataset.</exception>
    public Task<IReadOnlyList<QuarantineEntry>> ShowAsync(string dataset, string? reason, int limit, CancellationToken cancel) => ReadAsync(
        pipeline.DatasetNamed(dataset),
        relation => $"""
            SELECT path, topic, partition, "offset", object, line, raw, reasons, quarantined_at FROM {relation}
            WHERE $1 IS NULL OR list_contains(reasons, $1)
            ORDER BY path, topic, partition, "offset" LIMIT $2
            """,
        row => new QuarantineEntry(
            row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetString(4),
            row.IsDBNull(5) ? null : row.GetInt64(5), row.GetString(6), row.GetFieldValue<List<string>>(7),
            new DateTimeOffset(DateTime.SpecifyKind(row.GetDateTime(8), DateTimeKind.Utc))),
        cancel,
        reason, limit);

    /// <summary>
    /// Cleans the quarantined records of a dataset again, with the pipeline as it is. Those that pass move to the clean table, or to the
    /// duplicates; the others stay, with the reasons they have now. Interrupted, it is finished by the next call.
    /// </summary>
    /// <param name="path">batch or stream.</param>
    /// <exception cref="ArgumentException">No such dataset or path.</exception>
    /// <exception cref="SqlException">The clean SQL or a check does not bind.</exception>
    /// <exception cref="CleaningException">Other writers were in the way too often.</exception>
    public async Task<ReplayReport> ReplayAsync(string dataset, string path, CancellationToken cancel)
    {
        var target = CleaningTarget.Of(pipeline.DatasetNamed(dataset), path);
        var replay = new Replay(target, tables, options, time);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await replay.RunAsync(cancel);
            }
            catch (OvertakenException e) when (attempt < options.AttemptsMax)
            {
                logger.LogInformation("The replay of {Path}.{Dataset} starts over: {Reason}", path, dataset, e.Message);
            }
            catch (OvertakenException e)
            {
                throw new CleaningException(
                    $"The replay of {path}.{dataset} was overtaken {attempt} times by another writer ({e.Message}) Run it when no cleaning runs.");
            }
        }
    }

    private IEnumerable<Dataset> Chosen(string? dataset) => dataset is null ? pipeline.Datasets : [pipeline.DatasetNamed(dataset)];

    private async Task<IReadOnlyList<T>> ReadAsync<T>(
        Dataset dataset, Func<string, string> select, Func<DuckDBDataReader, T> row, CancellationToken cancel, params object?[] parameters)
    {
        if (await tables.OpenAsync(DatasetTables.QuarantineName(dataset), cancel) is not { } table) return [];
        var relation = await table.RelationAsync(await table.SnapshotAsync(cancel), cancel);
        using var duckDb = DuckDb.Open(new DuckDbOptions(options.TempDirectory, Math.Min(MemoryBytesMax, options.MemoryBytesMax), options.Threads));
        using var connection = duckDb.Connect();
        return await connection.ReadAsync(select(relation), row, cancel, parameters);
    }
}

/// <summary>How many records of a dataset and path have a reason.</summary>
public sealed record QuarantineReason(string Dataset, string Path, string Reason, long Records);

/// <summary>A record at fault.</summary>
/// <param name="Object">The sink's object it was read from; null on the stream path.</param>
/// <param name="Line">Its line there, 1 being the first.</param>
/// <param name="Raw">The record as text. What is no UTF-8 text is written <c>!escaped </c> and its bytes with <c>\xHH</c>.</param>
public sealed record QuarantineEntry(
    string Path, string Topic, int Partition, long Offset, string? Object, long? Line, string Raw, IReadOnlyList<string> Reasons,
    DateTimeOffset QuarantinedAt);
