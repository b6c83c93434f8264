using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Sluice.Definition;
using Sluice.Source;
using Sluice.Testing;

namespace Sluice.Conformance.Source;

/// <summary>The same rows in CSV files, in a real MariaDB and from the generator are posted as the same bytes.</summary>
public sealed class SameRowsTests : IClassFixture<MariaDbFixture>, IDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly MariaDb _database;

    public SameRowsTests(MariaDbFixture fixture)
    {
        Assert.SkipWhen(fixture.Server is null, MariaDb.Missing ?? "");
        _database = fixture.Server;
        _folder = new TemporaryFolder();
    }

    private static PipelineDefinition Pipeline { get; } =
        PipelineFile.Read(Path.Combine(Repository.Root, "pipelines/pinterest")).Definition.ShouldNotBeNull();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TimestampSpelling.Space)]
    [InlineData(TimestampSpelling.T)]
    public async Task Generated_rows_are_the_same_from_the_generator_from_csv_and_from_the_database(TimestampSpelling spelling)
    {
        await using var generated = await OpenAsync(new SourceUri.Generated(3_000, 5), TimestampSpelling.Space);
        foreach (var dataset in Pipeline.Datasets)
        {
            var rows = await RowsAsync(generated, dataset);
            await WriteCsvAsync(dataset, rows);
            await LoadAsync(dataset, rows);
        }

        await using var spelled = await OpenAsync(new SourceUri.Generated(3_000, 5), spelling);
        await ShouldBeTheSameAsync(spelled, spelling, _folder.Path);
    }

    [Theory]
    [InlineData(TimestampSpelling.Space)]
    [InlineData(TimestampSpelling.T)]
    public async Task Real_rows_are_the_same_from_csv_and_from_the_database(TimestampSpelling spelling)
    {
        var folder = Repository.SharedOrSkip("samples/pinterest");
        foreach (var dataset in Pipeline.Datasets)
        {
            await LoadAsync(dataset, ReadCsv(Path.Combine(folder, dataset.Table + ".csv")));
        }

        await using var csv = await OpenAsync(new SourceUri.Csv(folder), spelling);
        (await csv.CountAsync("pinterest_data", default)).ShouldBe(4_207);
        await ShouldBeTheSameAsync(csv, spelling, folder);
    }

    private async Task ShouldBeTheSameAsync(IRowSource expected, TimestampSpelling spelling, string csvFolder)
    {
        SourceUri.TryParse(_database.Address, out var address, out var fault).ShouldBeTrue(fault);
        await using var database = await OpenAsync(address, spelling);
        await using var csv = await OpenAsync(new SourceUri.Csv(csvFolder), spelling);
        foreach (var dataset in Pipeline.Datasets)
        {
            var texts = await TextsAsync(expected.ReadAsync(dataset.Table, 0, long.MaxValue, default));
            foreach (var source in (IRowSource[])[csv, database])
            {
                (await source.CountAsync(dataset.Table, default)).ShouldBe(texts.Count);
                (await TextsAsync(source.ReadAsync(dataset.Table, 0, long.MaxValue, default))).ShouldBe(texts);
                (await TextsAsync(source.ReadAsync(dataset.Table, 1_000, 3, default))).ShouldBe(texts[1_000..1_003]);
                (await TextsAsync(source.ReadAsync(dataset.Table, texts.Count - 1, 3, default))).ShouldBe([texts[^1]]);
                long[] draws = [7, 2_999, 0, 7];
                (await TextsAsync(source.ReadRowsAsync(dataset.Table, draws, default))).ShouldBe(draws.Select(n => texts[(int)n]));
            }
        }
    }

    private static async Task<IRowSource> OpenAsync(SourceUri uri, TimestampSpelling spelling)
    {
        var opening = await RowSources.OpenAsync(uri, Pipeline, spelling, default);
        opening.Faults.ShouldBeEmpty();
        return opening.Source!;
    }

    private static async Task<List<string>> TextsAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> rows)
    {
        var texts = new List<string>();
        await foreach (var row in rows)
        {
            texts.Add(Encoding.UTF8.GetString(row.Span));
        }

        return texts;
    }

    private static async Task<List<string?[]>> RowsAsync(IRowSource source, Dataset dataset)
    {
        var rows = new List<string?[]>();
        await foreach (var row in source.ReadAsync(dataset.Table, 0, long.MaxValue, default))
        {
            var json = JsonElement.Parse(row.Span);
            rows.Add([.. dataset.Raw.Select(f => json.GetProperty(f.Name).ToString())]);
        }

        return rows;
    }

    private async Task WriteCsvAsync(Dataset dataset, IEnumerable<string?[]> rows)
    {
        var csv = new StringBuilder(string.Join(',', dataset.Raw.Select(f => f.Name))).Append("\r\n");
        foreach (var row in rows)
        {
            csv.AppendJoin(',', row.Select(v => $"\"{v!.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")).Append("\r\n");
        }

        await File.WriteAllTextAsync(_folder.At(dataset.Table + ".csv"), csv.ToString());
    }

    private static List<string?[]> ReadCsv(string path)
    {
        using var reader = CsvReader.FromFile(path, new CsvReaderOptions { Separator = ',' });
        var rows = new List<string?[]>();
        while (reader.Read())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)]);
        }

        return rows;
    }

    // Typed as the original database has them, and shuffled, so that the order can only come from the key.
    private async Task LoadAsync(Dataset dataset, IReadOnlyList<string?[]> rows)
    {
        var columns = dataset.Raw.Select(f => $"{f.Name} {ColumnType(f)}").ToArray();
        var shuffled = rows.ToArray();
        new Random(1).Shuffle(shuffled);
        await _database.LoadAsync(dataset.Table, columns, shuffled.Select(row =>
            row.Zip(dataset.Raw, object? (value, field) => field.Type switch
            {
                "bigint" => long.Parse(value!, CultureInfo.InvariantCulture),
                "double" => double.Parse(value!, CultureInfo.InvariantCulture),
                _ => value,
            }).ToArray()));
    }

    private static string ColumnType(RawField field) => field switch
    {
        { Type: "bigint" } => "BIGINT",
        { Type: "double" } => "FLOAT",
        { Name: "timestamp" or "date_joined" } => "DATETIME",
        _ => "TEXT",
    };
}
