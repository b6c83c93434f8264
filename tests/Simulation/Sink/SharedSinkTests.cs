using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Objects;
using Sluice.Sink;
using Sluice.Testing;
using Sluice.Testing.Watched;

namespace Sluice.Simulation.Sink;

/// <summary>Several sinks that all believe a partition is theirs: the worst that a group can do while it moves partitions.</summary>
public sealed class SharedSinkTests
{
    private const int Histories = 400;
    private static readonly TopicPartition s_partition = new("t", 0);

    [Fact(Timeout = 120_000)]
    public async Task Sinks_that_all_take_a_partition_for_theirs_and_die_at_any_operation_put_every_record_once()
    {
        var first = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_TEST_SEED"), out var given) ? given : 1;
        var crashes = 0;
        for (var seed = first; seed < (first == 1 ? Histories : first + 1); seed++)
        {
            try
            {
                crashes += await LiveAsync(new Random(seed));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} (set SLUICE_TEST_SEED={seed} to run it alone): {e.Message}", e);
            }
        }

        // A simulation without crashes would prove nothing.
        if (first == 1) crashes.ShouldBeGreaterThan(Histories / 4);
    }

    private static async Task<int> LiveAsync(Random random)
    {
        await using var log = new InMemoryLog { Owned = new HashSet<TopicPartition> { s_partition } };
        log.AddTopic(s_partition.Topic);
        var objects = new MemoryObjectStore();
        var appended = new SortedDictionary<long, string>();
        var crashes = 0;
        for (var round = 0; round < 6; round++)
        {
            await AppendAsync(log, random, appended);
            var sinks = Enumerable.Range(0, 3).Select(_ => (
                Faults: random.Next(2) == 0 ? Faults.None : Faults.CrashAt(random.Next(60)), FlushSize: random.Next(1, 9), PartBytes: random.Next(20, 200))).ToArray();
            await Task.WhenAll(sinks.Select(sink => Task.Run(() => FlushAsync(log, objects, sink.Faults, sink.FlushSize, sink.PartBytes))));
            crashes += sinks.Count(sink => sink.Faults.Crashed.IsCompleted);
            if (random.Next(3) == 0) await RegressAsync(log, random);
        }

        // Whoever is left alone takes what is there to its end.
        await FlushAsync(log, objects, Faults.None, 5, 100);
        (await LandedLines.ReadAsync(objects, s_partition)).ShouldBe(appended);
        var claims = await LandedLines.OffsetsAsync(objects, s_partition);
        claims.Values.Zip(claims.Values.Skip(1)).ShouldAllBe(pair => pair.First.End == pair.Second.Start);
        return crashes;
    }

    private static async Task AppendAsync(InMemoryLog log, Random random, SortedDictionary<long, string> appended)
    {
        for (var batch = random.Next(1, 4); batch > 0; batch--)
        {
            if (random.Next(3) == 0) await log.AppendControlAsync(s_partition);
            var lines = Enumerable.Range(0, random.Next(1, 9)).Select(_ => $"{random.Next(1_000_000)}").ToArray();
            var offset = await log.AppendAsync(s_partition, lines.Select(line => (0L, (byte[]?)Encoding.UTF8.GetBytes(line))));
            foreach (var (i, line) in lines.Index()) appended.Add(offset + i, line);
        }
    }

    /// <summary>A process that slept commits what it meant to before others went on.</summary>
    private static async Task RegressAsync(InMemoryLog log, Random random)
    {
        if ((await log.CommittedOffsetsAsync("connect-s", default)).SingleOrDefault() is not { } committed) return;
        if (random.Next(2) == 0) await log.CommitOffsetsAsync("connect-s", [new CommittedOffset(s_partition, 0, "")], default);
        else await log.CommitOffsetsAsync("connect-s", [committed], default);
    }

    private static async Task FlushAsync(InMemoryLog log, IObjectStore objects, Faults faults, int flushSize, int partBytes)
    {
        var config = new SinkConfig
        {
            Name = "s", Bucket = "b", Topics = TopicSelection.Named(s_partition.Topic), FlushSize = flushSize, IdleFlush = null, PartBytes = partBytes,
        };
        using var sink = new S3Sink(
            new WatchedLog(log, faults), new WatchedObjects(objects, faults), config, new FakeTimeProvider(), NullLogger.Instance);
        for (var attempt = 0; attempt < 50; attempt++)
        {
            try
            {
                await sink.FlushAsync(default);
                return;
            }
            catch (Exception e) when (e is SinkException or IOException)
            {
                // Another was first, or this one died; the check at the end shows what that did.
                if (faults.Crashed.IsCompleted) return;
            }
        }
    }
}
