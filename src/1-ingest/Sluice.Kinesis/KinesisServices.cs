using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Sluice.Bytes;
using Sluice.Kinesis.Shards;
using Sluice.Kinesis.Wire;
using Sluice.Log;
using Sluice.SigV4;

namespace Sluice.Kinesis;

/// <summary>What all calls share.</summary>
internal sealed class KinesisServices
{
    private const int CallsPerProcessor = 64;

    public KinesisServices(EmbeddedLog log, KinesisOptions options, TimeProvider time, ILogger logger)
    {
        Log = log;
        Options = options;
        Time = time;
        Logger = logger;
        Verifier = VerifierFor(options, time);
        Names = new ResourceNames(options);
        Budget = new ByteBudget(options.Limits.LargeBytesInFlight, options.Limits.LargeRequestsWaiting);
        Rates = new ShardRates(time);
        Subscriptions = new Subscriptions(time);
        Calls = new DefaultObjectPool<KinesisCall>(new KeepSmall(this), Environment.ProcessorCount * CallsPerProcessor);
    }

    public EmbeddedLog Log { get; }

    public KinesisOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    /// <summary>Checks signatures; null when everyone may call.</summary>
    public Verifier? Verifier { get; }

    public ResourceNames Names { get; }

    public ByteBudget Budget { get; }

    public ShardRates Rates { get; }

    public Subscriptions Subscriptions { get; }

    /// <summary>Keeps the calls of small requests; those of large ones give their memory back.</summary>
    public ObjectPool<KinesisCall> Calls { get; }

    private static Verifier? VerifierFor(KinesisOptions options, TimeProvider time)
    {
        if (options.Credentials.Count == 0) return null;
        var known = options.Credentials.ToFrozenDictionary(credentials => credentials.AccessKeyId, StringComparer.Ordinal);
        return new Verifier(new SigningScope(options.Region, "kinesis"), known.GetValueOrDefault, time);
    }

    private sealed class KeepSmall(KinesisServices services) : PooledObjectPolicy<KinesisCall>
    {
        public override KinesisCall Create() => new(services);

        public override bool Return(KinesisCall obj)
        {
            var isSmall = obj.IsSmall;
            if (isSmall) obj.Reset();
            else obj.Dispose();
            return isSmall;
        }
    }
}
