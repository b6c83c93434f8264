using Sluice.Source;

namespace Sluice.Emulator;

/// <summary>
/// Posts rows over HTTP like the described posting scripts, but all tables at once, over pooled connections, and with
/// retries. A post whose answer was lost is sent again and may then be stored twice: cleaning keeps the first row of a key.
/// </summary>
public static class BatchEmulator
{
    /// <summary>
    /// Posts the rows of every target and returns when each is settled. Cancelling stops the reading, lets the posts under
    /// way end, and returns the counts so far. Every post is <c>{"records":[{"value":{row}}]}</c> in
    /// application/vnd.kafka.json.v2+json (Confluent REST Proxy API v2, POST /topics/{topic}).
    /// </summary>
    /// <param name="progress">Called about four times a second and once at the end.</param>
    /// <exception cref="ArgumentException">The options have faults; see <see cref="EmulatorOptions.Faults"/>.</exception>
    public static Task<EmulatorReport> RunAsync(
        EmulatorOptions options,
        IRowSource source,
        IReadOnlyList<PostTarget> targets,
        IProgress<EmulatorProgress>? progress,
        TimeProvider time,
        CancellationToken cancel)
    {
        if (options.Faults() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        return EmulatorRun.RunAsync(options, source, [.. targets.Select(target => (target, PostFormat.Topic))], progress, time, cancel);
    }
}
