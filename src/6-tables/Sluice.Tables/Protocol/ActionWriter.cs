using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Tables;

/// <summary>Writes actions as the lines of a commit, in the field order that other engines use.</summary>
internal sealed class ActionWriter : IDisposable
{
    /// <summary>Only what JSON demands is escaped: names and stats stay readable, and the same in every file.</summary>
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly IBufferWriter<byte> _output;
    private readonly Utf8JsonWriter _json;

    public ActionWriter(IBufferWriter<byte> output)
    {
        _output = output;
        _json = new Utf8JsonWriter(output, s_options);
    }

    public static byte[] Lines(IEnumerable<ILogAction> actions)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new ActionWriter(buffer);
        foreach (var action in actions) writer.Write(action);
        return buffer.WrittenSpan.ToArray();
    }

    public void Write(ILogAction action)
    {
        _json.WriteStartObject();
        switch (action)
        {
            case AddFile add: WriteAdd(add); break;
            case RemoveFile remove: WriteRemove(remove); break;
            case TableMetadata metadata: WriteMetadata(metadata); break;
            case TableProtocol protocol: WriteProtocol(protocol); break;
            case SetTransaction transaction: WriteTransaction(transaction); break;
            case DomainMetadata domain: WriteDomain(domain); break;
            case CommitInfo info: WriteCommitInfo(info); break;
            case ChangeFile change: WriteChange(change); break;
            case Sidecar sidecar: WriteSidecar(sidecar); break;
            case CheckpointMetadata checkpoint: WriteCheckpoint(checkpoint); break;
            default: throw new InvalidOperationException($"{action.GetType().Name} is never written");
        }

        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _output.Write("\n"u8);
    }

    /// <summary>Writes the content of a <c>.crc</c> file.</summary>
    /// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#version-checksum-file</remarks>
    public static byte[] Checksum(TableState state)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new ActionWriter(buffer);
        writer.WriteChecksum(state);
        return buffer.WrittenSpan.ToArray();
    }

    public void Dispose() => _json.Dispose();

    private void WriteAdd(AddFile add)
    {
        _json.WriteStartObject("add");
        _json.WriteString("path", add.Path);
        WriteMap("partitionValues", add.PartitionValues);
        _json.WriteNumber("size", add.Size);
        _json.WriteNumber("modificationTime", add.ModificationTimeMs);
        _json.WriteBoolean("dataChange", add.DataChange);
        if (add.StatsText is { IsThere: true } stats) _json.WriteString("stats", stats.Utf8.Span);
        if (add.Tags is { } tags) WriteMap("tags", tags);
        if (add.DeletionVector is { } vector) WriteVector(vector);
        WriteOptional("baseRowId", add.BaseRowId);
        WriteOptional("defaultRowCommitVersion", add.DefaultRowCommitVersion);
        if (add.ClusteringProvider is { } provider) _json.WriteString("clusteringProvider", provider);
        _json.WriteEndObject();
    }

    private void WriteRemove(RemoveFile remove)
    {
        _json.WriteStartObject("remove");
        _json.WriteString("path", remove.Path);
        WriteOptional("deletionTimestamp", remove.DeletionTimestamp);
        _json.WriteBoolean("dataChange", remove.DataChange);
        if (remove.ExtendedFileMetadata) _json.WriteBoolean("extendedFileMetadata", true);
        if (remove.PartitionValues is { } values) WriteMap("partitionValues", values);
        WriteOptional("size", remove.Size);
        if (remove.DeletionVector is { } vector) WriteVector(vector);
        WriteOptional("baseRowId", remove.BaseRowId);
        WriteOptional("defaultRowCommitVersion", remove.DefaultRowCommitVersion);
        _json.WriteEndObject();
    }

    private void WriteMetadata(TableMetadata metadata, string name = "metaData")
    {
        _json.WriteStartObject(name);
        _json.WriteString("id", metadata.Id);
        if (metadata.Name is { } own) _json.WriteString("name", own);
        if (metadata.Description is { } description) _json.WriteString("description", description);
        _json.WriteStartObject("format");
        _json.WriteString("provider", metadata.FormatProvider);
        WriteMap("options", metadata.FormatOptions);
        _json.WriteEndObject();
        _json.WriteString("schemaString", metadata.SchemaString);
        WriteList("partitionColumns", metadata.PartitionColumns);
        WriteMap("configuration", metadata.Configuration);
        WriteOptional("createdTime", metadata.CreatedTime);
        _json.WriteEndObject();
    }

    private void WriteProtocol(TableProtocol protocol)
    {
        _json.WriteStartObject("protocol");
        _json.WriteNumber("minReaderVersion", protocol.MinReaderVersion);
        _json.WriteNumber("minWriterVersion", protocol.MinWriterVersion);
        if (protocol.ReaderFeatures is { } readers) WriteList("readerFeatures", readers);
        if (protocol.WriterFeatures is { } writers) WriteList("writerFeatures", writers);
        _json.WriteEndObject();
    }

    private void WriteTransaction(SetTransaction transaction)
    {
        _json.WriteStartObject("txn");
        _json.WriteString("appId", transaction.AppId);
        _json.WriteNumber("version", transaction.Version);
        WriteOptional("lastUpdated", transaction.LastUpdated);
        _json.WriteEndObject();
    }

    private void WriteDomain(DomainMetadata domain)
    {
        _json.WriteStartObject("domainMetadata");
        _json.WriteString("domain", domain.Domain);
        _json.WriteString("configuration", domain.Configuration);
        _json.WriteBoolean("removed", domain.Removed);
        _json.WriteEndObject();
    }

    private void WriteCommitInfo(CommitInfo info)
    {
        _json.WriteStartObject("commitInfo");
        WriteOptional("inCommitTimestamp", info.InCommitTimestamp);
        WriteOptional("timestamp", info.Timestamp);
        _json.WriteString("operation", info.Operation);
        WriteMap("operationParameters", info.OperationParameters);
        WriteOptional("readVersion", info.ReadVersion);
        if (info.IsolationLevel is { } level) _json.WriteString("isolationLevel", level);
        if (info.IsBlindAppend is { } blind) _json.WriteBoolean("isBlindAppend", blind);
        WriteMap("operationMetrics", info.OperationMetrics);
        if (info.EngineInfo is { } engine) _json.WriteString("engineInfo", engine);
        if (info.TxnId is { } id) _json.WriteString("txnId", id);
        _json.WriteEndObject();
    }

    private void WriteChange(ChangeFile change)
    {
        _json.WriteStartObject("cdc");
        _json.WriteString("path", change.Path);
        WriteMap("partitionValues", change.PartitionValues);
        _json.WriteNumber("size", change.Size);
        _json.WriteBoolean("dataChange", false);
        _json.WriteEndObject();
    }

    private void WriteSidecar(Sidecar sidecar)
    {
        _json.WriteStartObject("sidecar");
        _json.WriteString("path", sidecar.Path);
        _json.WriteNumber("sizeInBytes", sidecar.SizeInBytes);
        _json.WriteNumber("modificationTime", sidecar.ModificationTimeMs);
        _json.WriteEndObject();
    }

    private void WriteCheckpoint(CheckpointMetadata checkpoint)
    {
        _json.WriteStartObject("checkpointMetadata");
        _json.WriteNumber("version", checkpoint.Version);
        _json.WriteEndObject();
    }

    private void WriteChecksum(TableState state)
    {
        _json.WriteStartObject();
        if (state.LastCommit?.TxnId is { } id) _json.WriteString("txnId", id);
        _json.WriteNumber("tableSizeBytes", state.FileBytes);
        _json.WriteNumber("numFiles", state.Files.Count);
        _json.WriteNumber("numMetadata", 1);
        _json.WriteNumber("numProtocol", 1);
        WriteOptional("inCommitTimestampOpt", state.LastCommit?.InCommitTimestamp);
        WriteMetadata(state.Metadata!, "metadata");
        WriteProtocol(state.Protocol!);
        _json.WriteEndObject();
        _json.Flush();
    }

    private void WriteVector(DeletionVector vector)
    {
        _json.WriteStartObject("deletionVector");
        _json.WriteString("storageType", vector.StorageType);
        _json.WriteString("pathOrInlineDv", vector.PathOrInlineDv);
        if (vector.Offset is { } offset) _json.WriteNumber("offset", offset);
        _json.WriteNumber("sizeInBytes", vector.SizeInBytes);
        _json.WriteNumber("cardinality", vector.Cardinality);
        _json.WriteEndObject();
    }

    private void WriteOptional(string name, long? value)
    {
        if (value is { } number) _json.WriteNumber(name, number);
    }

    private void WriteMap<T>(string name, IReadOnlyDictionary<string, T> map)
        where T : class?
    {
        _json.WriteStartObject(name);
        foreach (var (key, value) in map) _json.WriteString(key, value as string);
        _json.WriteEndObject();
    }

    private void WriteList(string name, IReadOnlyList<string> values)
    {
        _json.WriteStartArray(name);
        foreach (var value in values) _json.WriteStringValue(value);
        _json.WriteEndArray();
    }
}
