using System.Text;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>The members a record of PutRecord and of PutRecords has, and what AWS asks of them.</summary>
internal static class PutEntryCheck
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    /// <summary>Takes the member at the reader when it is one of a record's.</summary>
    public static bool TryRead(RequestReader reader, ref PutEntry entry)
    {
        if (reader.FieldIs("Data"u8)) entry.Data = reader.ReadBlob();
        else if (reader.FieldIs("PartitionKey"u8)) entry.Key = reader.ReadText();
        else if (reader.FieldIs("ExplicitHashKey"u8)) entry.ExplicitHashKey = reader.ReadText();
        else return false;
        return true;
    }

    /// <summary>Whether anything is wrong with the members, found without allocating; <see cref="Describe"/> says what.</summary>
    public static bool IsValid(RequestReader reader, in PutEntry entry, int dataBytesMax) =>
        !entry.Data.IsNull
        && entry.Data.Length <= dataBytesMax
        && entry.Key.Length is >= 1
        && (entry.Key.Length <= KinesisLimits.PartitionKeyMax || RunesOf(reader.BytesOf(entry.Key)) <= KinesisLimits.PartitionKeyMax)
        && (entry.ExplicitHashKey.IsNull || HashKey.TryParse(reader.BytesOf(entry.ExplicitHashKey), out _));

    /// <summary>Adds the faults of a record whose members stand at a prefix such as <c>records.1.member.</c>.</summary>
    public static void Describe(Validation checks, RequestReader reader, in PutEntry entry, string prefix, int dataBytesMax)
    {
        checks.NotNull(prefix + "partitionKey", entry.Key.IsNull ? null : "").NotNull(prefix + "data", entry.Data.IsNull ? null : "");
        checks.HashKey(prefix + "explicitHashKey", reader.TextOf(entry.ExplicitHashKey));
        checks.Text(prefix + "partitionKey", reader.TextOf(entry.Key), 1, KinesisLimits.PartitionKeyMax);
        if (entry.Data.Length > dataBytesMax) checks.TooLong(prefix + "data", dataBytesMax);
    }

    /// <summary>The hash key of a valid record.</summary>
    public static UInt128 HashKeyOf(RequestReader reader, in PutEntry entry) =>
        !entry.ExplicitHashKey.IsNull && HashKey.TryParse(reader.BytesOf(entry.ExplicitHashKey), out var hashKey)
            ? hashKey
            : HashKey.Of(reader.BytesOf(entry.Key));

    /// <summary>The refusal of an explicit hash key that has the right form and is too large; null otherwise.</summary>
    public static KinesisError? HashKeyTooLarge(RequestReader reader, in PutEntry entry) =>
        entry.ExplicitHashKey.IsNull || HashKey.TryParse(reader.BytesOf(entry.ExplicitHashKey), out _)
            ? null
            : KinesisError.InvalidArgument(
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                + $"Specified value was {reader.TextOf(entry.ExplicitHashKey)}");

    /// <summary>Whether a record is larger than its stream takes; data and partition key count.</summary>
    public static bool IsTooLarge(KinesisCall call, StreamDescription stream, in PutEntry entry) =>
        call.Options.EnforceSizes && entry.SizeBytes > stream.Attributes.RecordKibMax * 1024;

    public static KinesisError TooLarge(StreamDescription stream, string member) =>
        new Validation().TooLong(member, stream.Attributes.RecordKibMax * 1024).Fault!;

    private static int RunesOf(ReadOnlySpan<byte> utf8) => s_utf8.GetString(utf8).EnumerateRunes().Count();
}
