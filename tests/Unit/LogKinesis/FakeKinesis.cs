using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Log.Kinesis;
using Sluice.SigV4;
using Sluice.Testing;

namespace Sluice.Unit.LogKinesis;

/// <summary>A Kinesis of one stream with one shard, which trims, throttles and forgets iterators on request.</summary>
internal sealed class FakeKinesis : IAsyncDisposable
{
    public const string Stream = "events";

    private const string Parent = "\"ParentShardId\":\"shardId-000000000000\",";

    private readonly Lock _gate = new();
    private readonly List<(long ArrivalMs, string Key, byte[] Data)> _records = [];
    private LoopbackServer _server = null!;

    /// <summary>Actions in the order of their arrival.</summary>
    public List<string> Actions { get; } = [];

    /// <summary>Records up to here are no longer kept.</summary>
    public int Trimmed { get; set; }

    public bool IsClosed { get; set; }

    public string Created { get; set; } = "1700000000.5";

    /// <summary>What a request is answered with instead: an error's name, or null.</summary>
    public Func<string, string?> Refuse { get; set; } = _ => null;

    public int PageSize { get; set; } = 1000;

    /// <summary>So many pages come without records, whatever the shard holds.</summary>
    public int EmptyPages { get; set; }

    /// <summary>How far behind the end an empty page says to be.</summary>
    public int EmptyBehindMs { get; set; } = 1000;

    /// <summary>What an answer to an action that was made waits for before it is sent.</summary>
    public Func<string, Task> BeforeSending { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether the shard was split in two, which hold nothing.</summary>
    public bool IsSplit { get; set; }

    /// <summary>So many records are taken of all that are put.</summary>
    public int Room { get; set; } = int.MaxValue;

    public static async Task<FakeKinesis> StartAsync()
    {
        var kinesis = new FakeKinesis();
        kinesis._server = await LoopbackServer.StartAsync(kinesis.AnswerAsync);
        return kinesis;
    }

    public KinesisLogOptions Options(string positions) => new()
    {
        Endpoint = _server.Address,
        Credentials = new Credentials("AKIDEXAMPLE", "secret"),
        PositionsFile = positions,
        Limits = new KinesisLogLimits { FirstPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(2), PollInterval = TimeSpan.FromMilliseconds(1) },
    };

    public void Add(long arrivalMs, string key, params byte[] data)
    {
        lock (_gate) _records.Add((arrivalMs, key, data));
    }

    /// <summary>Records whose data is their number.</summary>
    public void AddNumbered(int count, long arrivalMs = 1_800_000_000_000)
    {
        for (var i = 0; i < count; i++)
        {
            var n = _records.Count;
            Add(arrivalMs + n, $"key-{n}", BitConverter.GetBytes(n));
        }
    }

    public int Count(string action) => Actions.Count(done => done == action);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string Shard(int number, string parent, bool isClosed) =>
        $$$"""{"ShardId":"shardId-00000000000{{{number}}}",{{{parent}}}"HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"9"},"SequenceNumberRange":{"StartingSequenceNumber":"1"{{{(isClosed ? ",\"EndingSequenceNumber\":\"2\"" : "")}}}}}""";

    private static string Sequence(int index) => (4_900_000_000 + index).ToString(CultureInfo.InvariantCulture);

    private async Task AnswerAsync(HttpContext http)
    {
        http.Request.Headers.Authorization.ToString().ShouldStartWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/");
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var action = http.Request.Headers["X-Amz-Target"].ToString()["Kinesis_20131202.".Length..];
        string answer;
        lock (_gate)
        {
            Actions.Add(action);
            if (Refuse(action) is { } error)
            {
                http.Response.StatusCode = error == "InternalFailure" ? 500 : 400;
                answer = $$"""{"__type":"{{error}}","message":"as told"}""";
            }
            else
            {
                answer = Answer(action, body.RootElement);
            }
        }

        await BeforeSending(action);
        await http.Response.WriteAsync(answer);
    }

    private string Answer(string action, JsonElement request) => action switch
    {
        "DescribeStreamSummary" =>
            $$$"""{"StreamDescriptionSummary":{"StreamARN":"arn:events","StreamStatus":"ACTIVE","RetentionPeriodHours":24,"StreamCreationTimestamp":{{{Created}}}}}""",
        "ListShards" => $$"""{"Shards":[{{Shard(0, "", IsClosed || IsSplit)}}{{(IsSplit ? "," + Shard(1, Parent, false) + "," + Shard(2, Parent, false) : "")}}]}""",
        "GetShardIterator" => $$"""{"ShardIterator":"{{From(request)}}"}""",
        "GetRecords" => Page(int.Parse(request.GetProperty("ShardIterator").GetString()!, CultureInfo.InvariantCulture), request.GetProperty("Limit").GetInt32()),
        "PutRecords" => $$"""{"Records":[{{string.Join(',', request.GetProperty("Records").EnumerateArray().Select(_ => Put()))}}]}""",
        _ => throw new NotSupportedException(action),
    };

    private string Put() => Room-- > 0
        ? """{"ShardId":"shardId-000000000000","SequenceNumber":"1"}"""
        : """{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"as told"}""";

    private int From(JsonElement request)
    {
        int IndexOf() => (int)(long.Parse(request.GetProperty("StartingSequenceNumber").GetString()!, CultureInfo.InvariantCulture) - 4_900_000_000);
        var from = request.GetProperty("ShardIteratorType").GetString() switch
        {
            "TRIM_HORIZON" => 0,
            "AT_SEQUENCE_NUMBER" => IndexOf(),
            "AFTER_SEQUENCE_NUMBER" => IndexOf() + 1,
            _ => _records.FindIndex(record => record.ArrivalMs >= request.GetProperty("Timestamp").GetDouble() * 1000) is >= 0 and var at ? at : _records.Count,
        };
        // As Kinesis does, an iterator at a record that is gone begins at the oldest one kept.
        return Math.Max(from, Trimmed);
    }

    private string Page(int from, int limit)
    {
        if (EmptyPages > 0)
        {
            EmptyPages--;
            return $$"""{"MillisBehindLatest":{{EmptyBehindMs}},"NextShardIterator":"{{from}}","Records":[]}""";
        }

        from = Math.Max(from, Trimmed);
        var count = Math.Min(Math.Min(limit, PageSize), _records.Count - from);
        var records = Enumerable.Range(from, count).Select(i =>
        {
            var (arrival, key, data) = _records[i];
            var seconds = (arrival / 1000m).ToString(CultureInfo.InvariantCulture);
            return $$"""{"ApproximateArrivalTimestamp":{{seconds}},"Data":"{{Convert.ToBase64String(data)}}","PartitionKey":{{JsonSerializer.Serialize(key)}},"SequenceNumber":"{{Sequence(i)}}"}""";
        });
        var next = from + count;
        var end = IsClosed && next == _records.Count;
        return $$"""{"MillisBehindLatest":{{(next < _records.Count ? 1000 : 0)}},{{(end ? "" : $"\"NextShardIterator\":\"{next}\",")}}"Records":[{{string.Join(',', records)}}]}""";
    }
}
