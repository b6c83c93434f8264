using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Sluice.Bytes;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// A place in a shard as GetRecords takes and gives it. All of it is in its text, so it lives through a restart and costs no memory;
/// it expires by the moment it holds.
/// </summary>
/// <remarks>
/// Base64 of: 1 byte version (1), 4 bytes CRC-32C of what follows, 8 bytes moment of issue in ms, 16 bytes id of the stream's topic,
/// 4 bytes shard number, 8 bytes offset, and the stream's name. Clients treat it as opaque.
/// </remarks>
internal readonly record struct ShardIterator(StreamDescription Stream, Shard Shard, long Offset)
{
    /// <summary>Characters an iterator may have in a request: AWS.</summary>
    private const int TextMax = 512;

    private const byte Version = 1;
    private const int IssuedAt = 5;
    private const int StreamAt = 13;
    private const int ShardAt = 29;
    private const int OffsetAt = 33;
    private const int NameAt = 41;
    private const int BytesMax = NameAt + 256;
    private static readonly KinesisError s_invalid = KinesisError.InvalidArgument("Invalid ShardIterator.");

    /// <summary>Writes the iterator as a text, issued now.</summary>
    public void Write(ResponseWriter response, long nowMs)
    {
        Span<byte> bytes = stackalloc byte[BytesMax];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(bytes[IssuedAt..], nowMs);
        Stream.Topic.Id.TryWriteBytes(bytes[StreamAt..]);
        BinaryPrimitives.WriteInt32BigEndian(bytes[ShardAt..], Shard.Number);
        BinaryPrimitives.WriteInt64BigEndian(bytes[OffsetAt..], Offset);
        var length = NameAt + Encoding.UTF8.GetBytes(Stream.Name, bytes[NameAt..]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[1..], Crc32C.Compute(bytes[IssuedAt..length]));
        Span<byte> text = stackalloc byte[TextMax];
        Base64.EncodeToUtf8(bytes[..length], text, out _, out var written);
        response.Text(text[..written]);
    }

    /// <summary>Reads an iterator and finds its shard; the error when it is none, has expired, or its stream is gone.</summary>
    public static KinesisError? Read(KinesisCall call, ReadOnlySpan<byte> text, out ShardIterator iterator)
    {
        iterator = default;
        Span<byte> bytes = stackalloc byte[TextMax];
        if (text.Length > TextMax || Base64.DecodeFromUtf8(text, bytes, out _, out var length) != System.Buffers.OperationStatus.Done) return s_invalid;
        bytes = bytes[..length];
        if (length <= NameAt || bytes[0] != Version || BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]) != Crc32C.Compute(bytes[IssuedAt..])) return s_invalid;
        var issuedMs = BinaryPrimitives.ReadInt64BigEndian(bytes[IssuedAt..]);
        var nowMs = call.NowMs;
        if (nowMs - issuedMs > KinesisLimits.IteratorLife.TotalMilliseconds) return Expired(issuedMs, nowMs);
        Span<char> chars = stackalloc char[TextMax];
        var name = chars[..Encoding.UTF8.GetChars(bytes[NameAt..], chars)];
        if (call.Log.FindStream(name) is not { } stream
            || stream.Topic.Id != new Guid(bytes[StreamAt..ShardAt])
            || StreamTarget.IsGone(stream, nowMs))
        {
            return StreamTarget.NotFound(call, name.ToString());
        }

        var shard = BinaryPrimitives.ReadInt32BigEndian(bytes[ShardAt..]);
        if ((uint)shard >= (uint)stream.Shards.Count) return s_invalid;
        iterator = new ShardIterator(stream, stream.Shards[shard], BinaryPrimitives.ReadInt64BigEndian(bytes[OffsetAt..]));
        return null;
    }

    private static KinesisError Expired(long issuedMs, long nowMs) => KinesisError.ExpiredIterator(string.Create(
        CultureInfo.InvariantCulture,
        $"Iterator expired. The iterator was created at time {Moment(issuedMs)} while right now it is {Moment(nowMs)} "
        + $"which is further in the future than the tolerated delay of {(long)KinesisLimits.IteratorLife.TotalMilliseconds} milliseconds."));

    private static string Moment(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("ddd MMM dd HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture);
}
