using System.Globalization;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>The rules for what a log says at a version: protocol, metadata, and each file against them.</summary>
internal static class StateLint
{
    /// <summary>What a commit changes, against the table it leaves.</summary>
    public static void CheckCommit(LintReport report, string place, IReadOnlyList<ILogAction> actions, TableState before, TableState after)
    {
        if (actions.OfType<TableProtocol>().Any()) CheckProtocol(report, place, after.Protocol!);
        if (actions.Any(a => a is TableMetadata or TableProtocol)) CheckMetadata(report, place, after);
        if (before.Protocol is { } old)
        {
            report.Require(
                after.Protocol!.MinReaderVersion >= old.MinReaderVersion && after.Protocol.MinWriterVersion >= old.MinWriterVersion,
                "Protocol Evolution", place, "it lowers the protocol");
        }

        CheckTime(report, place, actions, before, after);
        var values = PartitionNames(after);
        foreach (var add in actions.OfType<AddFile>()) CheckAdd(report, place, add, after, values);
        if (Features.IsOn(after.Metadata!.Configuration, Features.AppendOnly) && actions.OfType<RemoveFile>().FirstOrDefault(r => r.DataChange) is { } removed)
            report.Add("Append-only Tables", place, $"it removes rows with {removed.Path}, and the table is append-only");
    }

    private static void CheckProtocol(LintReport report, string place, TableProtocol protocol)
    {
        const string Section = "Table Features";
        report.Require(protocol.MinReaderVersion < 3 || protocol.MinWriterVersion >= 7, Section, place, "reader version 3 stands without writer version 7");
        report.Require(protocol.MinReaderVersion == 3 == protocol.ReaderFeatures is not null, Section, place, "readerFeatures stand with reader version 3, and only then");
        report.Require(protocol.MinWriterVersion == 7 == protocol.WriterFeatures is not null, Section, place, "writerFeatures stand with writer version 7, and only then");
        foreach (var feature in (protocol.ReaderFeatures ?? []).Except(protocol.WriterFeatures ?? [])) report.Add(Section, place,
            $"the reader feature {feature} is no writer feature");
    }

