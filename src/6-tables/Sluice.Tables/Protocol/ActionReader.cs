using System.Text;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>
/// Reads actions from the lines of a commit or from the rows of a checkpoint written as JSON: the shape is the same, except that
/// a checkpoint row names the absent actions as null. Unknown actions and fields are skipped, as the protocol demands.
/// </summary>
internal static class ActionReader
{
    private static readonly JsonReaderOptions s_options = new() { AllowTrailingCommas = false, CommentHandling = JsonCommentHandling.Disallow };

    /// <exception cref="LogFormatException">A line is no JSON object or lacks a required field.</exception>
    public static void ReadLines(ReadOnlySpan<byte> content, List<ILogAction> into)
    {
        var line = 0;
        foreach (var range in content.Split((byte)'\n'))
        {
            line++;
            var text = content[range].Trim("\r \t"u8);
            if (text.IsEmpty) continue;
            try
            {
                ReadObject(text, into);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or LogFormatException)
            {
                throw new LogFormatException($"line {line} is no valid action: {e.Message}", e);
            }
        }
    }

    /// <summary>Reads one JSON object: <c>{"add":{...}}</c>, or a checkpoint row with the other actions null.</summary>
    public static void ReadObject(ReadOnlySpan<byte> json, List<ILogAction> into)
    {
        var reader = new Utf8JsonReader(json, s_options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new LogFormatException("it is no JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (ReadAction(ref reader) is { } action) into.Add(action);
        }

        while (reader.Read())
        {
            // Reading to the end makes the JSON reader reject what follows the object.
        }
    }

    private static ILogAction? ReadAction(ref Utf8JsonReader reader)
    {
        var name = reader.GetString();
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        switch (name)
        {
            case "add": return ReadAdd(ref reader);
            case "remove": return ReadRemove(ref reader);
            case "metaData": return ReadMetadata(ref reader);
            case "protocol": return ReadProtocol(ref reader);
            case "txn": return ReadTransaction(ref reader);
            case "domainMetadata": return ReadDomain(ref reader);
            case "commitInfo": return CommitInfoReader.Read(ref reader);
            case "cdc": return ReadChange(ref reader);
            case "sidecar": return ReadSidecar(ref reader);
            case "checkpointMetadata": return ReadCheckpointMetadata(ref reader);
            default:
                reader.Skip();
                return null;
        }
    }

    private static AddFile ReadAdd(ref Utf8JsonReader reader)
    {
        string? path = null, stats = null, clustering = null;
        long size = 0, modified = 0;
        long? baseRowId = null, rowVersion = null;
        var change = true;
        var values = EmptyMap.Values;
        IReadOnlyDictionary<string, string?>? tags = null;
        DeletionVector? vector = null;
        while (Next(ref reader, out var field))
        {
            switch (field)
            {
                case "path": path = reader.GetString(); break;
                case "size": size = reader.GetInt64(); break;
                case "modificationTime": modified = reader.GetInt64(); break;
                case "dataChange": change = reader.GetBoolean(); break;
                case "stats": stats = reader.GetString(); break;
                case "partitionValues": values = ReadMap(ref reader); break;
                case "tags": tags = ReadMap(ref reader); break;
                case "deletionVector": vector = ReadVector(ref reader); break;
                case "baseRowId": baseRowId = reader.GetInt64(); break;
                case "defaultRowCommitVersion": rowVersion = reader.GetInt64(); break;
                case "clusteringProvider": clustering = reader.GetString(); break;
                default: reader.Skip(); break;
            }
        }

        return new AddFile(path ?? throw Missing("add", "path"), size, modified, stats)
        {
            PartitionValues = values,
            DataChange = change,
            Tags = tags,
            DeletionVector = vector,
            BaseRowId = baseRowId,
            DefaultRowCommitVersion = rowVersion,
            ClusteringProvider = clustering,
        };
    }

    private static RemoveFile ReadRemove(ref Utf8JsonReader reader)
    {
        string? path = null;
        var remove = new RemoveFile("", null, true);
        while (Next(ref reader, out var field))
        {
            switch (field)
            {
                case "path": path = reader.GetString(); break;
                case "deletionTimestamp": remove = remove with { DeletionTimestamp = reader.GetInt64() }; break;
                case "dataChange": remove = remove with { DataChange = reader.GetBoolean() }; break;
                case "extendedFileMetadata": remove = remove with { ExtendedFileMetadata = reader.GetBoolean() }; break;
                case "partitionValues": remove = remove with { PartitionValues = ReadMap(ref reader) }; break;
                case "size": remove = remove with { Size = reader.GetInt64() }; break;
                case "deletionVector": remove = remove with { DeletionVector = ReadVector(ref reader) }; break;
                case "baseRowId": remove = remove with { BaseRowId = reader.GetInt64() }; break;
                case "defaultRowCommitVersion": remove = remove with { DefaultRowCommitVersion = reader.GetInt64() }; break;
                default: reader.Skip(); break;
            }
        }

        return remove with { Path = path ?? throw Missing("remove", "path") };
    }

    private static TableMetadata ReadMetadata(ref Utf8JsonReader reader)
    {
        string? id = null, schema = null, name = null, description = null, provider = null;
        IReadOnlyList<string> partitions = [];
        var configuration = EmptyMap.Strings;
        var options = EmptyMap.Strings;
        long? created = null;
        while (Next(ref reader, out var field))
        {
            switch (field)
            {
                case "id": id = reader.GetString(); break;
                case "name": name = reader.GetString(); break;
                case "description": description = reader.GetString(); break;
                case "schemaString": schema = reader.GetString(); break;
                case "partitionColumns": partitions = ReadList(ref reader); break;
                case "configuration": configuration = WithoutNulls(ReadMap(ref reader)); break;
                case "createdTime": created = reader.GetInt64(); break;
                case "format": (provider, options) = ReadFormat(ref reader); break;
                default: reader.Skip(); break;
            }
        }

        return new TableMetadata(
            id ?? throw Missing("metaData", "id"), schema ?? SchemaJson.NoColumns, partitions, configuration)
        {
            Name = name,
            Description = description,
            CreatedTime = created,
            FormatProvider = provider ?? "parquet",
            FormatOptions = options,
        };
    }

    private static (string? Provider, IReadOnlyDictionary<string, string> Options) ReadFormat(ref Utf8JsonReader reader)
    {
        string? provider = null;
        var options = EmptyMap.Strings;
        while (Next(ref reader, out var field))
        {
            if (field == "provider") provider = reader.GetString();
            else if (field == "options") options = WithoutNulls(ReadMap(ref reader));
            else reader.Skip();
        }

        return (provider, options);
    }

    private static TableProtocol ReadProtocol(ref Utf8JsonReader reader)
    {
        int? read = null, write = null;
        IReadOnlyList<string>? readers = null, writers = null;
        while (Next(ref reader, out var field))
        {
            switch (field)
            {
                case "minReaderVersion": read = reader.GetInt32(); break;
                case "minWriterVersion": write = reader.GetInt32(); break;
                case "readerFeatures": readers = ReadList(ref reader); break;
                case "writerFeatures": writers = ReadList(ref reader); break;
                default: reader.Skip(); break;
            }
        }

        return new TableProtocol(
            read ?? throw Missing("protocol", "minReaderVersion"), write ?? throw Missing("protocol", "minWriterVersion"), readers, writers);
    }

    private static SetTransaction ReadTransaction(ref Utf8JsonReader reader)
    {
        string? app = null;
        long? version = null, updated = null;
        while (Next(ref reader, out var field))
        {
            if (field == "appId") app = reader.GetString();
            else if (field == "version") version = reader.GetInt64();
            else if (field == "lastUpdated") updated = reader.GetInt64();
            else reader.Skip();
        }

        return new SetTransaction(app ?? throw Missing("txn", "appId"), version ?? throw Missing("txn", "version")) { LastUpdated = updated };
    }

    private static DomainMetadata ReadDomain(ref Utf8JsonReader reader)
    {
        string? domain = null, configuration = null;
        var removed = false;
        while (Next(ref reader, out var field))
        {
            if (field == "domain") domain = reader.GetString();
            else if (field == "configuration") configuration = reader.GetString();
            else if (field == "removed") removed = reader.GetBoolean();
            else reader.Skip();
        }

        return new DomainMetadata(domain ?? throw Missing("domainMetadata", "domain"), configuration ?? "", removed);
    }

    private static CheckpointMetadata ReadCheckpointMetadata(ref Utf8JsonReader reader)
    {
        long? version = null;
        while (Next(ref reader, out var field))
        {
            if (field == "version") version = reader.GetInt64();
            else reader.Skip();
        }

        return new CheckpointMetadata(version ?? throw Missing("checkpointMetadata", "version"));
    }

    private static ChangeFile ReadChange(ref Utf8JsonReader reader)
    {
        string? path = null;
        var size = 0L;
        var values = EmptyMap.Values;
        while (Next(ref reader, out var field))
        {
            if (field == "path") path = reader.GetString();
            else if (field == "size") size = reader.GetInt64();
            else if (field == "partitionValues") values = ReadMap(ref reader);
            else reader.Skip();
        }

        return new ChangeFile(path ?? throw Missing("cdc", "path"), size) { PartitionValues = values };
    }

    private static Sidecar ReadSidecar(ref Utf8JsonReader reader)
    {
        string? path = null;
        var (size, modified) = (0L, 0L);
        while (Next(ref reader, out var field))
        {
            if (field == "path") path = reader.GetString();
            else if (field == "sizeInBytes") size = reader.GetInt64();
            else if (field == "modificationTime") modified = reader.GetInt64();
            else reader.Skip();
        }

        return new Sidecar(path ?? throw Missing("sidecar", "path"), size, modified);
    }

    private static DeletionVector ReadVector(ref Utf8JsonReader reader)
    {
        string? type = null, path = null;
        int? offset = null, size = null;
        long? cardinality = null;
        while (Next(ref reader, out var field))
        {
            switch (field)
            {
                case "storageType": type = reader.GetString(); break;
                case "pathOrInlineDv": path = reader.GetString(); break;
                case "offset": offset = reader.GetInt32(); break;
                case "sizeInBytes": size = reader.GetInt32(); break;
                case "cardinality": cardinality = reader.GetInt64(); break;
                default: reader.Skip(); break;
            }
        }

        return new DeletionVector(
            type ?? throw Missing("deletionVector", "storageType"), path ?? throw Missing("deletionVector", "pathOrInlineDv"), offset,
            size ?? throw Missing("deletionVector", "sizeInBytes"), cardinality ?? throw Missing("deletionVector", "cardinality"));
    }

    /// <summary>Steps to the next field with a value; null fields are passed over.</summary>
    internal static bool Next(ref Utf8JsonReader reader, out string field)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            field = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null) return true;
        }

        field = "";
        return false;
    }

    private static Dictionary<string, string?> ReadMap(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new LogFormatException("a map of strings is no JSON object");
        var map = new Dictionary<string, string?>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            map[key] = reader.TokenType == JsonTokenType.Null ? null : reader.GetString();
        }

        return map;
    }

    private static List<string> ReadList(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new LogFormatException("a list of strings is no JSON array");
        var list = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) list.Add(reader.GetString() ?? "");
        return list;
    }

    private static Dictionary<string, string> WithoutNulls(Dictionary<string, string?> map) =>
        map.Where(e => e.Value is not null).ToDictionary(e => e.Key, e => e.Value!);

    private static LogFormatException Missing(string action, string field) => new($"{action} lacks '{field}'");
}
