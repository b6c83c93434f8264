using System.Text;
using Sluice.Kinesis.Wire;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>
/// Which stream a request means: <c>StreamName</c>, <c>StreamARN</c> or both, and what state it is in. A status that has run out counts
/// as ended: a stream whose deletion is over is not found, any other is ACTIVE.
/// </summary>
internal static class StreamTarget
{
    private const int NameMax = 128;
    private const int ArnMax = 2048;
    private static readonly KinesisError s_missing = KinesisError.InvalidArgument("Either StreamName or StreamARN must be provided.");

    /// <summary>The stream named by the members StreamName and StreamARN of a request read as a tree.</summary>
    public static StreamDescription? Find(KinesisCall call, Validation checks, out KinesisError? error)
    {
        var name = call.Fields.Text("StreamName");
        var arn = call.Fields.Text("StreamARN");
        error = checks.StreamName(name).StreamArn(arn).Fault;
        if (error is not null) return null;
        if (arn is not null && call.Services.Names.StreamOf(arn) is { Length: > 0 } named)
        {
            if (name is not null && !named.SequenceEqual(name))
            {
                error = KinesisError.InvalidArgument($"StreamARN {arn} and StreamName {name} do not name the same stream.");
                return null;
            }

            name = named.ToString();
        }
        else if (arn is not null)
        {
            error = KinesisError.ResourceNotFound($"Stream {arn} not found.");
            return null;
        }

        if (name is null) error = s_missing;
        return name is null ? null : Find(call, name, out error);
    }

    /// <summary>The stream of that name; ResourceNotFoundException when there is none or it is gone.</summary>
    public static StreamDescription? Find(KinesisCall call, string name, out KinesisError? error)
    {
        var stream = call.Log.FindStream(name);
        if (stream is not null && IsGone(stream, call.NowMs)) stream = null;
        error = stream is null ? NotFound(call, name) : null;
        return stream;
    }

    /// <summary>The stream that a record is put to or read from, from the UTF-8 of its name and ARN; it exists and is not CREATING or DELETING.</summary>
    public static StreamDescription? FindUsable(KinesisCall call, BodySlice name, BodySlice arn, out KinesisError? error)
    {
        StreamDescription? stream = null;
        if (!arn.IsNull) stream = FindByArn(call, call.Reader.BytesOf(arn), out error);
        else if (!name.IsNull) stream = FindByName(call, call.Reader.BytesOf(name), out error);
        else error = s_missing;
        if (stream is null || IsUsable(stream, call.NowMs)) return stream;
        error = NotFound(call, stream.Name);
        return null;
    }

    /// <summary>The status that a caller sees.</summary>
    public static StreamStatus StatusOf(StreamDescription stream, long nowMs) =>
        stream.Attributes.StatusUntilMs is { } until && until <= nowMs ? StreamStatus.Active : stream.Attributes.Status;

    /// <summary>The name AWS has for a status.</summary>
    public static string NameOf(StreamStatus status) => status switch
    {
        StreamStatus.Creating => "CREATING",
        StreamStatus.Updating => "UPDATING",
        StreamStatus.Deleting => "DELETING",
        _ => "ACTIVE",
    };

    /// <summary>Whether its deletion is over, though its records may still be on disk.</summary>
    public static bool IsGone(StreamDescription stream, long nowMs) => stream.Attributes.IsGoneAt(nowMs);

    /// <summary>ResourceInUseException unless the stream is ACTIVE.</summary>
    public static KinesisError? NotActive(KinesisCall call, StreamDescription stream)
    {
        var status = StatusOf(stream, call.NowMs);
        return status == StreamStatus.Active
            ? null
            : KinesisError.ResourceInUse(
                $"Stream {stream.Name} under account {call.Options.AccountId} not ACTIVE, instead in state {NameOf(status)}");
    }

    /// <summary>The attributes with a status that lasts as long as the endpoint's state delay; ACTIVE when there is none.</summary>
    public static StreamAttributes Pass(KinesisCall call, StreamAttributes attributes, StreamStatus status)
    {
        var delay = (long)call.Options.StateDelay.TotalMilliseconds;
        return delay <= 0
            ? attributes with { Status = StreamStatus.Active, StatusUntilMs = null }
            : attributes with { Status = status, StatusUntilMs = call.NowMs + delay };
    }

    /// <summary>The name AWS has for a mode.</summary>
    public static string NameOf(StreamMode mode) => mode == StreamMode.OnDemand ? "ON_DEMAND" : "PROVISIONED";

    public static KinesisError ShardNotFound(KinesisCall call, StreamDescription stream, string shardId) => KinesisError.ResourceNotFound(
        $"Could not find shard {shardId} in stream {stream.Name} under account {call.Options.AccountId}.");

    public static KinesisError NotFound(KinesisCall call, string name) =>
        KinesisError.ResourceNotFound($"Stream {name} under account {call.Options.AccountId} not found.");

    private static bool IsUsable(StreamDescription stream, long nowMs) =>
        stream.Attributes.Status is StreamStatus.Active or StreamStatus.Updating
        || (stream.Attributes.Status == StreamStatus.Creating && StatusOf(stream, nowMs) == StreamStatus.Active);

    private static StreamDescription? FindByName(KinesisCall call, ReadOnlySpan<byte> utf8, out KinesisError? error)
    {
        error = null;
        if (utf8.Length is >= 1 and <= NameMax)
        {
            Span<char> chars = stackalloc char[NameMax];
            if (call.Log.FindStream(chars[..Encoding.UTF8.GetChars(utf8, chars)]) is { } stream) return stream;
        }

        var name = Encoding.UTF8.GetString(utf8);
        error = new Validation().StreamName(name).Fault ?? NotFound(call, name);
        return null;
    }

    private static StreamDescription? FindByArn(KinesisCall call, ReadOnlySpan<byte> utf8, out KinesisError? error)
    {
        error = null;
        if (utf8.Length is >= 1 and <= ArnMax)
        {
            Span<char> chars = stackalloc char[ArnMax];
            var name = call.Services.Names.StreamOf(chars[..Encoding.UTF8.GetChars(utf8, chars)]);
            if (call.Log.FindStream(name) is { } stream) return stream;
        }

        var arn = Encoding.UTF8.GetString(utf8);
        error = new Validation().StreamArn(arn).Fault ?? KinesisError.ResourceNotFound($"Stream {arn} not found.");
        return null;
    }
}
