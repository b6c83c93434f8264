using System.Text.Json;
using Sluice.Definition;
using Sluice.Source;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

public sealed class SourceTests
{
    [Fact(Timeout = 180_000)]
    public async Task Csv_files_and_a_database_loaded_with_them_give_the_same_answers()
    {
        var csv = Repository.SharedOrSkip("samples/pinterest");
        await using var fromFiles = new Station();
        await fromFiles.RunAsync("demo", "--source", $"csv:{csv}");
        Assert.SkipWhen(MariaDb.Missing is not null, MariaDb.Missing ?? "");
        await using var database = await MariaDb.StartAsync();
        await LoadAsync(database, csv);
        using var folder = new TemporaryFolder();
        var credentials = folder.At("db_creds.yaml");
        var c = database.Credentials;
        await File.WriteAllTextAsync(
            credentials, $"HOST: {c.Host}\nUSER: {c.User}\nPASSWORD: {c.Password}\nDATABASE: {c.Database}\nPORT: {c.Port}\n");
        await using var fromDatabase = new Station();
        await fromDatabase.RunAsync("demo", "--source", credentials);
        foreach (var table in await TablesAsync(fromFiles))
        {
            var rows = $"SELECT * FROM {table} ORDER BY ALL";
            (await fromDatabase.QueryAsync(rows)).ShouldBe(await fromFiles.QueryAsync(rows), table);
        }
    }

    /// <summary>Loads the rows of the files with the column types of the original database.</summary>
    private static async Task LoadAsync(MariaDb database, string csv)
    {
        var pipeline = PipelineFile.Read(Path.Combine(Repository.Root, "pipelines/pinterest")).Definition.ShouldNotBeNull();
        await using var source = (await RowSources.OpenAsync(new SourceUri.Csv(csv), pipeline, TimestampSpelling.Space, default)).Source.ShouldNotBeNull();
        foreach (var dataset in pipeline.Datasets)
        {
            var rows = new List<object?[]>();
            await foreach (var row in source.ReadAsync(dataset.Table, 0, long.MaxValue, default))
            {
                using var json = JsonDocument.Parse(row);
                rows.Add([.. dataset.Raw.Select(f => ValueOf(json.RootElement.GetProperty(f.Name)))]);
            }

            await database.LoadAsync(dataset.Table, [.. dataset.Raw.Select(f => $"{f.Name} {ColumnType(f)}")], rows);
        }
    }

    private static object? ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? whole : value.GetDouble(),
        _ => value.GetString(),
    };

    private static string ColumnType(RawField field) => (field.Type, field.Name) switch
    {
        ("bigint", _) => "BIGINT",
        ("double", _) => "FLOAT",
        (_, "timestamp" or "date_joined") => "DATETIME",
        _ => "TEXT",
    };

    private static async Task<string[]> TablesAsync(Station station)
    {
        var questions = Directory.GetFiles(Path.Combine(Repository.Root, "pipelines/pinterest/analyse"), "*.sql")
            .Select(f => $"answers.{Path.GetFileNameWithoutExtension(f)[3..]}").ToArray();
        questions.Length.ShouldBe(9);
        (await station.QueryAsync("SELECT * FROM answers.users_joined_by_year")).ShouldBe(
            "post_year,number_users_joined\n2015,841\n2016,2760\n2017,1706\n");
        return ["batch.pin", "batch.geo", "batch.user", .. questions];
    }
}
