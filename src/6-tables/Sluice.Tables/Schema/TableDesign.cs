namespace Sluice.Tables;

/// <summary>What a new table shall be.</summary>
public sealed record TableDesign(TableSchema Schema)
{
    /// <summary>Columns whose values part the rows into files of their own; they stand in the log and not in the files.</summary>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <summary>
    /// Table properties. Those that need a feature raise the protocol: <c>delta.enableDeletionVectors</c>, <c>delta.enableChangeDataFeed</c>,
    /// <c>delta.enableInCommitTimestamps</c>, <c>delta.enableTypeWidening</c>, <c>delta.columnMapping.mode</c>, <c>delta.checkpointPolicy</c>,
    /// <c>delta.constraints.{name}</c>, <c>delta.feature.{name}</c> = <c>supported</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = EmptyMap.Strings;
}

/// <summary>The first actions of a table.</summary>
internal sealed record TableStart(TableProtocol Protocol, TableMetadata Metadata, StructType Schema);

/// <summary>From designs to the actions of version 0.</summary>
internal static class TableDesigns
{
    /// <exception cref="TableSchemaException">The design has no Delta form; all faults of the columns are named at once.</exception>
    public static TableStart ToDelta(TableName table, TableDesign design, Func<Guid> newId)
    {
        var mapped = design.Properties.GetValueOrDefault(ColumnMapping.ModeKey) is "name" or "id";
        var ntz = design.Properties.GetValueOrDefault("delta.feature.timestampNtz") is "supported" or "enabled";
        var schema = TableSchemas.ToDelta(table, design.Schema, new SchemaFreedom(AnyName: mapped, Ntz: ntz));
        CheckPartitions(table, schema, design.PartitionColumns);
        var id = $"{newId():D}";
        var properties = ProtocolNeeds.Kept(design.Properties);
        if (mapped) (schema, properties) = ColumnMapping.Assign(schema, properties, newId);
        var protocol = ProtocolNeeds.Raise(new TableProtocol(1, 2), ProtocolNeeds.Features(design.Properties, schema));
        return new TableStart(protocol, new TableMetadata(id, SchemaJson.Write(schema), design.PartitionColumns, properties), schema);
    }

    /// <summary>How a table differs from a design; null when it does not.</summary>
    public static string? Difference(Snapshot snapshot, TableDesign design)
    {
        if (TableSchemas.Difference(snapshot.Schema, design.Schema) is { } difference) return difference;
        return snapshot.Metadata.PartitionColumns.SequenceEqual(design.PartitionColumns)
            ? null
            : $"it is partitioned by ({string.Join(", ", snapshot.Metadata.PartitionColumns)}), wanted is ({string.Join(", ", design.PartitionColumns)})";
    }

    private static void CheckPartitions(TableName table, StructType schema, IReadOnlyList<string> partitions)
    {
        foreach (var name in partitions)
        {
            var field = schema.Fields.FirstOrDefault(f => f.Name == name)
                ?? throw new TableSchemaException(table, $"it cannot be partitioned by '{name}', which is none of its columns");
            if (PartitionValue.Fault(field) is { } fault) throw new TableSchemaException(table, fault);
        }

        if (partitions.Distinct().Count() != partitions.Count) throw new TableSchemaException(table, "a column is named twice among the partition columns");
        if (partitions.Count == schema.Fields.Count) throw new TableSchemaException(table, "all its columns are partition columns: leave one for the files");
    }
}

/// <summary>What a schema may hold beyond what every table may.</summary>
/// <param name="AnyName">Names of any characters: the files use others.</param>
/// <param name="Ntz">Timestamps without a zone.</param>
internal readonly record struct SchemaFreedom(bool AnyName, bool Ntz);
