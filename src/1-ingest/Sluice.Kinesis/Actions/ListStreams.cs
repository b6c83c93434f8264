using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Actions;

/// <summary>https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html</summary>
internal static class ListStreams
{
    public static ValueTask<KinesisError?> InvokeAsync(KinesisCall call)
    {
        var limit = call.Fields.Integer("Limit");
        var after = call.Fields.Text("ExclusiveStartStreamName");
        var token = call.Fields.Text("NextToken");
        var checks = new Validation()
            .Range("limit", limit, 1, 10_000)
            .Text("exclusiveStartStreamName", after, 1, 128, Validation.StreamNamePattern())
            .Text("nextToken", token, 1, 1_048_576);
        if (checks.Fault is { } fault) return new(fault);
        if (token is not null)
        {
            if (PageToken.Read(call, nameof(ListStreams), token, out var error) is not { } parts) return new(error);
            after = parts[0];
        }

        var nowMs = call.NowMs;
        var streams = call.Log.ListStreams()
            .Where(s => !StreamTarget.IsGone(s, nowMs) && (after is null || string.CompareOrdinal(s.Name, after) > 0))
            .ToArray();
        Write(call, streams, Math.Min(streams.Length, limit ?? KinesisLimits.ListStreamsDefault));
        return default;
    }

    private static void Write(KinesisCall call, StreamDescription[] streams, int page)
    {
        var response = call.Response;
        response.StartMap();
        response.Texts("StreamNames"u8, streams.Take(page).Select(s => s.Name));
        response.Boolean("HasMoreStreams"u8, page < streams.Length);
        if (page < streams.Length) response.Text("NextToken"u8, PageToken.Create(call, nameof(ListStreams), streams[page - 1].Name));
        response.StartList("StreamSummaries"u8);
        foreach (var stream in streams.Take(page))
        {
            response.StartMap();
            response.Text("StreamName"u8, stream.Name);
            response.Text("StreamARN"u8, call.Services.Names.OfStream(stream.Name));
            response.Text("StreamStatus"u8, StreamTarget.NameOf(StreamTarget.StatusOf(stream, call.NowMs)));
            response.StartMap("StreamModeDetails"u8);
            response.Text("StreamMode"u8, StreamTarget.NameOf(stream.Attributes.Mode));
            response.EndMap();
            response.Timestamp("StreamCreationTimestamp"u8, stream.CreatedMs);
            response.EndMap();
        }

        response.EndList();
        response.EndMap();
    }
}
