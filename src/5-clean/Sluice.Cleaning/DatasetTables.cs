using Sluice.Definition;
using Sluice.Tables;

namespace Sluice.Cleaning;

/// <summary>The tables that one dataset's records end in.</summary>
internal sealed record DatasetTables(DeltaTable Clean, DeltaTable Quarantine, DeltaTable Duplicates)
{
    private const string Text = "VARCHAR";
    private const string Integer = "INTEGER";
    private const string BigInt = "BIGINT";
    private const string Instant = "TIMESTAMP WITH TIME ZONE";

    // Where a record was: the same columns in all tables about records. A stream's records are in no object.
    private static readonly TableColumn[] s_place =
    [
        new("path", Text, false), new("topic", Text, false), new("partition", Integer, false), new("offset", BigInt, false),
        new("object", Text, true), new("line", BigInt, true),
    ];

    private static readonly TableSchema s_quarantine = new(
        [.. s_place, new("raw", Text, false), new("reasons", "VARCHAR[]", false), new("quarantined_at", Instant, false)]);

    private static readonly TableSchema s_duplicates = new([.. s_place, new("key", Text, false), new("found_at", Instant, false)]);

    private static readonly TableSchema s_replayed = new(
    [
        .. s_place, new("replay", BigInt, false), new("verdict", Text, false), new("key", Text, true),
        new("reasons", "VARCHAR[]", true), new("replayed_at", Instant, false),
    ]);

    // What compaction leaves behind: several files a second on the stream path, which a week of would make checkpoints of millions of
    // actions. No reader of these tables holds a version for an hour.
    private static readonly Dictionary<string, string> s_compacted = new() { ["delta.deletedFileRetentionDuration"] = "interval 1 hours" };

    private static readonly Dictionary<string, string> s_plain = [];

    public static TableName CleanName(CleaningTarget target) => new(target.Path, target.Dataset.Name);

    public static TableName QuarantineName(Dataset dataset) => new("quarantine", dataset.Name);

    public static TableName DuplicatesName(Dataset dataset) => new("duplicates", dataset.Name);

    public static TableName ReplayedName(Dataset dataset) => new("replayed", dataset.Name);

    /// <summary>Opens the tables, creating those that are not there.</summary>
    /// <exception cref="TableSchemaException">One exists with other columns.</exception>
    public static async ValueTask<DatasetTables> OpenAsync(TableCatalog catalog, CleaningTarget target, CancellationToken cancel)
    {
        var columns = target.Dataset.Columns.Select(column => new TableColumn(column.Name, column.Type, column.Nullable));
        var properties = target.ReadsObjects ? s_plain : s_compacted;
        return new DatasetTables(
            await catalog.OpenOrCreateAsync(CleanName(target), new TableSchema([.. columns]), properties, cancel),
            await catalog.OpenOrCreateAsync(QuarantineName(target.Dataset), s_quarantine, s_compacted, cancel),
            await catalog.OpenOrCreateAsync(DuplicatesName(target.Dataset), s_duplicates, s_compacted, cancel));
    }

    public static ValueTask<DeltaTable> OpenReplayedAsync(TableCatalog catalog, Dataset dataset, CancellationToken cancel) =>
        catalog.OpenOrCreateAsync(ReplayedName(dataset), s_replayed, cancel);
}
