using Sluice.Source;

namespace Sluice.Emulator;

/// <summary>One run of either emulator: all tables at once, each in its target's format.</summary>
internal static class EmulatorRun
{
    public static async Task<EmulatorReport> RunAsync(
        EmulatorOptions options,
        IRowSource source,
        IReadOnlyList<(PostTarget Target, PostFormat Format)> targets,
        IProgress<EmulatorProgress>? progress,
        TimeProvider time,
        CancellationToken cancel)
    {
        PostTarget[] posted = [.. targets.Select(t => t.Target)];
        var start = time.GetTimestamp();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var client = new PostClient(options, posted, time);
        var pacer = options.Rate is { } rate ? new RatePacer(rate, time) : null;
        string? stopped = null;
        TopicPoster[] posters = [.. targets.Select(t => new TopicPoster(t.Target, t.Format, options, client, pacer, time, Stop))];
        using (new ProgressTicker(posters, progress, time))
        {
            try
            {
                var draws = await RowDraw.PlanAsync(options, source, posted, stopping.Token);
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
