using System.Text;
using System.Text.Json;
using Sluice.Definition;
using Sluice.Source;
using Sluice.Sql;
using Sluice.Testing;

namespace Sluice.Unit.Source;

/// <summary>Pipelines and rows for the tests of sources.</summary>
internal static class SourceBed
{
    public static PipelineDefinition Pinterest { get; } =
        PipelineFile.Read(Path.Combine(Repository.Root, "pipelines", "pinterest")).Definition.ShouldNotBeNull();

    /// <summary>A pipeline of one dataset "thing" with the given raw fields, "name:type" or "name:type?" when optional.</summary>
    public static PipelineDefinition Things(string directory, string key, params string[] fields)
    {
        var raw = fields.Select(f => f.TrimEnd('?').Split(':')).Zip(fields)
            .Select(f => new RawField(f.First[0], f.First[1], !f.Second.EndsWith('?'))).ToArray();
        var dataset = new Dataset("thing", "things", "t.thing", "streaming-t-thing", key, key, raw, null!, [], []);
        var schedule = new ScheduleDefinition("daily", "@daily", "UTC", false, 0, TimeSpan.Zero, false);
        return new PipelineDefinition(directory, "things", "t", [dataset], [], schedule);
    }

    public static async Task<IRowSource> OpenAsync(
        SourceUri uri, PipelineDefinition pipeline, TimestampSpelling spelling = TimestampSpelling.Space)
    {
        var opening = await RowSources.OpenAsync(uri, pipeline, spelling, CancellationToken.None);
        opening.Faults.ShouldBeEmpty();
        return opening.Source.ShouldNotBeNull();
    }

    public static async Task<IReadOnlyList<string>> FaultsAsync(SourceUri uri, PipelineDefinition pipeline)
    {
        var opening = await RowSources.OpenAsync(uri, pipeline, TimestampSpelling.Space, CancellationToken.None);
        opening.Source.ShouldBeNull();
        return opening.Faults;
    }

    public static async Task<List<string>> TextsAsync(this IRowSource source, string table, long first = 0, long count = long.MaxValue)
    {
        var rows = new List<string>();
        await foreach (var row in source.ReadAsync(table, first, count, CancellationToken.None))
        {
            rows.Add(Encoding.UTF8.GetString(row.Span));
        }

        return rows;
    }

    public static async Task<List<JsonElement>> RowsAsync(this IRowSource source, string table)
    {
        var rows = new List<JsonElement>();
        await foreach (var row in source.ReadAsync(table, 0, long.MaxValue, CancellationToken.None))
        {
            rows.Add(JsonElement.Parse(row.Span));
        }

        return rows;
    }

    public static string Text(this JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
