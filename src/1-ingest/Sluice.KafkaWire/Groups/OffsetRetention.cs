using Microsoft.Extensions.Logging;
using Sluice.Log;

namespace Sluice.KafkaWire.Groups;

/// <summary>
/// Lets committed offsets expire (KIP-211): those that clients committed, a retention after their commit or after their group has lost its
/// last member, whichever is later. Offsets without a time, which the pipeline goes on from, stay.
/// </summary>
/// <remarks>
/// Over a restart the later of two stored times counts. A group that had members when the broker ended, which is stored before the first of
/// them is answered, counts as empty from the start on: however long the broker was down, its members get a whole retention to come back.
/// That start is stored with it, so the next start finds it empty and does not let its time begin again: daily restarts keep nothing for ever.
/// </remarks>
internal sealed partial class OffsetRetention(EmbeddedLog log, GroupCoordinator groups, KafkaOptions options, TimeProvider time, ILogger logger)
{
    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The broker starts: members of before are gone until they join again.</summary>
    /// <exception cref="IOException">The metadata could not be changed.</exception>
    public ValueTask BeginAsync() => log.EndPresenceAsync(NowMs);

    /// <summary>Deletes what has expired, and forgets groups that have neither members nor offsets.</summary>
    public async Task CheckAsync()
    {
        try
        {
            await groups.SaveAsync();
            var expired = await log.ExpireOffsetsAsync(NowMs - (long)options.OffsetsRetention.TotalMilliseconds);
            if (expired > 0) Expired(logger, expired, options.OffsetsRetention);
            groups.ForgetEmpty(log.ListGroups().ToHashSet(StringComparer.Ordinal));
            await groups.SaveAsync();
        }
        catch (IOException fault)
        {
            // The metadata refused the change; nothing has expired, and the next check tries again.
            NotChanged(logger, fault);
        }
    }

    /// <summary>Checks from time to time until it is told to end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Limits.OffsetsCheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) await CheckAsync();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The broker stops; what expires meanwhile goes after its next start.
            return;
        }
    }

    [LoggerMessage(520, LogLevel.Information, "{Count} committed offsets have expired: their groups had no members, and did not commit them, for {Retention}")]
    private static partial void Expired(ILogger logger, int count, TimeSpan retention);

    [LoggerMessage(521, LogLevel.Error, "Committed offsets that have expired could not be deleted; it is tried again")]
    private static partial void NotChanged(ILogger logger, Exception fault);
}
