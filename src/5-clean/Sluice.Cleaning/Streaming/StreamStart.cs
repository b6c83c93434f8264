using System.Globalization;

namespace Sluice.Cleaning.Streaming;

/// <summary>Where reading a stream begins when nothing of it was read before.</summary>
public readonly record struct StreamStart
{
    private StreamStart(StreamStartKind kind, DateTimeOffset? at)
    {
        Kind = kind;
        At = at;
    }

    /// <summary>The eldest record that the log holds.</summary>
    public static StreamStart Earliest => default;

    /// <summary>The first record that arrives after the start.</summary>
    public static StreamStart Latest => new(StreamStartKind.Latest, null);

    public StreamStartKind Kind { get; }

    /// <summary>The time, with <see cref="StreamStartKind.Timestamp"/>.</summary>
    public DateTimeOffset? At { get; }

    /// <summary>The first record of each shard that arrived at this time or later.</summary>
    public static StreamStart From(DateTimeOffset time) => new(StreamStartKind.Timestamp, time);

    /// <summary><c>earliest</c>, <c>latest</c>, or an ISO 8601 time (without an offset: UTC); false for anything else.</summary>
    public static bool TryParse(string text, out StreamStart start)
    {
        start = text == "latest" ? Latest : default;
        if (text is "earliest" or "latest") return true;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return false;
        start = From(time);
        return true;
    }

    public override string ToString() => Kind switch
    {
        StreamStartKind.Latest => "latest",
        StreamStartKind.Timestamp => At!.Value.ToString("O", CultureInfo.InvariantCulture),
        _ => "earliest",
    };
}

public enum StreamStartKind
{
    Earliest,
    Latest,
    Timestamp,
}