    private static void CheckMetadata(LintReport report, string place, TableState state)
    {
        StructType schema;
        try
        {
            schema = SchemaJson.Parse(state.Metadata!.SchemaString);
        }
        catch (LogFormatException e)
        {
            report.Add("Schema Serialization Format", place, e.Message);
            return;
        }

        foreach (var name in schema.Fields.GroupBy(f => f.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
            report.Add("Schema Serialization Format", place, $"more than one column is named '{name.Key}' (case does not tell them apart)");
        foreach (var partition in state.Metadata.PartitionColumns.Where(p => schema.Fields.All(f => f.Name != p)))
            report.Add("Change Metadata", place, $"the partition column '{partition}' is not in the schema");
        var supported = ProtocolNeeds.Names(state.Protocol!).ToHashSet(StringComparer.Ordinal);
        foreach (var feature in ProtocolNeeds.Features(state.Metadata.Configuration, schema).Where(f => !supported.Contains(f)))
            report.Add("Table Features", place, $"the metadata uses {feature}, which the protocol does not name");
        if (ColumnMapping.Mode(state.Metadata) != ColumnMappingMode.None) CheckMapping(report, place, schema, state.Metadata);
    }

    private static void CheckMapping(LintReport report, string place, StructType schema, TableMetadata metadata)
    {
        const string Section = "Column Mapping";
        var fields = Fields(schema).ToList();
        foreach (var field in fields)
            report.Require(field.ColumnId is not null && field.Has(ColumnMapping.PhysicalNameKey), Section, place, $"column '{field.Name}' has no id or no physical name");
        foreach (var id in fields.Where(f => f.ColumnId is not null).GroupBy(f => f.ColumnId).Where(g => g.Count() > 1)) report.Add(Section, place,
            $"the column id {id.Key} is given twice");
        var highest = fields.Max(f => f.ColumnId) ?? 0;
        report.Require(
            long.TryParse(metadata.Configuration.GetValueOrDefault(ColumnMapping.MaxIdKey), CultureInfo.InvariantCulture, out var max) && max >= highest,
            Section, place, $"{ColumnMapping.MaxIdKey} is missing or below the highest id, {highest}");
    }

    private static void CheckTime(LintReport report, string place, IReadOnlyList<ILogAction> actions, TableState before, TableState after)
    {
        const string Section = "In-Commit Timestamps";
        if (!InCommitTimestamps.AreOn(after.Metadata!)) return;
        var first = actions.Count > 0 ? actions[0] : null;
        report.Require(first is CommitInfo { InCommitTimestamp: not null }, Section, place, "its first action is no commitInfo with an inCommitTimestamp");
        report.Require(
            before.LastCommit?.InCommitTimestamp is not { } last || after.LastCommit?.InCommitTimestamp > last, Section, place,
            "its inCommitTimestamp is not later than that of the version before");
        if (before.Metadata is null || InCommitTimestamps.AreOn(before.Metadata)) return;
        var since = after.Metadata!.Configuration;
        var told = since.GetValueOrDefault(InCommitTimestamps.VersionKey) == after.Version.ToString(CultureInfo.InvariantCulture)
            && since.GetValueOrDefault(InCommitTimestamps.TimeKey) == after.LastCommit?.InCommitTimestamp?.ToString(CultureInfo.InvariantCulture);
        report.Require(told, Section, place, $"it switches them on, and {InCommitTimestamps.VersionKey} and {InCommitTimestamps.TimeKey} do not say so");
    }

    private static void CheckAdd(LintReport report, string place, AddFile add, TableState state, HashSet<string> partitions)
    {
        report.Require(add.PartitionValues.Keys.ToHashSet().SetEquals(partitions), "Add File and Remove File", place,
            $"the partitionValues of {add.Path} do not name the partition columns");
        if (add.DeletionVector is { } vector)
        {
            const string Vectors = "Deletion Vectors";
            report.Require(ProtocolNeeds.Names(state.Protocol!).Contains("deletionVectors"), Vectors, place,
                $"{add.Path} has a deletion vector, and the protocol does not name deletionVectors");
            report.Require(FileStats.RowCount(add.StatsText) is { } rows && rows >= vector.Cardinality, Vectors, place,
                $"the stats of {add.Path} lack a numRecords, or it is below the vector's cardinality");
        }

        if (!add.StatsText.IsThere) return;
        try
        {
            using var stats = JsonDocument.Parse(add.StatsText.Utf8);
            report.Require(stats.RootElement.ValueKind == JsonValueKind.Object, "Per-file Statistics", place, $"the stats of {add.Path} are no object");
            var tight = !stats.RootElement.TryGetProperty("tightBounds", out var flag) || flag.ValueKind == JsonValueKind.True;
            report.Require(add.DeletionVector is null || !tight, "Per-file Statistics", place, $"the stats of {add.Path} claim tight bounds though rows of it are deleted");
        }
        catch (JsonException e)
        {
            report.Add("Per-file Statistics", place, $"the stats of {add.Path} are no JSON: {e.Message}");
        }
    }

    /// <summary>The names that partition values have in the log.</summary>
    private static HashSet<string> PartitionNames(TableState state)
    {
        var schema = SchemaJson.Parse(state.Metadata!.SchemaString);
        return [.. state.Metadata.PartitionColumns.Select(p => schema.Fields.FirstOrDefault(f => f.Name.Equals(p, StringComparison.OrdinalIgnoreCase))?.PhysicalName ?? p)];
    }

    private static IEnumerable<StructField> Fields(DeltaType type) => type switch
    {
        StructType fields => fields.Fields.SelectMany(f => Fields(f.Type).Prepend(f)),
        ArrayType array => Fields(array.Element),
        MapType map => Fields(map.Key).Concat(Fields(map.Value)),
        _ => [],
    };
}
