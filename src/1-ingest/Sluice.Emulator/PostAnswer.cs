using System.Net;

namespace Sluice.Emulator;

/// <summary>What one try of a post came to.</summary>
/// <param name="Accepted">Records confirmed by this try.</param>
/// <param name="Refused">Records this try settled as refused, for <paramref name="Reason"/>.</param>
/// <param name="Left">Whether records are left that are worth another try.</param>
/// <param name="Reason">Why records were refused or are left.</param>
/// <param name="IsDown">Whether the server as a whole did not work, rather than this post.</param>
/// <param name="RetryAfter">The pause the server asks for.</param>
internal sealed record PostAnswer(
    int Accepted, int Refused, bool Left, string? Reason, bool IsDown = false, TimeSpan? RetryAfter = null)
{
    /// <summary>Nobody answered, or not in time.</summary>
    public static PostAnswer None(string reason) => new(0, 0, Left: true, reason, IsDown: true);

    /// <summary>
    /// What became of each record of a post that was answered: the first of <paramref name="faults"/> that is not null is the reason, and the
    /// post keeps the records whose fault is worth another try.
    /// </summary>
    public static PostAnswer Of(Post post, IReadOnlyList<RecordFault?> faults)
    {
        var records = post.Rows.Count;
        var accepted = faults.Count(fault => fault is null);
        if (accepted == records) return new PostAnswer(records, 0, Left: false, Reason: null);
        int[] left = [.. Enumerable.Range(0, records).Where(at => faults[at] is { IsPassing: true })];
        post.Keep(left);
        return new PostAnswer(accepted, records - accepted - left.Length, left.Length > 0, faults.First(fault => fault is not null)!.Reason);
    }

    /// <summary>An answer that says the post as a whole was not taken.</summary>
    public static PostAnswer Failed(HttpStatusCode status, bool isPassing, string reason, TimeSpan? retryAfter, int records)
    {
        var isDown = (int)status >= 500 || status == HttpStatusCode.RequestTimeout;
        return isDown || isPassing || status == HttpStatusCode.TooManyRequests
            ? new PostAnswer(0, 0, Left: true, reason, isDown, retryAfter)
            : new PostAnswer(0, records, Left: false, reason);
    }

    /// <summary>An answer's text, shortened to what a report can show.</summary>
    public static string Shortened(string text) =>
        text.Length <= EmulatorLimits.ReasonLength ? text : text[..EmulatorLimits.ReasonLength] + "...";
}

/// <summary>Why one record of a post was not taken.</summary>
/// <param name="IsPassing">Whether another try may help.</param>
internal sealed record RecordFault(string Reason, bool IsPassing);
