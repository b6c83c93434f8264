using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Raw;
using Sluice.Definition;

namespace Sluice.Cleaning.Quality;

/// <summary>The expectations that stop a dataset.</summary>
internal static class UnmetExpectation
{
    /// <summary>To be called when a batch is judged and nothing of it is stored.</summary>
    /// <exception cref="ExpectationException">A row of the batch does not meet one of them.</exception>
    public static async Task StopAsync(CleaningTarget target, CleaningSession session, RawBatch batch, CancellationToken cancel)
    {
        foreach (var (at, expectation) in target.Dataset.Expectations.Index())
        {
            if (expectation.Action != ExpectationAction.Fail || session.Tally.Failed(at) == 0) continue;
            var example = await session.ExampleAsync(batch, session.Tally.First(at), cancel);
            throw new ExpectationException(target, expectation, (session.Tally.Failed(at), session.Tally.Judged), example);
        }
    }
}
