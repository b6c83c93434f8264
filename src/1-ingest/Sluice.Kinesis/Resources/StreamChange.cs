using Sluice.Kinesis.Shards;
using Sluice.Log;

namespace Sluice.Kinesis.Resources;

/// <summary>What a change of a stream decides: new attributes, or a refusal; neither leaves the stream as it is.</summary>
internal readonly record struct StreamChange(StreamAttributes? Attributes, KinesisError? Error)
{
    public static implicit operator StreamChange(StreamAttributes attributes) => new(attributes, null);

    public static implicit operator StreamChange(KinesisError error) => new(null, error);

    /// <summary>
    /// Changes the stream in one transaction: the decision is made on the stream as it is then, with no other change between.
    /// </summary>
    public static async ValueTask<KinesisError?> ApplyAsync(KinesisCall call, string stream, Func<StreamDescription, StreamChange> decide)
    {
        KinesisError? error = null;
        var after = await call.Log.UpdateStreamAsync(
            stream,
            current =>
            {
                var change = StreamTarget.IsGone(current, call.NowMs) ? StreamTarget.NotFound(call, stream) : decide(current);
                error = change.Error;
                return change.Attributes;
            },
            call.Cancel);
        return after is null ? StreamTarget.NotFound(call, stream) : error;
    }

    /// <summary>The same for a change that only an ACTIVE stream takes, and that leaves it UPDATING for the endpoint's state delay.</summary>
    public static ValueTask<KinesisError?> ApplyToActiveAsync(
        KinesisCall call, string stream, Func<StreamDescription, StreamChange> decide) =>
        ApplyAsync(call, stream, current =>
        {
            if (StreamTarget.NotActive(call, current) is { } inUse) return inUse;
            var change = decide(current);
            return change.Attributes is null ? change : StreamTarget.Pass(call, change.Attributes, StreamStatus.Updating);
        });
}
