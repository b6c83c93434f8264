using System.Globalization;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Reads the change feed: from change files where a commit has some, else from the files it added and removed.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#reader-requirements-for-add-cdc-file</remarks>
internal sealed class ChangeReader(TableName table, TableLog log, SnapshotLoader loader, RelationReader relations)
{
    public async Task<string> SqlAsync(Snapshot last, long from, CancellationToken cancel)
    {
        var (first, fault) = await loader.LoadAsync(from, cancel);
        var on = first is null ? throw new TableVersionException(table, from, fault) : Features.IsOn(first.Metadata.Configuration, Features.ChangeDataFeed);
        var selects = new List<string>();
        for (var version = from; version <= last.Version; version++)
        {
            var actions = await log.ReadCommitAsync(version, cancel) ?? throw new TableVersionException(table, version, "its commit is cleaned up");
            foreach (var metadata in actions.OfType<TableMetadata>()) on = Features.IsOn(metadata.Configuration, Features.ChangeDataFeed);
            if (!on) throw new TableUnsupportedException(table, $"it kept no change feed at version {version}: set the property {Features.ChangeDataFeed} to 'true'");
            var info = actions.OfType<CommitInfo>().FirstOrDefault();
            var time = info?.InCommitTimestamp ?? info?.Timestamp ?? 0;
            var commit = string.Create(
                CultureInfo.InvariantCulture,
                $"{version}::BIGINT AS {ChangeFeed.VersionColumn}, epoch_ms({time}::BIGINT) AT TIME ZONE 'UTC' AS {ChangeFeed.TimeColumn}");
            foreach (var select in await CommitAsync(last, actions, cancel)) selects.Add($"SELECT *, {commit} FROM ({select}\n)");
        }

        // The columns stand even when no commit changed a row.
        var empty = await relations.SqlAsync(last, [], cancel);
        var none = $"SELECT *, ''::VARCHAR AS {ChangeFeed.TypeColumn}, 0::BIGINT AS {ChangeFeed.VersionColumn}, NULL::TIMESTAMPTZ AS {ChangeFeed.TimeColumn} FROM {empty}";
        return $"({string.Join("\nUNION ALL ", selects.Prepend(none))})";
    }

    private async Task<IReadOnlyList<string>> CommitAsync(Snapshot shape, List<ILogAction> actions, CancellationToken cancel)
    {
        var changes = actions.OfType<ChangeFile>().ToList();
        if (changes.Count > 0)
        {
            var files = changes.Select(c => new AddFile(c.Path, c.Size, 0, null) { PartitionValues = c.PartitionValues }).ToList();
            return [$"SELECT * FROM {await relations.SqlAsync(WithType(shape), files, cancel)}"];
        }

        var adds = actions.OfType<AddFile>().Where(a => a.DataChange).ToDictionary(a => DataPath.Canonical(a.Path));
        var removes = actions.OfType<RemoveFile>().Where(r => r.DataChange).ToDictionary(r => DataPath.Canonical(r.Path), AsAdd);
        var selects = new List<string>();
        foreach (var (path, add) in adds)
        {
            // A file that comes and goes in one commit has other deleted rows than before.
            if (removes.TryGetValue(path, out var before)) selects.AddRange(await DifferenceAsync(shape, before, add, cancel));
        }

        await AddAsync(selects, shape, [.. adds.Where(a => !removes.ContainsKey(a.Key)).Select(a => a.Value)], "insert", cancel);
        await AddAsync(selects, shape, [.. removes.Where(r => !adds.ContainsKey(r.Key)).Select(r => r.Value)], "delete", cancel);
        return selects;
    }

    private async Task AddAsync(List<string> selects, Snapshot shape, IReadOnlyList<AddFile> files, string type, CancellationToken cancel)
    {
        if (files.Count > 0) selects.Add($"SELECT *, '{type}' AS {ChangeFeed.TypeColumn} FROM {await relations.SqlAsync(shape, files, cancel)}");
    }

    private async Task<IReadOnlyList<string>> DifferenceAsync(Snapshot shape, AddFile before, AddFile after, CancellationToken cancel)
    {
        var hidden = (await relations.DeletedRowsAsync(before, cancel)).ToHashSet();
        var hides = (await relations.DeletedRowsAsync(after, cancel)).ToHashSet();
        var whole = await relations.PlacesAsync(shape, [after with { DeletionVector = null }], cancel);
        var columns = string.Join(", ", shape.Schema.Columns.Select(c => SqlName.Quote(c.Name)));
        var selects = new List<string>();
        Add(hidden.Except(hides), "insert");
        Add(hides.Except(hidden), "delete");
        return selects;

        void Add(IEnumerable<long> rows, string type)
        {
            var list = string.Join(',', rows);
            if (list.Length == 0) return;
            var wanted = $"(SELECT unnest(string_split('{list}', ',')::BIGINT[]))";
            selects.Add($"SELECT {columns}, '{type}' AS {ChangeFeed.TypeColumn} FROM {whole} WHERE {Relation.RowColumn} IN {wanted}");
        }
    }

    private static AddFile AsAdd(RemoveFile remove) => new(remove.Path, remove.Size ?? 0, 0, null)
    {
        PartitionValues = remove.PartitionValues ?? EmptyMap.Values,
        DeletionVector = remove.DeletionVector,
    };

    /// <summary>
    /// The snapshot with the change files' own column behind the table's. That column has no id, so columns that are mapped by id are read
    /// by their names in the files, which writers give them in that mode too.
    /// </summary>
    /// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#writer-requirements-for-column-mapping</remarks>
    private static Snapshot WithType(Snapshot snapshot)
    {
        var schema = new StructType([.. snapshot.DeltaSchema.Fields, new StructField(ChangeFeed.TypeColumn, new PrimitiveType("string"), Nullable: true)]);
        var metadata = snapshot.Metadata with { SchemaString = SchemaJson.Write(schema) };
        if (ColumnMapping.Mode(metadata) == ColumnMappingMode.Id)
            metadata = metadata with { Configuration = new Dictionary<string, string>(metadata.Configuration) { [ColumnMapping.ModeKey] = "name" } };
        return new Snapshot(snapshot.State with { Metadata = metadata });
    }
}
