using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html</summary>
internal static class GetRecords
{
    private const int IteratorMax = 512;

    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (Read(call, out var iterator, out var limit) is { } refused) return refused;
        var (stream, shard, _) = iterator;
        if (call.Options.EnforceRates && !call.Services.Rates.TryRead(stream, shard)) return KinesisError.Throughput(RecordAppender.RateExceeded(call, stream, shard));
        var response = call.Response;
        var page = new RecordPage(call, stream, shard, limit);
        response.StartMap();
        if (await page.WriteAsync(iterator.Offset, KinesisLimits.GetRecordsBytesMax) is { } error) return error;
        response.Name("NextShardIterator"u8);
        if (page.IsLast) response.Null();
        else (iterator with { Offset = page.Next }).Write(response, call.NowMs);
        response.Integer("MillisBehindLatest"u8, page.MillisBehindLatest);
        page.WriteChildShards();
        response.EndMap();
        if (call.Options.EnforceRates) call.Services.Rates.HasRead(stream, shard, page.Bytes);
        return null;
    }

    private static KinesisError? Read(KinesisCall call, out ShardIterator iterator, out int limit)
    {
        var reader = call.Reader;
        var text = BodySlice.Null;
        long? asked = null;
        iterator = default;
        reader.EnterMap();
        while (reader.NextField())
        {
            if (reader.FieldIs("ShardIterator"u8)) text = reader.ReadText();
            else if (reader.FieldIs("Limit"u8) && reader.Kind != ValueKind.Null) asked = reader.ReadInteger();
            else reader.Skip();
        }

        limit = (int)Math.Clamp(asked ?? KinesisLimits.GetRecordsMax, 1, KinesisLimits.GetRecordsMax);
        var isValid = text.Length is >= 1 and <= IteratorMax && asked is null or >= 1 and <= KinesisLimits.GetRecordsMax;
        if (isValid) return ShardIterator.Read(call, reader.BytesOf(text), out iterator);
        var value = reader.TextOf(text);
        return new Validation()
            .NotNull("shardIterator", value)
            .Text("shardIterator", value, 1, IteratorMax)
            .Range("limit", asked, 1, KinesisLimits.GetRecordsMax)
            .Fault;
    }
}
