using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Kinesis;

/// <summary>
/// Collects what is wrong with the members of a request and words it as AWS does: "N validation errors detected: Value 'x' at 'member'
/// failed to satisfy constraint: ...". Member names are in camel case. A member that is null passes every check but <see cref="NotNull"/>.
/// </summary>
internal sealed partial class Validation
{
    private readonly List<string> _faults = [];

    /// <summary>ValidationException with all faults; null when there is none.</summary>
    public KinesisError? Fault => _faults.Count switch
    {
        0 => null,
        1 => KinesisError.Validation($"1 validation error detected: {_faults[0]}"),
        var count => KinesisError.Validation($"{count} validation errors detected: {string.Join("; ", _faults)}"),
    };

    public Validation NotNull(string member, object? value)
    {
        if (value is null) _faults.Add($"Value null at '{member}' failed to satisfy constraint: Member must not be null");
        return this;
    }

    /// <summary>Checks the pattern of the whole text, then its length in characters.</summary>
    public Validation Text(string member, string? value, int min, int max, Regex? pattern = null)
    {
        if (value is null) return this;
        if (pattern?.IsMatch(value) == false) Add(member, value, $"satisfy regular expression pattern: {PatternOf(pattern)}");
        return Length(member, value, CodePoints(value), min, max);
    }

    public Validation Range(string member, long? value, long min, long max)
    {
        if (value is not { } number) return this;
        var text = number.ToString(CultureInfo.InvariantCulture);
        if (number < min) Add(member, text, $"have value greater than or equal to {min}");
        if (number > max) Add(member, text, $"have value less than or equal to {max}");
        return this;
    }

    public Validation OneOf(string member, string? value, params string[] allowed)
    {
        if (value is not null && !allowed.Contains(value, StringComparer.Ordinal))
            Add(member, value, $"satisfy enum value set: [{string.Join(", ", allowed)}]");
        return this;
    }

    /// <summary>Checks the number of items of a list or map.</summary>
    public Validation Count(string member, int? count, int min, int max)
    {
        if (count < min) _faults.Add($"Value at '{member}' failed to satisfy constraint: Member must have length greater than or equal to {min}");
        if (count > max) _faults.Add($"Value at '{member}' failed to satisfy constraint: Member must have length less than or equal to {max}");
        return this;
    }

    /// <summary>A fault of a value that is not shown because it is long.</summary>
    public Validation TooLong(string member, long max)
    {
        _faults.Add($"Value at '{member}' failed to satisfy constraint: Member must have length less than or equal to {max}");
        return this;
    }

    public Validation StreamName(string? value) => Text("streamName", value, 1, 128, StreamNamePattern());

    public Validation StreamArn(string? value) => Text("streamARN", value, 1, 2048, StreamArnPattern());

    public Validation ShardId(string member, string? value) => Text(member, value, 1, 128, StreamNamePattern());

    public Validation HashKey(string member, string? value) => Text(member, value, 1, 39, HashKeyPattern());

    public Validation SequenceNumber(string member, string? value) => Text(member, value, 1, 128, SequenceNumberPattern());

    private Validation Length(string member, string value, int length, int min, int max)
    {
        if (length < min) Add(member, value, $"have length greater than or equal to {min}");
        if (length > max) Add(member, value, $"have length less than or equal to {max}");
        return this;
    }

    private void Add(string member, string value, string constraint) =>
        _faults.Add($"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}");

    private static int CodePoints(string value) => value.EnumerateRunes().Count();

    /// <summary>The pattern as AWS prints it, without the anchors that this side needs.</summary>
    private static string PatternOf(Regex pattern)
    {
        var text = pattern.ToString()[1..^2];
        return text.StartsWith("(?:", StringComparison.Ordinal) ? text[3..^1] : text;
    }

    [GeneratedRegex(@"^[a-zA-Z0-9_.-]+\z")]
    public static partial Regex StreamNamePattern();

    [GeneratedRegex(@"^arn:aws.*:kinesis:.*:\d{12}:stream/\S+\z")]
    public static partial Regex StreamArnPattern();

    [GeneratedRegex(@"^(?:0|([1-9]\d{0,38}))\z")]
    private static partial Regex HashKeyPattern();

    [GeneratedRegex(@"^(?:0|([1-9]\d{0,128}))\z")]
    private static partial Regex SequenceNumberPattern();
}
