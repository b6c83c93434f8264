using System.Globalization;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Console;

public sealed class ReshardTests(ITestOutputHelper output)
{
    private const string Stream = "streaming-demo-user";
    private const int Writers = 8;
    private const int KeysPerWriter = 4;
    private static readonly TimeSpan s_betweenReshards = TimeSpan.FromSeconds(2);

    [Fact(Timeout = 300_000)]
    public async Task Splits_and_merges_under_load_lose_nothing_double_nothing_and_keep_the_order_of_a_key()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TEST_RESHARD_SECONDS") ?? "12", CultureInfo.InvariantCulture);
        await using var station = new Station();
        await station.StartAsync();
        using var http = new HttpClient();
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var resharding = ReshardAsync(http, station.Kinesis, end.Token);
        var sent = (await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => WriteAsync(http, station, w, end.Token)))).Sum();
        var (splits, merges) = await resharding;
        output.WriteLine($"{sent} records in {seconds} s, {splits} splits, {merges} merges");
        (splits + merges).ShouldBeGreaterThan(seconds / 2 / 2);

        await station.RunAsync("run", "daily", "--path", "stream");
        (await station.QueryAsync("SELECT count(*), count(DISTINCT ind) FROM stream.user")).ShouldContain($"{sent},{sent}");
        (await station.QueryAsync("SELECT count(*) FROM duplicates.user")).ShouldContain("\n0", Case.Sensitive, "a record was read twice");
        (await station.LedgerAsync()).GetProperty("closes").GetBoolean().ShouldBeTrue();
        await OrderIsKeptAsync(station, sent);
        (await station.StopAsync()).ShouldBe(0);
    }

    /// <summary>One record after the other, each waiting for the answer of the one before; their number.</summary>
    private static async Task<int> WriteAsync(HttpClient http, Station station, int writer, CancellationToken end)
    {
        var url = new Uri($"{station.Gateway}/dev/streams/{Stream}/record");
        var sent = 0;
        for (; !end.IsCancellationRequested; sent++)
        {
            var row = $$"""{"ind":{{(sent * Writers) + writer}},"first_name":"Ada","last_name":"L","age":36,"date_joined":"2016-12-10T00:00:00"}""";
            var body = $$"""{"StreamName":"{{Stream}}","Data":{{row}},"PartitionKey":"{{writer}}-{{sent % KeysPerWriter}}"}""";
            using var content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json"));
            using var answer = await http.PutAsync(url, content, CancellationToken.None);
            answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(CancellationToken.None));
        }

        return sent;
    }

    private static async Task<(int Splits, int Merges)> ReshardAsync(HttpClient http, Uri kinesis, CancellationToken end)
    {
        var (splits, merges) = (0, 0);
        using var timer = new PeriodicTimer(s_betweenReshards);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                var open = await OpenShardsAsync(http, kinesis);
                // Up to six shards and back: so every kind of parent occurs.
                if (open.Count < 2 || (open.Count < 6 && (splits + merges) % 3 != 2))
                {
                    var (id, first, last) = open.MaxBy(s => s.Last - s.First);
                    await CallAsync(http, kinesis, "SplitShard", new { StreamName = Stream, ShardToSplit = id, NewStartingHashKey = ((first + last) / 2).ToString(CultureInfo.InvariantCulture) });
                    splits++;
                }
                else
                {
                    var at = (splits + merges) % (open.Count - 1);
                    await CallAsync(http, kinesis, "MergeShards", new { StreamName = Stream, ShardToMerge = open[at].Id, AdjacentShardToMerge = open[at + 1].Id });
                    merges++;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }

        return (splits, merges);
    }

    /// <summary>In the order of their hash keys.</summary>
    private static async Task<List<(string Id, BigInteger First, BigInteger Last)>> OpenShardsAsync(HttpClient http, Uri kinesis)
    {
        var answer = await CallAsync(http, kinesis, "ListShards", new { StreamName = Stream, ShardFilter = new { Type = "AT_LATEST" } });
        return
        [
            .. answer.GetProperty("Shards").EnumerateArray().Select(s => (
                    s.GetProperty("ShardId").GetString()!,
                    BigInteger.Parse(s.GetProperty("HashKeyRange").GetProperty("StartingHashKey").GetString()!, CultureInfo.InvariantCulture),
                    BigInteger.Parse(s.GetProperty("HashKeyRange").GetProperty("EndingHashKey").GetString()!, CultureInfo.InvariantCulture)))
                .OrderBy(s => s.Item2),
        ];
    }

    private static async Task<JsonElement> CallAsync(HttpClient http, Uri kinesis, string action, object request)
    {
        using var content = new StringContent(JsonSerializer.Serialize(request), MediaTypeHeaderValue.Parse("application/x-amz-json-1.1"));
        content.Headers.Add("X-Amz-Target", $"Kinesis_20131202.{action}");
        using var answer = await http.PostAsync(kinesis, content, CancellationToken.None);
        var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{action}: {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    /// <summary>raw_stream gives shard after shard, parents first: within a key the rows' numbers must rise.</summary>
    private static async Task OrderIsKeptAsync(Station station, int sent)
    {
        var lines = (await station.QueryAsync(
            $"SELECT partitionKey, CAST(decode(data)->>'ind' AS BIGINT) AS ind FROM raw_stream('{Stream}')")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(sent + 1);
        var last = new Dictionary<string, long>();
        foreach (var line in lines.Skip(1))
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            var (key, number) = (line[..comma], long.Parse(line[(comma + 1)..], CultureInfo.InvariantCulture));
            if (last.TryGetValue(key, out var before)) number.ShouldBeGreaterThan(before, $"key {key}");
            last[key] = number;
        }

        last.Count.ShouldBe(Writers * KeysPerWriter);
    }
}
