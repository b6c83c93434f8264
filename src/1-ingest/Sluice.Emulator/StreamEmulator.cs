using Sluice.Source;

namespace Sluice.Emulator;

/// <summary>
/// Puts rows to streams like the described streaming scripts, but all streams at once, over pooled connections, and with retries. A put whose
/// answer was lost is sent again and may then be stored twice: cleaning keeps the first row of a key.
/// </summary>
public static class StreamEmulator
{
    /// <summary>
    /// Puts the rows of every target and returns when each is settled, as <see cref="BatchEmulator.RunAsync"/> does. One record per post is
    /// <c>PUT {url}/record</c> with <c>{"StreamName":"...","Data":{row},"PartitionKey":"..."}</c>; more are <c>PUT {url}/records</c> with
    /// <c>{"records":[{"data":{row},"partition-key":"..."},...]}</c>. Of a post that was taken in part the failed records alone are sent again
    /// (https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html).
    /// </summary>
    /// <param name="targets">From <see cref="PostTarget.ForStreams"/> or <see cref="PostTarget.ReadStreamUrls"/>.</param>
    /// <exception cref="ArgumentException">The options have faults, see <see cref="EmulatorOptions.StreamFaults"/>; or a target names no key column.</exception>
    public static Task<EmulatorReport> RunAsync(
        EmulatorOptions options,
        IRowSource source,
        IReadOnlyList<PostTarget> targets,
        IProgress<EmulatorProgress>? progress,
        TimeProvider time,
        CancellationToken cancel)
    {
        if (options.StreamFaults() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        if (targets.FirstOrDefault(target => target.KeyColumn is null) is { } keyless)
        {
            throw new ArgumentException($"The target of '{keyless.Table}' names no key column.", nameof(targets));
        }

        var isBatch = options.RecordsPerPost > 1;
        return EmulatorRun.RunAsync(options, source, [.. targets.Select(With)], progress, time, cancel);

        (PostTarget, PostFormat) With(PostTarget target) => isBatch
            ? (target.Under("records"), PostFormat.StreamRecords)
            : (target.Under("record"), PostFormat.StreamRecord(target.Topic));
    }
}
