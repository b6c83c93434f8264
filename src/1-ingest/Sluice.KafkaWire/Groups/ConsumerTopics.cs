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

    public bool Has(Guid id) => _byId.ContainsKey(id);

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
    private Matched _matched = new(-1, FrozenSet<Guid>.Empty);

    private TopicPattern(string text, Regex regex) => (Text, _regex) = (text, regex);

    /// <summary>The expression as the client wrote it.</summary>
    public string Text { get; }

    /// <summary>The topics that match, as of the last <see cref="TryResolve"/>.</summary>
    public FrozenSet<Guid> Topics => Volatile.Read(ref _matched).Topics;

    /// <summary>The version of the topics that <see cref="Topics"/> come from.</summary>
    public long Version => Volatile.Read(ref _matched).Version;

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

    /// <summary>Finds the topics that match; done without the coordinator's lock, for an ill-meant expression may take its time.</summary>
    /// <returns>False when a name takes too long. The topics are those found before, then.</returns>
    public bool TryResolve(TopicsSeen topics)
    {
        var known = Volatile.Read(ref _matched);
        if (known.Version >= topics.Version) return true;
        try
        {
            var matching = topics.All.Where(t => _regex.IsMatch(t.Name)).Select(t => t.Id).ToFrozenSet();
            Volatile.Write(ref _matched, new Matched(topics.Version, matching));
            return true;
        }
        catch (RegexMatchTimeoutException)
        {
            Volatile.Write(ref _matched, known with { Version = topics.Version });
            return false;
        }
    }

    private sealed record Matched(long Version, FrozenSet<Guid> Topics);
}
