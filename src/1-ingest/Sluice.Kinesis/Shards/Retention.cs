using System.Globalization;
using Sluice.Log;

namespace Sluice.Kinesis.Shards;

/// <summary>Changes how long a stream keeps its records.</summary>
internal static class Retention
{
    /// <summary>Sets the hours of the request when they are allowed; <paramref name="refuse"/> compares them with those the stream has.</summary>
    public static async ValueTask<KinesisError?> ChangeAsync(KinesisCall call, Func<StreamDescription, int, KinesisError?> refuse)
    {
        var asked = call.Fields.Integer("RetentionPeriodHours");
        if (StreamTarget.Find(call, new Validation().NotNull("retentionPeriodHours", asked), out var error) is not { } stream) return error;
        var hours = asked!.Value;
        if (hours < KinesisLimits.RetentionHoursMin) return OutOfBounds("Minimum", KinesisLimits.RetentionHoursMin, hours, "short");
        if (hours > KinesisLimits.RetentionHoursMax) return OutOfBounds("Maximum", KinesisLimits.RetentionHoursMax, hours, "long");
        KinesisError? refused = null;
        var changed = await call.Log.UpdateStreamAsync(
            stream.Name,
            s =>
            {
                refused = StreamTarget.NotActive(call, s) ?? refuse(s, hours);
                return refused is null ? StreamTarget.Pass(call, s.Attributes with { RetentionHours = hours }, StreamStatus.Updating) : null;
            },
            call.Cancel);
        return changed is null ? StreamTarget.NotFound(call, stream.Name) : refused;
    }

    /// <summary>The refusal of hours on the wrong side of those the stream has.</summary>
    public static KinesisError WrongSide(StreamDescription stream, int hours, string side, string remedy) =>
        KinesisError.InvalidArgument(string.Create(
            CultureInfo.InvariantCulture,
            $"Requested retention period ({hours} hours) for stream {stream.Name} can not be {side} than existing retention period "
            + $"({stream.Attributes.RetentionHours} hours). Use {remedy} API."));

    private static KinesisError OutOfBounds(string bound, int limit, int hours, string fault) =>
        KinesisError.InvalidArgument(string.Create(
            CultureInfo.InvariantCulture,
            $"{bound} allowed retention period is {limit} hours. Requested retention period ({hours} hours) is too {fault}."));
}
