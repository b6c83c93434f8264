using System.Diagnostics;
using System.Text.Json;

namespace Sluice.Bench;

/// <summary>
/// Posts straight to the REST proxy, v2 with one and with 100 records and v3 as streams of records, beside an empty Kestrel endpoint that gets the
/// same bytes.
/// </summary>
internal static class KafkaRestPosts
{
    private const int Rounds = 3;
    private const int Connections = 128;
    private const int Streams = 8;
    private const int RecordsPerStream = 20_000;
    private const string V2ContentType = "application/vnd.kafka.json.v2+json";
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(4);

    public static async Task MeasureAsync(string rest, string broker, string empty, CancellationToken cancel)
    {
        var (singles, hundreds, streams) = ("bench-rest-1", "bench-rest-100", "bench-rest-stream");
        foreach (var topic in new[] { singles, hundreds, streams }) await new KafkaLoad(broker, topic, 1, 0, 0).CreateTopicAsync();
        await PostAsync("rest_v2_single", $"{rest}/topics/{singles}", empty, records: 1);
        await PostAsync("rest_v2_100_records", $"{rest}/topics/{hundreds}", empty, records: 100);
        await StreamAsync(new Uri($"{rest}/v3/clusters/{await ClusterIdAsync(rest, cancel)}/topics/{streams}/records"), new Uri(empty), cancel);
    }

    private static async Task<string> ClusterIdAsync(string rest, CancellationToken cancel)
    {
        using var http = new HttpClient();
        var clusters = JsonElement.Parse(await http.GetStringAsync(new Uri($"{rest}/v3/clusters"), cancel));
        return clusters.GetProperty("data")[0].GetProperty("cluster_id").GetString()!;
    }

    private static async Task PostAsync(string figure, string url, string empty, int records)
    {
        var body = $$"""{"records":[{{string.Join(',', Enumerable.Repeat($$"""{"value":{{PostBench.Row}}}""", records))}}]}""";
        List<double> ours = [], theirs = [];
        foreach (var target in new[] { empty, url }) await Wrk.PostAsync(target, V2ContentType, body, Connections, s_round);
        for (var round = 0; round < Rounds; round++)
        {
            theirs.Add(await Wrk.PostAsync(empty, V2ContentType, body, Connections, s_round) * records);
            ours.Add(await Wrk.PostAsync(url, V2ContentType, body, Connections, s_round) * records);
        }

        Report(figure, ours, theirs, new { connections = Connections, body_bytes = body.Length });
    }

    private static async Task StreamAsync(Uri url, Uri empty, CancellationToken cancel)
    {
        List<double> ours = [], theirs = [];
        var record = $$$"""{"value":{"type":"JSON","data":{{{PostBench.Row}}}}}""";
        for (var round = 0; round <= Rounds; round++)
        {
            var (e, u) = (await StreamRoundAsync(empty, record, receipts: 0, cancel), await StreamRoundAsync(url, record, RecordsPerStream, cancel));
            // The first round warms both up.
            if (round == 0) continue;
            theirs.Add(e);
            ours.Add(u);
        }

        Report("rest_v3_streaming", ours, theirs, new { streams = Streams, record_bytes = record.Length });
    }

    private static async Task<double> StreamRoundAsync(Uri url, string record, int receipts, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var answered = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => Task.Run(() => RecordStream.SendAsync(url, record, RecordsPerStream, cancel), cancel)));
        if (answered.Any(a => a != receipts)) throw new InvalidOperationException($"Streams of {RecordsPerStream} records got {string.Join(", ", answered)} receipts.");
        return Streams * RecordsPerStream / clock.Elapsed.TotalSeconds;
    }

    private static void Report(string figure, List<double> ours, List<double> theirs, object detail)
    {
        Figure.Print("kafka", figure, Figure.Median(ours), "records/s", detail);
        Figure.Print("kafka", $"{figure}_empty_kestrel", Figure.Median(theirs), "records/s");
        Figure.Print("kafka", $"{figure}_ratio", Figure.Median(ours.Zip(theirs, (o, t) => o / t)), "of empty Kestrel");
    }
}
