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
        await using var database = await MariaDb.StartOrSkipAsync();
        await database.LoadPinterestAsync(csv);
        var credentials = Path.Combine(database.Directory, "db_creds.yaml");
        await File.WriteAllTextAsync(credentials, database.CredentialsYaml);
        await using var fromDatabase = new Station();
        await fromDatabase.RunAsync("demo", "--source", credentials);
        foreach (var table in await TablesAsync(fromFiles))
        {
            var rows = $"SELECT * FROM {table} ORDER BY ALL";
            (await fromDatabase.QueryAsync(rows)).ShouldBe(await fromFiles.QueryAsync(rows), table);
        }
    }

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
