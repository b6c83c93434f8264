using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;

namespace Sluice.Unit.Tables.Foreign;

/// <summary>A table written line by line, as other engines may write one and Sluice does not.</summary>
internal sealed class ForeignTable(TableBed bed, string name = "foreign")
{
    private int _files;

    public string Root { get; } = Path.Combine(bed.Root, "store", "t", name);

    private string Log => Path.Combine(Root, "_delta_log");

    public static string Protocol(params string[] features) => features.Length == 0
        ? """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"""
        : $$$"""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[{{{Quoted(features)}}}],"writerFeatures":[{{{Quoted(features)}}}] } }""";

    /// <param name="fields">The schema's fields in JSON, joined by commas.</param>
    public static string Metadata(string fields, string[]? partitions = null, string configuration = "")
    {
        var schema = System.Text.Json.JsonSerializer.Serialize($$"""{"type":"struct","fields":[{{fields}}]}""");
        return $$$"""{"metaData":{"id":"4b4ab1a4-5b1f-4b7f-8f4a-0a3c6b0f8a11","format":{"provider":"parquet","options":{}},"schemaString":{{{schema}}},"partitionColumns":[{{{Quoted(partitions ?? [])}}}],"configuration":{ {{{configuration}}} } } }""";
    }

    public static string Field(string name, string type, string metadata = "") =>
        $$"""{"name":"{{name}}","type":{{(type.StartsWith('{') ? type : $"\"{type}\"")}},"nullable":true,"metadata":{ {{metadata}} } }""";

    /// <summary>The field of an <c>add</c> that holds statistics.</summary>
    public static string Stats(string json) => $",\"stats\":{System.Text.Json.JsonSerializer.Serialize(json)}";

    /// <summary>Writes a data file.</summary>
    /// <returns>Its <c>add</c>.</returns>
    /// <param name="more">Further fields of the action, each with a comma before it.</param>
    public async Task<string> AddAsync(string select, string partitionValues = "", string more = "", string codec = "snappy", string? folder = null)
    {
        var path = $"{(folder is null ? "" : folder + "/")}part-{_files++}.parquet";
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, path))!);
        await bed.Connection.ExecuteAsync($"COPY ({select}) TO {SqlName.Literal(Path.Combine(Root, path))} (FORMAT parquet, COMPRESSION {codec})", TableBed.Cancel);
        var size = new FileInfo(Path.Combine(Root, path)).Length;
        return $$$"""{"add":{"path":"{{{DataPath.Encode(path)}}}","partitionValues":{ {{{partitionValues}}} },"size":{{{size}}},"modificationTime":1700000000000,"dataChange":true{{{more}}} } }""";
    }

    public void Commit(long version, params string[] lines) => Write(LogFile.CommitName(version), lines);

    public void Write(string file, params string[] lines)
    {
        Directory.CreateDirectory(Log);
        File.WriteAllLines(Path.Combine(Log, file), lines);
    }

    public void DeleteCommit(long version) => File.Delete(Path.Combine(Log, LogFile.CommitName(version)));

    public async Task<DeltaTable> OpenAsync() => (await bed.Catalog.OpenAsync(new TableName("t", name), TableBed.Cancel))!;

    public async Task<IReadOnlyList<string>> RowsAsync() => await bed.RowsAsync(await OpenAsync());

    private static string Quoted(string[] names) => string.Join(',', names.Select(n => $"\"{n}\""));
}
