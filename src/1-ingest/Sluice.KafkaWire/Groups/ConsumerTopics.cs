using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

/// <summary>A partition by its topic's id, as the consumer protocol names it: a topic made anew under the same name is another one.</summary>
internal readonly record struct TopicIdPartition(Guid Topic, int Partition);

/// <summary>The topics of the log as consumer groups see them, listed anew when they have changed.</summary>
internal sealed class ConsumerTopics(EmbeddedLog log)
{
    private TopicsSeen _seen = new(-1, []);

    public async ValueTask<TopicsSeen> SeeAsync(CancellationToken cancel)
    {
        // The version is read first: what changes behind it is seen the next time.
        var version = log.TopicsVersion;
        var seen = Volatile.Read(ref _seen);
        if (seen.Version == version) return seen;
        seen = new TopicsSeen(version, await log.ListTopicsAsync(cancel));
        Volatile.Write(ref _seen, seen);
        return seen;
    }
}

/// <summary>The topics at one moment.</summary>
internal sealed class TopicsSeen(long version, IReadOnlyCollection<TopicDescription> topics)
{
    private readonly FrozenDictionary<string, TopicDescription> _byName = topics.ToFrozenDictionary(t => t.Name, StringComparer.Ordinal);
    private readonly FrozenDictionary<Guid, TopicDescription> _byId = topics.ToFrozenDictionary(t => t.Id);

    public long Version => version;

    public IReadOnlyCollection<TopicDescription> All => topics;

    public TopicDescription? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Null when the topic is gone.</summary>
    public string? NameOf(Guid id) => _byId.GetValueOrDefault(id)?.Name;

    public int PartitionsOf(Guid id) => _byId[id].PartitionCount;
}

/// <summary>A subscription to all topics whose whole name matches a regular expression.</summary>
/// <remarks>
/// The engine is .NET's without backtracking, which takes linear time as Kafka's (RE2) does and has neither look-around nor back
/// references either. docs/kafka.md says where the two differ.
/// </remarks>
internal sealed class TopicPattern
{
    private readonly Regex _regex;

    private TopicPattern(string text, Regex regex) => (Text, _regex) = (text, regex);

    /// <summary>The expression as the client wrote it.</summary>
    public string Text { get; }

    /// <summary>Null, with the reason, for what is no regular expression or cannot be matched in linear time.</summary>
    public static TopicPattern? TryParse(string text, KafkaLimits limits, out string reason)
    {
        reason = $"it has more than {limits.TopicPatternCharsMax} characters.";
        if (text.Length > limits.TopicPatternCharsMax) return null;
        try
        {
            var whole = $@"\A(?:{text.Replace("(?P<", "(?<", StringComparison.Ordinal)})\z";
            return new TopicPattern(text, new Regex(whole, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, limits.TopicPatternTimeMax));
        }
        catch (ArgumentException fault)
        {
            reason = fault.Message;
        }
        catch (NotSupportedException fault)
        {
            reason = fault.Message;
        }

        return null;
    }

    public bool Matches(string topic)
    {
        try
        {
            return _regex.IsMatch(topic);
        }
        catch (RegexMatchTimeoutException)
        {
            // An expression that takes so long for one name is no subscription that anybody means; other groups wait meanwhile.
            return false;
        }
    }
}
