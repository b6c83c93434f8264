using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Log;

namespace Sluice.Bench;

/// <summary>
/// Appends of nearly 1 MiB batches of 1 KB records, each answered after its sync, beside the disk's own synced writes of 4 MiB:
/// rounds alternate, and the ratio is taken round by round.
/// </summary>
internal static class LogBench
{
    private const int Rounds = 3;
    private const long RoundBytes = 512L << 20;
    private const int InFlight = 16;
    private const int RecordsPerBatch = 1000;

    public static async Task RunAsync(CancellationToken cancel)
    {
        var directory = Directory.CreateTempSubdirectory("sluice-bench-");
        try
        {
            List<double> ours = [], raw = [];
            await using var log = EmbeddedLog.Open(
                new EmbeddedLogOptions { Directory = Path.Combine(directory.FullName, "log") }, OsFileSystem.Instance, TimeProvider.System,
                NullLogger.Instance);
            await log.CreateTopicAsync(new TopicSpec("bench", 1, new Dictionary<string, string>()), cancel);
            for (var round = 0; round < Rounds; round++)
            {
                raw.Add(RawDisk.Write(Path.Combine(directory.FullName, $"raw-{round}"), RoundBytes));
                ours.Add(await AppendAsync(log, cancel));
            }

            Figure.Print("log", "append", Figure.Median(ours), "MB/s", new { durability = "fsync", in_flight = InFlight });
            Figure.Print("log", "raw_synced_writes", Figure.Median(raw), "MB/s", new { write_bytes = RawDisk.WriteBytes });
            Figure.Print("log", "append_ratio", Figure.Median(ours.Zip(raw, (o, r) => o / r)), "of raw synced writes");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<double> AppendAsync(EmbeddedLog log, CancellationToken cancel)
    {
        var batch = Batch();
        var left = RoundBytes / batch.Length;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    var result = await log.AppendAsync(new TopicPartition("bench", 0), batch, cancel);
                    if (result.Error != AppendError.None) throw new InvalidOperationException($"The append failed: {result.Error}.");
                }
            },
            cancel)));
        return RoundBytes / 1e6 / clock.Elapsed.TotalSeconds;
    }

    private static ReadOnlyMemory<byte> Batch()
    {
        var value = new byte[1024];
        new Random(2).NextBytes(value);
        var builder = new RecordBatchBuilder();
        builder.Reset();
        for (var i = 0; i < RecordsPerBatch; i++) builder.Append(0, RecordBytes.Null, RecordBytes.Of(value));
        return builder.Build().ToArray();
    }
}
