using System.Globalization;
using System.Text;
using Sluice.Kinesis.Resources;
using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreamConsumers.html</summary>
internal static class ListStreamConsumers
{
    private const int PageDefault = 100;
    private const int PageMax = 10_000;
    private const int TokenLengthMax = 1_048_576;

    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var token = call.Fields.Text("NextToken");
        var count = call.Fields.Integer("MaxResults");
        var createdMs = call.Fields.TimestampMs("StreamCreationTimestamp");
        var checks = new Validation().NotNull("streamARN", call.Fields.Text("StreamARN")).Text("nextToken", token, 1, TokenLengthMax)
            .Range("maxResults", count, 1, PageMax);
        if (StreamTarget.Find(call, checks, out var error) is not { } stream) return new(error);
        if (token is not null && createdMs is not null)
            return new(KinesisError.InvalidArgument("NextToken and StreamCreationTimestamp cannot be provided together."));
        // A stream of that name created at another moment is another one; seconds are what the older SDKs send.
        if (createdMs is { } moment && moment / 1000 != stream.CreatedMs / 1000) return new(StreamTarget.NotFound(call, stream.Name));
        var start = "";
        if (token is not null && ReadToken(call, stream, token, out start) is { } refused) return new(refused);
        Write(call, stream, start, count ?? PageDefault);
        return default;
    }

    private static void Write(KinesisCall call, StreamDescription stream, string start, int count)
    {
        var rest = stream.Attributes.Consumers.Where(consumer => string.CompareOrdinal(consumer.Name, start) > 0)
            .OrderBy(consumer => consumer.Name, StringComparer.Ordinal).ToList();
        call.Response.StartMap();
        call.Response.StartList("Consumers"u8);
        foreach (var consumer in rest.Take(count))
        {
            call.Response.StartMap();
            Consumers.Write(call, stream.Name, consumer, Consumers.StatusOf(call, consumer));
            call.Response.EndMap();
        }

        call.Response.EndList();
        if (rest.Count > count) call.Response.Text("NextToken"u8, Token(call, stream, rest[count - 1].Name));
        call.Response.EndMap();
    }

    /// <summary>A token holds when it was made, for which stream, and the last name shown, so that nothing is kept here.</summary>
    private static string Token(KinesisCall call, StreamDescription stream, string last) => Convert.ToBase64String(
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"consumers/{call.NowMs}/{stream.Name}/{stream.CreatedMs}/{last}")));

    private static KinesisError? ReadToken(KinesisCall call, StreamDescription stream, string token, out string last)
    {
        last = "";
        var bytes = new byte[token.Length];
        var parts = Convert.TryFromBase64String(token, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length).Split('/') : [];
        if (parts is not ["consumers", var made, var name, var created, var end]
            || !long.TryParse(made, NumberStyles.None, CultureInfo.InvariantCulture, out var madeMs)
            || name != stream.Name || created != stream.CreatedMs.ToString(CultureInfo.InvariantCulture))
        {
            return KinesisError.InvalidArgument("NextToken is invalid for this stream. Use the NextToken of the last answer.");
        }

        last = end;
        return call.NowMs - madeMs <= (long)KinesisLimits.IteratorLife.TotalMilliseconds
            ? null
            : KinesisError.ExpiredNextToken("NextToken has expired: tokens are valid for 300 seconds. Start the listing anew.");
    }
}
