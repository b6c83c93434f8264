using System.Runtime.CompilerServices;
using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html</summary>
internal static class PutRecord
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (Read(call, out var stream) is { } refused) return refused;
        if (await RecordAppender.AppendAsync(call, stream!) is { } error) return error;
        return Answer(call, stream!);
    }

    private static KinesisError? Read(KinesisCall call, out StreamDescription? stream)
    {
        stream = null;
        var reader = call.Reader;
        var (name, arn, ordering) = (BodySlice.Null, BodySlice.Null, BodySlice.Null);
        var entry = new PutEntry { Data = BodySlice.Null, Key = BodySlice.Null, ExplicitHashKey = BodySlice.Null };
        reader.EnterMap();
        while (reader.NextField())
        {
            if (PutEntryCheck.TryRead(reader, ref entry)) continue;
            if (reader.FieldIs("StreamName"u8)) name = reader.ReadText();
            else if (reader.FieldIs("StreamARN"u8)) arn = reader.ReadText();
            else if (reader.FieldIs("SequenceNumberForOrdering"u8)) ordering = reader.ReadText();
            else reader.Skip();
        }

        if (!PutEntryCheck.IsValid(reader, entry, KinesisLimits.RecordBytesMax) || !ordering.IsNull)
        {
            if (Check(reader, entry, ordering) is { } fault) return fault;
        }

        stream = StreamTarget.FindUsable(call, name, arn, out var error);
        if (stream is null) return error;
        if (PutEntryCheck.IsTooLarge(call, stream, entry)) return PutEntryCheck.TooLarge(stream, "data");
        entry.HashKey = PutEntryCheck.HashKeyOf(reader, entry);
        call.Puts.Add(entry);
        return null;
    }

    private static KinesisError? Check(RequestReader reader, in PutEntry entry, BodySlice ordering)
    {
        var checks = new Validation().SequenceNumber("sequenceNumberForOrdering", reader.TextOf(ordering));
        PutEntryCheck.Describe(checks, reader, entry, prefix: "", KinesisLimits.RecordBytesMax);
        if (checks.Fault is { } fault) return fault;
        if (PutEntryCheck.HashKeyTooLarge(reader, entry) is { } tooLarge) return tooLarge;
        // The numbers of a shard grow whatever the caller names, so the number only has to be one.
        return ordering.IsNull || SequenceNumber.TryParse(reader.BytesOf(ordering), out _)
            ? null
            : KinesisError.InvalidArgument($"ExpectedSequenceNumber {reader.TextOf(ordering)} used in PutRecord is invalid.");
    }

    private static KinesisError? Answer(KinesisCall call, StreamDescription stream)
    {
        ref readonly var entry = ref call.Puts.Entries[0];
        if (entry.Outcome == PutOutcome.Throttled) return KinesisError.Throughput(RecordAppender.RateExceeded(call, stream, entry.Shard));
        if (entry.Outcome != PutOutcome.Stored) return KinesisError.Internal;
        var response = call.Response;
        response.StartMap();
        Write(response, entry);
        if (stream.Attributes.EncryptionKeyId is not null) response.Text("EncryptionType"u8, "KMS");
        response.EndMap();
        return null;
    }

    /// <summary>The members that say where a record went.</summary>
    public static void Write(ResponseWriter response, in PutEntry entry)
    {
        Span<byte> digits = stackalloc byte[SequenceNumber.Digits];
        entry.Number.Format(digits);
        response.Text("ShardId"u8, entry.Shard.Id);
        response.Name("SequenceNumber"u8);
        response.Text(digits);
    }
}
