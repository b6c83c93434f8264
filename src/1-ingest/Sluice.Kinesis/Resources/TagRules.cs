using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Sluice.Log;

namespace Sluice.Kinesis.Resources;

/// <summary>What tags may be (https://docs.aws.amazon.com/streams/latest/dev/tagging.html).</summary>
internal static partial class TagRules
{
    private const int KeyLengthMax = 128;
    private const int ValueLengthMax = 256;

    /// <summary>Tags of one resource: AWS.</summary>
    private const int TagsMax = 50;

    /// <summary>Tags, and keys of tags, in one request: AWS.</summary>
    private const int TagsInRequestMax = 200;

    private const int KeysInRequestMax = 50;

    /// <summary>Checks the tags of a request, named Tags.</summary>
    public static Validation Check(Validation checks, IReadOnlyDictionary<string, string>? tags, bool isRequired = true)
    {
        if (isRequired) checks.NotNull("tags", tags);
        checks.Count("tags", tags?.Count, 1, TagsInRequestMax);
        foreach (var (key, value) in tags ?? ImmutableDictionary<string, string>.Empty)
            checks.Text("tags.key", key, 1, KeyLengthMax).Text("tags." + key, value, 0, ValueLengthMax);
        return checks;
    }

    /// <summary>Checks the keys of a request, named TagKeys.</summary>
    public static Validation CheckKeys(Validation checks, IReadOnlyList<string>? keys)
    {
        checks.NotNull("tagKeys", keys).Count("tagKeys", keys?.Count, 1, KeysInRequestMax);
        foreach (var key in keys ?? []) checks.Text("tagKeys.member", key, 1, KeyLengthMax);
        return checks;
    }

    /// <summary>InvalidArgumentException for a tag of other characters than AWS allows, or in the name space that is AWS's own.</summary>
    public static KinesisError? CheckCharacters(IEnumerable<string> keys, IEnumerable<string> values)
    {
        foreach (var key in keys)
        {
            if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
                return KinesisError.InvalidArgument($"Tag key {key} begins with 'aws:', which is reserved. Choose another prefix.");
            if (!AllowedPattern().IsMatch(key)) return BadCharacters;
        }

        return values.All(value => AllowedPattern().IsMatch(value)) ? null : BadCharacters;
    }

    /// <summary>The attributes, or InvalidArgumentException when the stream or a consumer of it has more than 50 tags.</summary>
    public static StreamChange Fitting(KinesisCall call, string stream, StreamAttributes attributes) =>
        attributes.Tags.Count > TagsMax || attributes.Consumers.Any(consumer => consumer.Tags.Count > TagsMax)
            ? KinesisError.InvalidArgument(
                $"Failed to add tags to stream {stream} under account {call.Options.AccountId} because a given stream cannot have more "
                + $"than {TagsMax} tags associated with it.")
            : attributes;

    private static KinesisError BadCharacters { get; } = KinesisError.InvalidArgument(
        "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @ :");

    [GeneratedRegex(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@%]*\z")]
    private static partial Regex AllowedPattern();
}
