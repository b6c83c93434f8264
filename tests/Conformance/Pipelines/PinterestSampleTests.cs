using Sluice.Analysis;
using Sluice.Source;
using Sluice.Testing;

namespace Sluice.Conformance.Pipelines;

/// <summary>The pipeline that ships, over real rows, against an independent computation and known answers.</summary>
public sealed class PinterestSampleTests(PinterestSamples samples) : IClassFixture<PinterestSamples>
{
    [Fact]
    public void No_real_row_is_quarantined()
    {
        samples.Run.Quarantined.ShouldBe(new Dictionary<string, long> { ["pin"] = 0, ["geo"] = 0, ["user"] = 0 }, ignoreOrder: true);
        samples.Independent.Rows.ShouldBe((4_207, 11_154, 11_154));
    }

    [Fact]
    public async Task All_nine_answers_are_those_of_the_independent_computation()
    {
        var answers = samples.Answers;
        var expected = samples.Independent.All();
        answers.Select(a => a.Question).ShouldBe(expected.Keys, ignoreOrder: true);
        foreach (var answer in answers)
        {
            var lines = await samples.Run.LinesAsync($"SELECT * FROM {answer.Table}");
            lines.ShouldBe(expected[answer.Question], customMessage: answer.Question);
            answer.Rows.ShouldBe(lines.Count - 1);
        }
    }

    [Fact]
    public async Task People_are_counted_as_people() =>
        (await samples.Run.LinesAsync("SELECT * FROM answers.users_joined_by_year")).ShouldBe(
            ["post_year,number_users_joined", "2015,841", "2016,2760", "2017,1706"]);

    [Fact]
    public async Task Posts_per_year_are_the_known_ones() =>
        (await samples.Run.LinesAsync("SELECT year(timestamp) AS y, count(*) AS n FROM batch.geo GROUP BY y ORDER BY y")).ShouldBe(
            ["y,n", "2017,432", "2018,2316", "2019,2192", "2020,2172", "2021,2208", "2022,1834"]);

    [Fact]
    public async Task No_sentinel_blank_or_edge_space_is_left()
    {
        string[] sentinels =
        [
            "No Title Data Available", "No description available", "No description available Story format", "User Info Error",
            "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e", "Image src error.", "",
        ];
        using var result = await samples.Run.Query.RunAsync("SELECT COLUMNS(c -> c NOT IN ('ind', 'follower_count')) FROM batch.pin", default);
        var texts = await result.ReadAsync(default).SelectMany(row => row).OfType<string>().ToListAsync();
        texts.Count.ShouldBeGreaterThan(30_000);
        texts.ShouldAllBe(text => text == text.Trim() && !sentinels.Contains(text));

        // The sentinels became nulls, as many as the raw rows hold; the text beside them stayed.
        var nulls = await samples.Run.LinesAsync(
            """
            SELECT count(*) - count(title) AS title, count(*) - count(description) AS description, count(*) - count(poster_name) AS poster,
              count(*) - count(follower_count) AS followers, count(*) - count(tag_list) AS tags, count(*) - count(image_src) AS image
            FROM batch.pin
            """);
        nulls[1].ShouldBe(string.Join(',', samples.RawNulls()));
    }

    [Fact]
    public async Task Every_follower_count_is_right()
    {
        var counts = samples.Independent.FollowerCounts;
        var lines = await samples.Run.LinesAsync("SELECT ind, follower_count FROM batch.pin ORDER BY ind");
        lines.Skip(1).ShouldBe(counts.OrderBy(c => c.Key).Select(c => $"{c.Key},{c.Value}"));
        counts.Values.Count(c => c is null).ShouldBe(30);
        counts.Values.Max().ShouldBe(15_000_000);
    }

    [Fact]
    public async Task Columns_have_the_documented_names_types_and_order() =>
        (await samples.Run.LinesAsync(
            """
            SELECT column_name, column_type FROM (DESCRIBE batch.pin)
            UNION ALL SELECT column_name, column_type FROM (DESCRIBE batch.geo)
            UNION ALL SELECT column_name, column_type FROM (DESCRIBE batch.user)
            """))
            .Skip(1).ShouldBe(
            [
                "ind,INTEGER", "unique_id,VARCHAR", "title,VARCHAR", "description,VARCHAR", "follower_count,INTEGER", "poster_name,VARCHAR",
                "tag_list,VARCHAR", "is_image_or_video,VARCHAR", "image_src,VARCHAR", "save_location,VARCHAR", "category,VARCHAR",
                "ind,INTEGER", "country,VARCHAR", "coordinates,DOUBLE[]", "timestamp,TIMESTAMP WITH TIME ZONE",
                "ind,INTEGER", "user_name,VARCHAR", "age,INTEGER", "date_joined,TIMESTAMP WITH TIME ZONE",
            ]);

    [Fact]
    public async Task A_save_location_is_only_its_path() =>
        (await samples.Run.LinesAsync("SELECT count(*) AS n FROM batch.pin WHERE save_location <> '/data/' || category")).ShouldBe(["n", "0"]);
}

/// <summary>The real rows, cleaned once for all tests of the class; the tests are skipped where the samples are absent.</summary>
public sealed class PinterestSamples : IAsyncLifetime
{
    private static readonly (string Field, string[] Sentinels)[] s_sentinels =
    [
        ("title", ["No Title Data Available"]),
        ("description", ["No description available", "No description available Story format"]),
        ("poster_name", ["User Info Error"]),
        ("follower_count", ["User Info Error"]),
        ("tag_list", ["N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"]),
        ("image_src", ["Image src error."]),
    ];

    private readonly string? _folder = Repository.Shared is { } shared ? Path.Combine(shared, "samples", "pinterest") : null;
    private PipelineRun? _run;
    private IndependentAnswers? _independent;

    internal PipelineRun Run => _run ?? throw Skipped();

    internal IReadOnlyList<Answer> Answers { get; private set; } = [];

    internal IndependentAnswers Independent => _independent ?? throw Skipped();

    public async ValueTask InitializeAsync()
    {
        if (!Directory.Exists(_folder)) return;
        var pipeline = PipelineRun.Define(Path.Combine(Repository.Root, "pipelines", "pinterest"));
        var opening = await RowSources.OpenAsync(new SourceUri.Csv(_folder), pipeline, TimestampSpelling.Space, CancellationToken.None);
        opening.Faults.ShouldBeEmpty();
        await using var source = opening.Source!;
        _run = await PipelineRun.CleanAsync(pipeline, source);
        Answers = await _run.Questions.RunAllAsync("batch", CancellationToken.None);
        _independent = new IndependentAnswers(
            SampleTables.Csv(At("pinterest_data.csv")), SampleTables.Csv(At("geolocation_data.csv")), SampleTables.Csv(At("user_data.csv")));
    }

    /// <summary>How many raw rows hold a sentinel or nothing, by field.</summary>
    public IEnumerable<int> RawNulls()
    {
        if (_run is null) throw Skipped();
        var rows = SampleTables.Csv(At("pinterest_data.csv")).ToList();
        return s_sentinels.Select(s => rows.Count(row => row[s.Field]!.Trim() is "" || s.Sentinels.Contains(row[s.Field]!.Trim())));
    }

    public ValueTask DisposeAsync()
    {
        _run?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Exception Skipped()
    {
        Assert.Skip("The real rows (../shared/samples/pinterest) are not here.");
        throw new InvalidOperationException("A skipped test went on.");
    }

    private string At(string name) => Path.Combine(_folder!, name);
}
