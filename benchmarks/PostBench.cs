namespace Sluice.Bench;

/// <summary>
/// Posts through gateway and REST proxy, durable (fsync), beside an empty Kestrel endpoint that gets the same bodies: rounds
/// alternate, and the ratio is taken round by round.
/// </summary>
internal static class PostBench
{
    private const int Rounds = 3;
    private const int Connections = 128;
    private const string ContentType = "application/vnd.kafka.json.v2+json";
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(CancellationToken cancel)
    {
        var data = Directory.CreateTempSubdirectory("sluice-bench-");
        using var empty = SluiceServer.Start(Environment.ProcessPath!, ["serve-empty"]);
        using var sluice = SluiceServer.Start(["up", "--data", data.FullName]);
        try
        {
            var emptyUrl = await empty.AddressAsync("empty", cancel);
            var gateway = await sluice.AddressAsync("gateway", cancel);
            foreach (var records in new[] { 1, 100 })
            {
                var body = $$"""{"records":[{{string.Join(',', Enumerable.Repeat($$"""{"value":{{Row}}}""", records))}}]}""";
                await MeasureAsync($"{gateway}/dev/topics/demo.pin", emptyUrl, body, records);
            }
        }
        finally
        {
            await empty.DisposeAsync();
            await sluice.DisposeAsync();
            data.Delete(recursive: true);
        }
    }

    /// <summary>A row of the usual size: about 1 KB.</summary>
    public static string Row { get; } =
        $$"""{"index":7528,"unique_id":"fbe53c66-3442-4773-b19e-d3ec6f54dddf","title":"{{new string('t', 60)}}","description":"{{new string('d', 200)}}","poster_name":"A poster","follower_count":"12k","tag_list":"{{new string('g', 250)}}","is_image_or_video":"image","image_src":"https://i.pinimg.com/originals/{{new string('a', 50)}}.jpg","downloaded":1,"save_location":"Local save in /data/mens-fashion","category":"mens-fashion"}""";

    private static async Task MeasureAsync(string url, string emptyUrl, string body, int records)
    {
        var figure = records == 1 ? "single_record_post" : $"{records}_record_post";
        List<double> ours = [], theirs = [];
        await Wrk.PostAsync(url, ContentType, body, Connections, s_round);
        await Wrk.PostAsync(emptyUrl, ContentType, body, Connections, s_round);
        for (var round = 0; round < Rounds; round++)
        {
            theirs.Add(await Wrk.PostAsync(emptyUrl, ContentType, body, Connections, s_round));
            ours.Add(await Wrk.PostAsync(url, ContentType, body, Connections, s_round));
        }

        Figure.Print("post", figure, Figure.Median(ours), "requests/s", new { connections = Connections, body_bytes = body.Length });
        Figure.Print("post", $"{figure}_records", Figure.Median(ours) * records, "records/s");
        Figure.Print("post", $"{figure}_empty_kestrel", Figure.Median(theirs), "requests/s");
        Figure.Print("post", $"{figure}_ratio", Figure.Median(ours.Zip(theirs, (o, t) => o / t)), "of empty Kestrel");
    }
}
