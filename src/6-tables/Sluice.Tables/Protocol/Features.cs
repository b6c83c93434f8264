namespace Sluice.Tables;

/// <summary>What a table's protocol asks of readers and writers, against what Sluice does.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#table-features</remarks>
internal static class Features
{
    public const string InCommitTimestamps = "delta.enableInCommitTimestamps";
    public const string DeletionVectors = "delta.enableDeletionVectors";
    public const string ChangeDataFeed = "delta.enableChangeDataFeed";
    public const string TypeWidening = "delta.enableTypeWidening";
    public const string CheckpointPolicy = "delta.checkpointPolicy";
    public const string AppendOnly = "delta.appendOnly";
    public const string ConstraintPrefix = "delta.constraints.";
    public const string Invariants = "delta.invariants";

    /// <summary>The type of a column that nothing is known of but nulls.</summary>
    public const string Void = "void";

    private const int NamedReaderFeatures = 3;
    private const int NamedWriterFeatures = 7;

    private static readonly HashSet<string> s_readable =
        ["columnMapping", "deletionVectors", "timestampNtz", "typeWidening", "v2Checkpoint", "vacuumProtocolCheck"];

    /// <summary>What keeps Sluice from reading the table; null when nothing does.</summary>
    public static string? ReadFault(TableProtocol protocol)
    {
        if (protocol.MinReaderVersion < NamedReaderFeatures) return null;
        if (protocol.MinReaderVersion > NamedReaderFeatures)
        {
            return $"it needs reader version {protocol.MinReaderVersion}; Sluice reads up to {NamedReaderFeatures}";
        }

        if (protocol.ReaderFeatures is null) return "its protocol has reader version 3 without naming readerFeatures";
        var unknown = protocol.ReaderFeatures.Where(f => !s_readable.Contains(f)).ToArray();
        return unknown.Length == 0 ? null : $"it needs the reader feature {string.Join(", ", unknown)}, which Sluice does not have";
    }

    /// <summary>What keeps Sluice from writing to the table; null when nothing does.</summary>
    public static string? WriteFault(TableProtocol protocol, TableMetadata metadata, StructType schema)
    {
        if (protocol.MinWriterVersion > NamedWriterFeatures)
        {
            return $"it needs writer version {protocol.MinWriterVersion}; Sluice writes up to {NamedWriterFeatures}";
        }

        var named = protocol.MinWriterVersion == NamedWriterFeatures ? protocol.WriterFeatures ?? [] : [];
        var refused = named.Where(f => !IsHarmless(f)).Concat(InUse(metadata, schema)).Distinct().Order(StringComparer.Ordinal).ToArray();
        return refused.Length == 0 ? null : $"it uses {string.Join(", ", refused)}, which Sluice does not write";
    }

    /// <summary>Features that ask nothing of an append or an overwrite unless the table's metadata switches them on.</summary>
    private static bool IsHarmless(string feature) => feature is
        "appendOnly" or "invariants" or "checkConstraints" or "changeDataFeed" or "generatedColumns" or "columnMapping" or "identityColumns"
        or "deletionVectors" or "timestampNtz" or "v2Checkpoint" or "vacuumProtocolCheck" or "inCommitTimestamp" or "typeWidening" or "domainMetadata";

    private static IEnumerable<string> InUse(TableMetadata metadata, StructType schema)
    {
        foreach (var field in AllFields(schema))
        {
            if (field.Has("delta.generationExpression")) yield return "generatedColumns";
            if (field.Has("delta.identity.start")) yield return "identityColumns";
            if (field.Type is PrimitiveType { Name: Void }) yield return $"the type void (of '{field.Name}')";
        }
    }

    public static bool IsOn(IReadOnlyDictionary<string, string> configuration, string key) =>
        configuration.TryGetValue(key, out var value) && value.Equals("true", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<StructField> AllFields(DeltaType type) => type switch
    {
        StructType fields => fields.Fields.SelectMany(f => AllFields(f.Type).Prepend(f)),
        ArrayType array => AllFields(array.Element),
        MapType map => AllFields(map.Key).Concat(AllFields(map.Value)),
        _ => [],
    };
}
