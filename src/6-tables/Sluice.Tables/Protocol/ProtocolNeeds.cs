namespace Sluice.Tables;

/// <summary>Which protocol a table's properties ask for: as low as they allow, and never lower than it was.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#valid-feature-names-in-table-features</remarks>
internal static class ProtocolNeeds
{
    private const string FeaturePrefix = "delta.feature.";

    /// <summary>Features that versions below the named ones stand for: writer version, name, reader version.</summary>
    private static readonly (int Writer, string Name, int Reader)[] s_legacy =
    [
        (2, "appendOnly", 1), (2, "invariants", 1), (3, "checkConstraints", 1), (4, "changeDataFeed", 1), (4, "generatedColumns", 1),
        (5, "columnMapping", 2), (6, "identityColumns", 1),
    ];

    /// <summary>Features that readers must know too.</summary>
    private static readonly HashSet<string> s_readers = ["columnMapping", "deletionVectors", "timestampNtz", "typeWidening", "v2Checkpoint", "vacuumProtocolCheck"];

    /// <summary>The features that properties and schema switch on.</summary>
    public static IReadOnlyList<string> Features(IReadOnlyDictionary<string, string> properties, StructType schema)
    {
        var features = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in properties)
        {
            if (key.StartsWith(FeaturePrefix, StringComparison.Ordinal) && value is "supported" or "enabled") features.Add(key[FeaturePrefix.Length..]);
            if (key.StartsWith(Tables.Features.ConstraintPrefix, StringComparison.Ordinal)) features.Add("checkConstraints");
        }

        Add(Tables.Features.IsOn(properties, Tables.Features.DeletionVectors), "deletionVectors");
        Add(Tables.Features.IsOn(properties, Tables.Features.ChangeDataFeed), "changeDataFeed");
        Add(Tables.Features.IsOn(properties, Tables.Features.InCommitTimestamps), "inCommitTimestamp");
        Add(Tables.Features.IsOn(properties, Tables.Features.TypeWidening), "typeWidening");
        Add(properties.GetValueOrDefault(Tables.Features.CheckpointPolicy) == "v2", "v2Checkpoint");
        Add(properties.GetValueOrDefault(ColumnMapping.ModeKey) is "name" or "id", "columnMapping");
        Add(HoldsNtz(schema), "timestampNtz");
        return [.. features];

        void Add(bool needed, string feature)
        {
            if (needed) features.Add(feature);
        }
    }

    /// <summary>The properties that stay in the metadata: those that name features go into the protocol.</summary>
    public static IReadOnlyDictionary<string, string> Kept(IReadOnlyDictionary<string, string> properties) =>
        properties.Where(p => !p.Key.StartsWith(FeaturePrefix, StringComparison.Ordinal)).ToDictionary(p => p.Key, p => p.Value);

    /// <summary>The protocol with features added; itself when it has them all.</summary>
    public static TableProtocol Raise(TableProtocol has, IReadOnlyCollection<string> features)
    {
        var missing = features.Except(Names(has)).ToArray();
        if (missing.Length == 0) return has;
        var legacy = s_legacy.ToDictionary(l => l.Name);
        if (has.MinWriterVersion < 7 && missing.All(legacy.ContainsKey))
        {
            var writer = Math.Max(has.MinWriterVersion, missing.Max(f => legacy[f].Writer));
            return new TableProtocol(Math.Max(has.MinReaderVersion, missing.Max(f => legacy[f].Reader)), writer);
        }

        var names = Names(has).Union(missing).Order(StringComparer.Ordinal).ToArray();
        var readers = names.Where(s_readers.Contains).ToArray();
        var reader = readers.Any(f => f != "columnMapping") ? 3 : Math.Max(has.MinReaderVersion, readers.Length > 0 ? 2 : 1);
        return new TableProtocol(reader, 7, reader == 3 ? readers : null, names);
    }

    /// <summary>The features that a protocol asks writers for, named or stood for by its version.</summary>
    public static IEnumerable<string> Names(TableProtocol protocol) => protocol.MinWriterVersion >= 7
        ? protocol.WriterFeatures ?? []
        : s_legacy.Where(l => l.Writer <= protocol.MinWriterVersion).Select(l => l.Name);

    private static bool HoldsNtz(DeltaType type) => type switch
    {
        PrimitiveType { Name: "timestamp_ntz" } => true,
        StructType fields => fields.Fields.Any(f => HoldsNtz(f.Type)),
        ArrayType array => HoldsNtz(array.Element),
        MapType map => HoldsNtz(map.Key) || HoldsNtz(map.Value),
        _ => false,
    };
}
