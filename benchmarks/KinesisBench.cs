using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sluice.Bench;

/// <summary>
/// Puts to our Kinesis, each answered after its sync (fsync), beside kinesalite and kinesis-local from npm, which keep records in memory:
/// rounds alternate, and the ratio is taken round by round. Then reading, and memory under the largest records there are.
/// </summary>
internal static class KinesisBench
{
    private const int Rounds = 5;
    private const int RecordBytes = 1024;
    private const int RecordsPerPut = 500;
    private const int PutConnections = 8;
    private const int LargeBytes = 10 << 20;
    private const int LargePuts = 48;
    private const int LargeInFlight = 8;
    private const string Stream = "bench";

    /// <summary>Shards of the stream, as on-demand streams of AWS begin; each is a file with syncs of its own.</summary>
    private const int Shards = 4;

    private const string OneShard = "bench-1";

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(2);

    /// <summary>Until both JIT compilers have compiled all they will: ours was seen to need five seconds of load.</summary>
    private static readonly TimeSpan s_firstWarmUp = TimeSpan.FromSeconds(8);

    private static readonly string[] s_others = ["kinesalite", "kinesis-local"];

    public static async Task RunAsync(CancellationToken cancel)
    {
        var data = Directory.CreateTempSubdirectory("sluice-bench-");
        try
        {
            await PutsAsync(Path.Combine(data.FullName, "puts"), cancel);
            await LargeRecordsAsync(Path.Combine(data.FullName, "large"), cancel);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task PutsAsync(string directory, CancellationToken cancel)
    {
        var servers = new List<(string Name, KinesisServer Server)>();
        try
        {
            servers.Add(("sluice", await KinesisServer.StartOursAsync(directory, cancel)));
            foreach (var other in s_others)
            {
                if (await KinesisServer.TryStartTheirsAsync(other, cancel) is { } server) servers.Add((other, server));
            }

            foreach (var (_, server) in servers)
            {
                using var actions = new KinesisActions(server.Address);
                await actions.CreateAsync(Stream, Shards, cancel);
                await actions.CreateAsync(OneShard, shards: 1, cancel);
                await Wrk.RunAsync(server.Address.ToString(), PutRecord(OneShard), connections: 16, s_firstWarmUp);
            }

            await MeasureAsync(servers, "put_record_one_shard", PutRecord(OneShard), connections: 16, records: 1);
            await MeasureAsync(servers, "put_record_one_shard", PutRecord(OneShard), connections: 64, records: 1);
            await MeasureAsync(servers, "put_record", PutRecord(Stream), connections: 16, records: 1);
            await MeasureAsync(servers, "put_record", PutRecord(Stream), connections: 64, records: 1);
            await MeasureAsync(servers, "put_records", PutRecords, PutConnections, RecordsPerPut);
            await ReadAsync(servers[0].Server, cancel);
        }
        finally
        {
            foreach (var (_, server) in servers) server.Dispose();
        }
    }

    private static async Task MeasureAsync(List<(string Name, KinesisServer Server)> servers, string figure, string lua, int connections, int records)
    {
        var rates = servers.ToDictionary(server => server.Name, _ => new List<double>());
        foreach (var (_, server) in servers) await Wrk.RunAsync(server.Address.ToString(), lua, connections, s_warmUp);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, server) in servers) rates[name].Add(await Wrk.RunAsync(server.Address.ToString(), lua, connections, s_round));
        }

