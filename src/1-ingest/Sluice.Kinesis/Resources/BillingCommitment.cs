using System.Text.Json;

namespace Sluice.Kinesis.Resources;

/// <summary>
/// The account's minimum throughput billing commitment
/// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MinimumThroughputBillingCommitmentOutput.html): kept and shown,
/// nobody is billed.
/// </summary>
internal sealed record BillingCommitment(long? StartedMs, long? EndedMs)
{
    private const string Setting = "MinimumThroughputBillingCommitment";

    /// <summary>AWS: once enabled, the commitment lasts at least 24 hours.</summary>
    private static readonly TimeSpan s_shortest = TimeSpan.FromHours(24);

    private static readonly BillingCommitment s_never = new(null, null);

    private long? EarliestEndMs => StartedMs + (long)s_shortest.TotalMilliseconds;

    public static BillingCommitment Load(KinesisCall call) =>
        call.Log.FindAccountSetting(Setting) is { } text ? JsonSerializer.Deserialize<BillingCommitment>(text) ?? s_never : s_never;

    public void Save(KinesisCall call) => call.Log.SetAccountSetting(Setting, JsonSerializer.Serialize(this));

    /// <summary>Begins a commitment, or goes on with one whose end was asked for and is still to come.</summary>
    public BillingCommitment Enable(long nowMs) =>
        StartedMs is not null && (EndedMs is null || EndedMs > nowMs) ? this with { EndedMs = null } : new BillingCommitment(nowMs, null);

    /// <summary>Ends the commitment, at the earliest a day after it began.</summary>
    public BillingCommitment Disable(long nowMs) =>
        StartedMs is null || EndedMs is not null ? this : this with { EndedMs = Math.Max(nowMs, EarliestEndMs!.Value) };

    public void Write(KinesisCall call)
    {
        var response = call.Response;
        response.StartMap();
        response.StartMap("MinimumThroughputBillingCommitment"u8);
        response.Text("Status"u8, StatusAt(call.NowMs));
        if (StartedMs is { } started) response.Timestamp("StartedAt"u8, started);
        if (EndedMs is { } ended) response.Timestamp("EndedAt"u8, ended);
        if (EarliestEndMs is { } earliest) response.Timestamp("EarliestAllowedEndAt"u8, earliest);
        response.EndMap();
        response.EndMap();
    }

    private string StatusAt(long nowMs)
    {
        if (StartedMs is null || EndedMs <= nowMs) return "DISABLED";
        return EndedMs is null ? "ENABLED" : "ENABLED_UNTIL_EARLIEST_ALLOWED_END";
    }
}
