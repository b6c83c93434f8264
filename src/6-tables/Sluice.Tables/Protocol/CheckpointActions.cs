using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>What a checkpoint holds: one row per action that still counts, and the columns it is stored in.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoint-schema</remarks>
internal static class CheckpointActions
{
    private const string Strings = "MAP(VARCHAR, VARCHAR)";

    private const string Vector =
        "STRUCT(\"storageType\" VARCHAR, \"pathOrInlineDv\" VARCHAR, \"offset\" INTEGER, \"sizeInBytes\" INTEGER, \"cardinality\" BIGINT)";

    /// <summary>Columns and their types; every one is an optional struct, and each row fills exactly one.</summary>
    private static readonly (string Name, string Type)[] s_columns =
    [
        ("txn", "STRUCT(\"appId\" VARCHAR, \"version\" BIGINT, \"lastUpdated\" BIGINT)"),
        ("add", $"STRUCT(\"path\" VARCHAR, \"partitionValues\" {Strings}, \"size\" BIGINT, \"modificationTime\" BIGINT, \"dataChange\" BOOLEAN, "
            + $"\"stats\" VARCHAR, \"tags\" {Strings}, \"deletionVector\" {Vector}, \"baseRowId\" BIGINT, \"defaultRowCommitVersion\" BIGINT, "
            + "\"clusteringProvider\" VARCHAR)"),
        ("remove", $"STRUCT(\"path\" VARCHAR, \"deletionTimestamp\" BIGINT, \"dataChange\" BOOLEAN, \"extendedFileMetadata\" BOOLEAN, "
            + $"\"partitionValues\" {Strings}, \"size\" BIGINT, \"deletionVector\" {Vector}, \"baseRowId\" BIGINT, \"defaultRowCommitVersion\" BIGINT)"),
        ("metaData", $"STRUCT(\"id\" VARCHAR, \"name\" VARCHAR, \"description\" VARCHAR, \"format\" STRUCT(\"provider\" VARCHAR, \"options\" {Strings}), "
            + $"\"schemaString\" VARCHAR, \"partitionColumns\" VARCHAR[], \"configuration\" {Strings}, \"createdTime\" BIGINT)"),
        ("protocol", "STRUCT(\"minReaderVersion\" INTEGER, \"minWriterVersion\" INTEGER, \"readerFeatures\" VARCHAR[], \"writerFeatures\" VARCHAR[])"),
        ("domainMetadata", "STRUCT(\"domain\" VARCHAR, \"configuration\" VARCHAR, \"removed\" BOOLEAN)"),
    ];

    /// <summary>The columns of a classic checkpoint.</summary>
    public static CheckpointColumns Classic { get; } = Columns(_ => true);

    /// <summary>The columns of a sidecar: files alone.</summary>
    public static CheckpointColumns Sidecar { get; } = Columns(name => name is "add" or "remove");

    /// <summary>The rows: removes only while readers of older versions may need their files, and nothing that history alone wants.</summary>
    public static IEnumerable<ILogAction> Of(TableState state, TimeSpan tombstoneRetention, TimeProvider time)
    {
        yield return state.Protocol!;
        yield return state.Metadata!;
        foreach (var transaction in state.Transactions) yield return transaction;
        foreach (var domain in state.Domains) yield return domain;
        var eldest = EldestKept(tombstoneRetention, time);
        foreach (var remove in state.Tombstones)
        {
            if ((remove.DeletionTimestamp ?? 0) > eldest) yield return remove with { DataChange = false };
        }

        foreach (var add in state.Files) yield return add with { DataChange = false };
    }

    /// <summary>Removes up to this time, in milliseconds since 1970, are left out.</summary>
    public static long EldestKept(TimeSpan tombstoneRetention, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return tombstoneRetention < now - DateTimeOffset.UnixEpoch ? (now - tombstoneRetention).ToUnixTimeMilliseconds() : 0;
    }

    private static CheckpointColumns Columns(Func<string, bool> which)
    {
        var columns = s_columns.Where(c => which(c.Name)).ToArray();
        return new CheckpointColumns(
            string.Join(", ", columns.Select(c => SqlName.Quote(c.Name))),
            $"{{{string.Join(", ", columns.Select(c => $"{SqlName.Quote(c.Name)}: {SqlName.Literal(c.Type)}"))}}}");
    }
}

/// <summary>Columns of a file of a checkpoint.</summary>
/// <param name="Names">The select list.</param>
/// <param name="Types">The <c>columns</c> argument of DuckDB's <c>read_json</c>.</param>
internal sealed record CheckpointColumns(string Names, string Types);