        foreach (var (name, all) in rates)
        {
            var rate = Figure.Median(all);
            var detail = new { connections, record_bytes = RecordBytes, durability = name == "sluice" ? "fsync" : "memory" };
            Figure.Print("kinesis", $"{figure}_{connections}_{name}", rate, "requests/s", detail);
            Figure.Print("kinesis", $"{figure}_{connections}_{name}_data", rate * records * RecordBytes / 1e6, "MB/s");
            // One that answered nothing in a round has no ratio: its requests take longer than a round.
            var isMeasured = name != "sluice" && all.TrueForAll(theirs => theirs > 0);
            if (isMeasured) Figure.Print("kinesis", $"{figure}_{connections}_to_{name}", Figure.Median(rates["sluice"].Zip(all, (o, t) => o / t)), $"of {name}");
        }
    }

    private static async Task ReadAsync(KinesisServer server, CancellationToken cancel)
    {
        var bytesPerShard = (256 << 20) / Shards;
        using var actions = new KinesisActions(server.Address);
        var rates = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            long read = 0;
            for (var shard = 0; shard < Shards; shard++) read += await actions.ReadAsync(Stream, shard, bytesPerShard, cancel);
            rates.Add(read / 1e6 / clock.Elapsed.TotalSeconds);
        }

        Figure.Print("kinesis", "get_records", Figure.Median(rates), "MB/s", new { readers = 1, record_bytes = RecordBytes });
        Figure.Print("kinesis", "peak_memory", server.PeakMemory / 1e6, "MB");
    }

    /// <summary>Puts and reads records of 10 MiB, several at once, in a fresh process whose peak of memory is then theirs.</summary>
    private static async Task LargeRecordsAsync(string directory, CancellationToken cancel)
    {
        using var server = await KinesisServer.StartOursAsync(directory, cancel);
        using var actions = new KinesisActions(server.Address);
        await actions.CreateAsync(Stream, shards: 2, cancel);
        var arn = (await actions.SendAsync("DescribeStreamSummary", new { StreamName = Stream }, cancel))
            .GetProperty("StreamDescriptionSummary").GetProperty("StreamARN").GetString();
        await actions.SendAsync("UpdateMaxRecordSize", new { StreamARN = arn, MaxRecordSizeInKiB = LargeBytes >> 10 }, cancel);
        var body = Encoding.ASCII.GetBytes($$"""{"StreamName":"{{Stream}}","PartitionKey":"k","Data":"{{Convert.ToBase64String(new byte[LargeBytes - 1])}}"}""");
        var left = LargePuts;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, LargeInFlight).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0) await actions.SendAsync("PutRecord", body, cancel);
        }));
        Figure.Print("kinesis", "put_record_10_mib", LargePuts * LargeBytes / 1e6 / clock.Elapsed.TotalSeconds, "MB/s", new { in_flight = LargeInFlight });
        Figure.Print("kinesis", "put_record_10_mib_peak_memory", server.PeakMemory / 1e6, "MB");
        for (var shard = 0; shard < 2; shard++) await actions.ReadAsync(Stream, shard, long.MaxValue, cancel);
        Figure.Print("kinesis", "get_records_10_mib_peak_memory", server.PeakMemory / 1e6, "MB");
    }

    private static string PutRecord(string stream) => Script(
        "PutRecord",
        $$"""'{"StreamName":"{{stream}}","PartitionKey":"key-' .. i .. '","Data":"{{Convert.ToBase64String(new byte[RecordBytes])}}"}'""",
        bodies: 256);

    private static string PutRecords { get; } = Script(
        "PutRecords",
        $$"""'{"StreamName":"{{Stream}}","Records":[' .. records(i) .. ']}'""",
        bodies: 4,
        $$"""
        function records(seed)
          local all = {}
          for n = 1, {{RecordsPerPut}} do all[n] = '{"PartitionKey":"key-' .. (seed * 1000 + n) .. '","Data":"{{Convert.ToBase64String(new byte[RecordBytes])}}"}' end
          return table.concat(all, ',')
        end
        """);

    /// <summary>Requests are made before the load begins, so that wrk only sends them.</summary>
    private static string Script(string action, string body, int bodies, string functions = "") =>
        $$"""
        {{functions}}
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "{{KinesisActions.ContentType}}"
        wrk.headers["X-Amz-Target"] = "{{KinesisActions.TargetPrefix}}{{action}}"
        wrk.headers["X-Amz-Date"] = "{{KinesisActions.Date}}"
        wrk.headers["Authorization"] = "{{KinesisActions.Authorization}}"
        local requests = {}
        local at = 0
        init = function(args)
          for i = 1, {{bodies}} do requests[i] = wrk.format(nil, "/", nil, {{body}}) end
        end
        request = function()
          at = at % {{bodies}} + 1
          return requests[at]
        end
        """;
}
