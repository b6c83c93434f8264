using Sluice.Cleaning.Judging;
using Sluice.Cleaning.Raw;
using Sluice.Definition;
using Sluice.Tables;

namespace Sluice.Cleaning.Quality;

/// <summary>
/// Counts that grow with every commit to a clean table and stand in it, as versions of application ids, so that rows and counts are there
/// together or not at all: what the expectations judged, and the rows they left out.
/// </summary>
internal static class QualityCounters
{
    private const string PassedSuffix = "/passed";
    private const string FailedSuffix = "/failed";

    /// <summary>The counts of rows left out, after a commit that leaves out the records at some places.</summary>
    public static IEnumerable<SetTransaction> Dropped(CleaningTarget target, Snapshot clean, IEnumerable<RawPlace> places) =>
        places.CountBy(place => target.DroppedId(place.Topic, place.Partition))
            .Select(count => new SetTransaction(count.Key, (clean.TransactionVersion(count.Key) ?? 0) + count.Value));

    /// <summary>The counts of the expectations after a commit; only those that change.</summary>
    public static IEnumerable<SetTransaction> Judged(CleaningTarget target, Snapshot clean, Tally tally)
    {
        foreach (var (at, expectation) in target.Dataset.Expectations.Index())
        {
            var id = Id(target, expectation);
            if (tally.Judged - tally.Failed(at) is > 0 and var passed) yield return Grown(clean, id + PassedSuffix, passed);
            if (tally.Failed(at) is > 0 and var failed) yield return Grown(clean, id + FailedSuffix, failed);
        }
    }

    /// <summary>The counts that a clean table holds, also of expectations that the pipeline no longer has.</summary>
    public static IReadOnlyList<QualityCount> Read(CleaningTarget target, Snapshot clean)
    {
        var counts = new Dictionary<(string, string), QualityCount>();
        foreach (var transaction in clean.TransactionsOf(Prefix(target)))
        {
            if (transaction.AppId[Prefix(target).Length..].Split('/') is not [var expectation, var action, var outcome]) continue;
            var count = counts.GetValueOrDefault((expectation, action)) ?? new QualityCount(expectation, action, 0, 0);
            counts[(expectation, action)] = $"/{outcome}" == PassedSuffix
                ? count with { Passed = transaction.Version }
                : count with { Failed = transaction.Version };
        }

        return [.. counts.Values.OrderBy(count => count.Expectation, StringComparer.Ordinal).ThenBy(count => count.Action, StringComparer.Ordinal)];
    }

    /// <summary>The action as pipeline.yaml spells it.</summary>
    public static string ActionOf(Expectation expectation) => expectation.Action.ToString().ToLowerInvariant();

    private static SetTransaction Grown(Snapshot clean, string id, long by) => new(id, (clean.TransactionVersion(id) ?? 0) + by);

    // A count belongs to an expectation with its action: what another action counted is told apart.
    private static string Id(CleaningTarget target, Expectation expectation) =>
        Prefix(target) + $"{expectation.Name}/{ActionOf(expectation)}";

    private static string Prefix(CleaningTarget target) => $"sluice/{target.Path}/{target.Dataset.Name}/quality/";
}

/// <summary>Rows that met an expectation, and rows that did not.</summary>
internal sealed record QualityCount(string Expectation, string Action, long Passed, long Failed);
