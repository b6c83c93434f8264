using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html</summary>
internal static class PutRecords
{
    public static async ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        if (Read(call, out var stream) is { } refused) return refused;
        if (await RecordAppender.AppendAsync(call, stream!) is { } error) return error;
        Answer(call, stream!);
        return null;
    }

    private static KinesisError? Read(KinesisCall call, out StreamDescription? stream)
    {
        stream = null;
        var reader = call.Reader;
        var (name, arn) = (BodySlice.Null, BodySlice.Null);
        var hasRecords = false;
        reader.EnterMap();
        while (reader.NextField())
        {
            if (reader.FieldIs("StreamName"u8)) name = reader.ReadText();
            else if (reader.FieldIs("StreamARN"u8)) arn = reader.ReadText();
            else if (reader.FieldIs("Records"u8) && reader.Kind != ValueKind.Null)
            {
                ReadRecords(call, reader);
                hasRecords = true;
            }
            else reader.Skip();
        }

        if (Check(call, hasRecords) is { } fault) return fault;
        stream = StreamTarget.FindUsable(call, name, arn, out var error);
        return stream is null ? error : CheckSizes(call, stream);
    }

    private static void ReadRecords(KinesisCall call, RequestReader reader)
    {
        reader.EnterList();
        while (reader.NextItem())
        {
            var entry = new PutEntry { Data = BodySlice.Null, Key = BodySlice.Null, ExplicitHashKey = BodySlice.Null };
            reader.EnterMap();
            while (reader.NextField())
            {
                if (!PutEntryCheck.TryRead(reader, ref entry)) reader.Skip();
            }

            call.Puts.Add(entry);
        }
    }

    private static KinesisError? Check(KinesisCall call, bool hasRecords)
    {
        var reader = call.Reader;
        var entries = call.Puts.Entries;
        var max = call.Options.EnforceSizes ? KinesisLimits.PutRecordsMax : int.MaxValue;
        var checks = hasRecords ? new Validation().Count("records", entries.Length, 1, max) : new Validation().NotNull("records", null);
        // A bad request is not to grow in the answer.
        const int Described = 10;
        var described = 0;
        for (var i = 0; i < entries.Length && described < Described; i++)
        {
            if (PutEntryCheck.IsValid(reader, entries[i], KinesisLimits.RecordBytesMax)) continue;
            if (described == 0 && checks.Fault is null && OnlyHashKeyTooLarge(reader, entries[i]) is { } tooLarge) return tooLarge;
            PutEntryCheck.Describe(checks, reader, entries[i], $"records.{i + 1}.member.", KinesisLimits.RecordBytesMax);
            described++;
        }

        return checks.Fault;
    }

    private static KinesisError? OnlyHashKeyTooLarge(RequestReader reader, in PutEntry entry)
    {
        var checks = new Validation();
        PutEntryCheck.Describe(checks, reader, entry, "", KinesisLimits.RecordBytesMax);
        return checks.Fault is null ? PutEntryCheck.HashKeyTooLarge(reader, entry) : null;
    }

    private static KinesisError? CheckSizes(KinesisCall call, StreamDescription stream)
    {
        var entries = call.Puts.Entries;
        var total = 0L;
        for (var i = 0; i < entries.Length; i++)
        {
            ref var entry = ref entries[i];
            if (PutEntryCheck.IsTooLarge(call, stream, entry)) return PutEntryCheck.TooLarge(stream, $"records.{i + 1}.member.data");
            entry.HashKey = PutEntryCheck.HashKeyOf(call.Reader, entry);
            total += entry.SizeBytes;
        }

        return call.Options.EnforceSizes && total > KinesisLimits.PutRecordsBytesMax
            ? KinesisError.InvalidArgument("Records size exceeds 10 MB limit")
            : null;
    }

    private static void Answer(KinesisCall call, StreamDescription stream)
    {
        var response = call.Response;
        var failed = 0;
        foreach (ref readonly var entry in call.Puts.Entries)
        {
            if (entry.Outcome != PutOutcome.Stored) failed++;
        }

        response.StartMap();
        response.Integer("FailedRecordCount"u8, failed);
        response.StartList("Records"u8);
        foreach (ref readonly var entry in call.Puts.Entries)
        {
            response.StartMap();
            switch (entry.Outcome)
            {
                case PutOutcome.Stored:
                    PutRecord.Write(response, entry);
                    break;
                case PutOutcome.Throttled:
                    response.Text("ErrorCode"u8, "ProvisionedThroughputExceededException");
                    response.Text("ErrorMessage"u8, RecordAppender.RateExceeded(call, stream, entry.Shard));
                    break;
                default:
                    response.Text("ErrorCode"u8, "InternalFailure");
                    response.Text("ErrorMessage"u8, "Internal service failure.");
                    break;
            }

            response.EndMap();
        }

        response.EndList();
        if (stream.Attributes.EncryptionKeyId is not null) response.Text("EncryptionType"u8, "KMS");
        response.EndMap();
    }
}
