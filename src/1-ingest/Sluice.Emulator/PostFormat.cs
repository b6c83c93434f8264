using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Sluice.Emulator;

/// <summary>Reads what became of a post; of a post that was taken in part it keeps the records that are worth another try.</summary>
internal delegate PostAnswer AnswerReader(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter, Post post);

/// <summary>
/// How rows travel: the opening, the rows with what stands around each and commas between, the closing; and how the answer is read.
/// </summary>
internal sealed class PostFormat
{
    private readonly byte[] _beforeRow;
    private readonly byte[] _beforeKey;
    private readonly byte[] _afterRow;

    private PostFormat(string opening, string beforeRow, string beforeKey, string afterRow, string closing)
    {
        Opening = Encoding.UTF8.GetBytes(opening);
        Closing = Encoding.UTF8.GetBytes(closing);
        _beforeRow = Encoding.UTF8.GetBytes(beforeRow);
        _beforeKey = Encoding.UTF8.GetBytes(beforeKey);
        _afterRow = Encoding.UTF8.GetBytes(afterRow);
    }

    public required HttpMethod Method { get; init; }

    public required MediaTypeHeaderValue ContentType { get; init; }

    public required AnswerReader ReadAnswer { get; init; }

    public byte[] Opening { get; }

    public byte[] Closing { get; }

    /// <summary>Length of a body without rows.</summary>
    public int EnvelopeLength => Opening.Length + Closing.Length;

    /// <summary>Confluent REST Proxy API v2: <c>{"records":[{"value":{row}},...]}</c>.</summary>
    public static PostFormat Topic { get; } = new("{\"records\":[", "{\"value\":", "", "}", "]}")
    {
        Method = HttpMethod.Post,
        ContentType = new("application/vnd.kafka.json.v2+json"),
        ReadAnswer = KafkaRestAnswer.Read,
    };

    /// <summary>The Kinesis proxy API's records: <c>{"records":[{"data":{row},"partition-key":"..."},...]}</c>.</summary>
    public static PostFormat StreamRecords { get; } = new("{\"records\":[", "{\"data\":", ",\"partition-key\":", "}", "]}")
    {
        Method = HttpMethod.Put,
        ContentType = new("application/json"),
        ReadAnswer = KinesisAnswer.Read,
    };

    /// <summary>The Kinesis proxy API's record as the described scripts send it: <c>{"StreamName":"...","Data":{row},"PartitionKey":"..."}</c>.</summary>
    public static PostFormat StreamRecord(string stream) =>
        new($"{{\"StreamName\":\"{JsonEncodedText.Encode(stream)}\",\"Data\":", "", ",\"PartitionKey\":", "", "}")
        {
            Method = HttpMethod.Put,
            ContentType = new("application/json"),
            ReadAnswer = KinesisAnswer.Read,
        };

    /// <summary>What a row adds to the length of a body.</summary>
    public int LengthOf(PostRow row, bool isFirst) =>
        (isFirst ? 0 : 1) + _beforeRow.Length + row.Json.Length + _beforeKey.Length + row.Key.Length + (row.IsKeyBare ? 2 : 0) + _afterRow.Length;

    /// <summary>Writes a row; as many bytes as <see cref="LengthOf"/> says.</summary>
    public int Write(Span<byte> to, PostRow row, bool isFirst)
    {
        var filled = 0;
        if (!isFirst) to[filled++] = (byte)',';
        Put(_beforeRow, to, ref filled);
        Put(row.Json.Span, to, ref filled);
        Put(_beforeKey, to, ref filled);
        if (row.IsKeyBare) to[filled++] = (byte)'"';
        Put(row.Key.Span, to, ref filled);
        if (row.IsKeyBare) to[filled++] = (byte)'"';
        Put(_afterRow, to, ref filled);
        return filled;
    }

    private static void Put(ReadOnlySpan<byte> bytes, Span<byte> to, ref int filled)
    {
        bytes.CopyTo(to[filled..]);
        filled += bytes.Length;
    }
}
