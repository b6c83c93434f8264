using Sluice.Cleaning;
using Sluice.Cleaning.Streaming;
using Sluice.Log;
using Sluice.Objects;
using Sluice.Tables;
using Sluice.Testing.Cleaning;
using Sluice.Testing.Watched;

namespace Sluice.Simulation.Cleaning;

/// <summary>The stream job dies at every operation on the tables' store and the log, and again and again over a seeded history.</summary>
public sealed class StreamCrashTests(ITestOutputHelper output)
{
    // To die before an operation is to die after the one before it, so only the latter is tried.
    [Fact]
    public async Task A_job_that_dies_at_any_operation_ends_with_each_record_in_one_place()
    {
        // Once through without a crash tells how many operations there are.
        var expected = await OutcomeAsync(int.MaxValue);
        expected.Operations.ShouldBeGreaterThan(30);
        for (var crashAt = 1; crashAt <= expected.Operations; crashAt++)
        {
            var outcome = await OutcomeAsync(crashAt);
            outcome.ShouldBe(expected with { Operations = outcome.Operations }, $"crash at operation {crashAt}");
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task A_job_that_dies_again_and_again_under_splits_and_merges_loses_and_doubles_nothing_and_keeps_the_order_of_keys(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var crash = new CrashAt();
        using var bed = new StreamBed(shards: 2, crash);
        var history = new ShardHistory(bed, random);
        for (var round = 0; round < 20; round++)
        {
            await history.PutSomeAsync();
            if (random.Next(3) == 0) history.Reshard();
            bed.Options = bed.Options with
            {
                RowsPerCommitMax = 1 + random.Next(25), ReadBytes = 1 + random.Next(2000), KeysInMemoryMax = random.Next(3) == 0 ? 5 : 1000,
                Compaction = new CompactionOptions { FilesPerTier = 2 + random.Next(4) },
            };
            await RunUntilCrashAsync(bed, crash, 1 + random.Next(120), random.Next(2) == 0);
            await CheckAsync(bed);
        }

        await bed.DrainAsync();
        (await CheckAsync(bed)).Waiting.ShouldBe(0);
        (await bed.CleanRowsAsync()).ShouldBe(history.FirstOfEachKey());
    }

    private static async Task<Outcome> OutcomeAsync(int crashAt)
    {
        var crash = new CrashAt();
        using var bed = new StreamBed(shards: 2, crash);
        bed.Options = bed.Options with { RowsPerCommitMax = 3, ReadBytes = 1, Compaction = new CompactionOptions { FilesPerTier = 3 } };
        await bed.PutAsync(0, CleaningBed.Reading(1), "garbage", CleaningBed.Reading(2), CleaningBed.Reading(1, "again"), """{"id":9}""");
        bed.Memory.Reshard(StreamBed.Stream, [0], 1);
        await bed.PutAsync(2, CleaningBed.Reading(2, "child"), CleaningBed.Reading(3, "child"));
        await bed.PutAsync(1, CleaningBed.Reading(4), CleaningBed.Reading(3 + 2));
        var operations = await RunUntilCrashAsync(bed, crash, crashAt, afterEffect: true);
        await CheckAsync(bed);
        await bed.DrainAsync();
        (await CheckAsync(bed)).Waiting.ShouldBe(0);
        return new Outcome(
            operations,
            string.Join(' ', await bed.CleanRowsAsync()),
            string.Join(' ', await bed.Tables.QuarantineRowsAsync()),
            string.Join(' ', await bed.Tables.DuplicateRowsAsync()));
    }

    /// <summary>Runs a job over hooked stores until it dies or is done; then the process starts again over the same disk.</summary>
    private static async Task<int> RunUntilCrashAsync(StreamBed bed, CrashAt crash, int crashAt, bool afterEffect)
    {
        bed.Tables.Reopen(store => new WatchedObjects(store, crash));
        crash.Arm(crashAt, afterEffect);
        try
        {
            await bed.DrainAsync();
        }
        catch (Exception) when (crash.Crashed)
        {
            // Whatever a dying process throws, it is not heard.
        }

        var operations = crash.Disarm();
        bed.Tables.Reopen();
        return operations;
    }

    /// <summary>What holds at every moment: the account closes, and no key and no place is twice.</summary>
    private static async Task<LedgerAccount> CheckAsync(StreamBed bed)
    {
        var account = await bed.LedgerAsync();
        account.Closes.ShouldBeTrue(account.ToString());
        var keys = await bed.Tables.RowsAsync("stream.reading", "SELECT id FROM {t}");
        keys.Distinct().Count().ShouldBe(keys.Count, "a key is twice in the clean table");
        foreach (var table in new[] { "quarantine.reading", "duplicates.reading" })
        {
            var places = await bed.Tables.RowsAsync(table, """SELECT path, topic, partition, "offset" FROM {t}""");
            places.Distinct().Count().ShouldBe(places.Count, $"a place is twice in {table}");
        }

        return account;
    }

    private sealed record Outcome(int Operations, string Clean, string Quarantined, string Duplicates);

    /// <summary>Lets the process die at a chosen operation; every later one fails too.</summary>
    private sealed class CrashAt : OperationHook
    {
        private readonly Lock _lock = new();
        private int _left;
        private int _operations;
        private bool _armed;
        private bool _afterEffect;

        public bool Crashed { get; private set; }

        public void Arm(int crashAt, bool afterEffect)
        {
            lock (_lock) (_left, _operations, _armed, _afterEffect, Crashed) = (crashAt, 0, true, afterEffect, false);
        }

        public int Disarm()
        {
            lock (_lock)
            {
                _armed = false;
                return _operations;
            }
        }

        public override void Before(string operation) => Pass(isAfter: false);

        public override void After(string operation) => Pass(isAfter: true);

        private void Pass(bool isAfter)
        {
            lock (_lock)
            {
                if (!_armed) return;
                if (!isAfter) _operations++;
                if (Crashed || (isAfter == _afterEffect && --_left == 0))
                {
                    Crashed = true;
                    throw new CrashException();
                }
            }
        }
    }

    /// <summary>Puts records to the open shards, each key always to a descendant of the shard it began in, as hash ranges do.</summary>
    private sealed class ShardHistory(StreamBed bed, Random random)
    {
        private const int Keys = 60;

        private readonly List<(int Shard, int From, int To)> _open = [(0, 0, Keys / 2), (1, Keys / 2, Keys)];
        private readonly SortedDictionary<int, string> _first = [];
        private int _sent;

        public async Task PutSomeAsync()
        {
            for (var i = random.Next(25); i > 0; i--)
            {
                var key = random.Next(Keys);
                var shard = _open.Single(range => key >= range.From && key < range.To).Shard;
                if (random.Next(6) == 0)
                {
                    await bed.PutAsync(shard, "garbage");
                    continue;
                }

                var name = $"n{_sent++}";
                await bed.PutAsync(shard, CleaningBed.Reading(key, name));
                _first.TryAdd(key, name);
            }
        }

        public void Reshard()
        {
            var at = random.Next(_open.Count);
            var range = _open[at];
            if (random.Next(2) == 0 && range.To - range.From > 1)
            {
                var child = bed.Memory.Reshard(StreamBed.Stream, [range.Shard], 2);
                var middle = (range.From + range.To) / 2;
                _open.RemoveAt(at);
                _open.InsertRange(at, [(child, range.From, middle), (child + 1, middle, range.To)]);
            }
            else if (at + 1 < _open.Count)
            {
                var next = _open[at + 1];
                var child = bed.Memory.Reshard(StreamBed.Stream, [range.Shard, next.Shard], 1);
                _open.RemoveRange(at, 2);
                _open.Insert(at, (child, range.From, next.To));
            }
        }

        public IReadOnlyList<string> FirstOfEachKey() => [.. _first.Select(key => $"{key.Key}|{key.Value}")];
    }
}
