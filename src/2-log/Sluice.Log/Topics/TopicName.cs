using System.Text.RegularExpressions;

namespace Sluice.Log.Topics;

/// <summary>Kafka's rule for topic names, and the directories a topic has.</summary>
internal static partial class TopicName
{
    private const string DeletedSuffix = "-delete";

    /// <summary>Why the name is no topic name; null when it is one.</summary>
    public static string? Fault(string name) =>
        name is "." or ".." || !Legal().IsMatch(name) ? "a name is 1 to 249 of [a-zA-Z0-9._-], and neither '.' nor '..'." : null;

    public static string Directory(string root, TopicPartition partition) => Path.Combine(root, partition.ToString());

    /// <summary>Where a partition's directory goes before it is deleted; no partition directory ends like this.</summary>
    public static string DeletedDirectory(string root, Guid topicId, int partition) =>
        Path.Combine(root, $"{topicId:N}-{partition}{DeletedSuffix}");

    public static bool IsDeletedDirectory(string name) => name.EndsWith(DeletedSuffix, StringComparison.Ordinal);

    [GeneratedRegex(@"^[a-zA-Z0-9._-]{1,249}\z")]
    private static partial Regex Legal();
}
