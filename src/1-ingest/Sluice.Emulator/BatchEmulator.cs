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
    public static async Task<EmulatorReport> RunAsync(
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

        var start = time.GetTimestamp();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var client = new PostClient(options, targets, time);
        var pacer = options.Rate is { } rate ? new RatePacer(rate, time) : null;
        string? stopped = null;
        TopicPoster[] posters = [.. targets.Select(t => new TopicPoster(t, options, client, pacer, time, Stop))];
        using (new ProgressTicker(posters, progress, time))
        {
            try
            {
                var draws = await RowDraw.PlanAsync(options, source, targets, stopping.Token);
                await Task.WhenAll(posters.Select((poster, at) => RunAsync(poster, draws[at], stopping.Token)));
            }
            catch (SourceException e)
            {
                Stop(e.Message);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                Stop("canceled");
            }
        }

        var reason = stopped ?? (cancel.IsCancellationRequested ? "canceled" : null);
        return new EmulatorReport([.. posters.Select(p => p.Counts.Report())], time.GetElapsedTime(start), reason);

        void Stop(string why)
        {
            Interlocked.CompareExchange(ref stopped, why, null);
            stopping.Cancel();
        }
    }

    private static Task RunAsync(TopicPoster poster, RowDraw rows, CancellationToken stop)
    {
        poster.Counts.Expect(rows.Count);

        // A source may give its rows without ever waiting, and would then hold the caller; so each topic gets a thread.
        return Task.Run(() => poster.RunAsync(rows, stop), CancellationToken.None);
    }
}
