using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Sink;
using Sluice.Testing;
using Sluice.Testing.Watched;

namespace Sluice.Simulation.Sink;

/// <summary>
/// One seeded life of a sink: records of every kind arrive, time passes, flushes are asked for, settings change, operations fail
/// and the process dies, at any operation on the log or the objects. After every step, and at the end, the objects are compared
/// with what was appended.
/// </summary>
internal sealed class SinkHistory : IAsyncDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private static readonly TopicPartition[] s_partitions = [new("t.pin", 0), new("t.pin", 1)];
    private readonly Random _random;
    private readonly InMemoryLog _log = new();
    private readonly MemoryObjectStore _objects = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly Dictionary<TopicPartition, List<AppendedRecord>> _appended = s_partitions.ToDictionary(p => p, _ => new List<AppendedRecord>());
    private readonly Dictionary<TopicPartition, long> _retained = s_partitions.ToDictionary(p => p, _ => 0L);
    private readonly bool _drops;
    private readonly bool _removes;
    private readonly NullValues _nulls;
    /// <summary>Fails when a commit promised what is not there; thrown inside the sink, it would only be retried.</summary>
    private readonly TaskCompletionSource _brokenPromise = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _timestampMs;

    public SinkHistory(int seed)
    {
        _random = new Random(seed);
        _drops = _random.Next(3) == 0;
        _removes = _random.Next(3) == 0;
        _nulls = _random.Next(3) == 0 ? NullValues.Ignore : NullValues.Write;
        _log.AddTopic("t.pin", 2);
        _log.AddTopic("other");
    }

    public int Crashes { get; private set; }

    public async Task LiveAsync()
    {
        var lives = _random.Next(1, 5);
        for (var life = 0; life < lives; life++)
        {
            var faults = _random.Next(4) switch
            {
                0 => Faults.Failing(_random.Next(), 0.05),
                1 => Faults.None,
                _ => Faults.CrashAt(_random.Next(120)),
            };
            await LiveOnceAsync(faults);
            await CheckAsync(complete: false);
        }

        using var last = NewSink(Faults.None, out _);
        await last.FlushAsync(s_none);
        await CheckAsync(complete: true);
    }

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private async Task LiveOnceAsync(Faults faults)
    {
        using var sink = NewSink(faults, out var log);
        using var stop = new CancellationTokenSource();
        var run = _random.Next(4) == 0 ? Task.CompletedTask : sink.RunAsync(stop.Token);
        for (var step = _random.Next(1, 8); step > 0 && !faults.Crashed.IsCompleted; step--) await StepAsync(sink, log, run, faults);
        if (faults.Crashed.IsCompleted) Crashes++;
        await stop.CancelAsync();
        await run;
    }

    private async Task StepAsync(S3Sink sink, WatchedLog log, Task run, Faults faults)
    {
        switch (_random.Next(9))
        {
            case 0:
                await _log.AppendControlAsync(AnyPartition());
                break;
            case 8:
                if (_removes) await RemoveAsync(log);
                break;
            case 1:
                await FlushAsync(sink);
                break;
            case 2 or 3:
                _time.Advance(TimeSpan.FromSeconds(_random.Next(1, 40)));
                break;
            default:
                await AppendAsync();
                break;
        }

        // A running sink is let come to rest, mostly; otherwise the next step meets it in the middle of something.
        if (!run.IsCompleted && _random.Next(4) != 0) await RestAsync(log, faults);
    }

    /// <summary>Retention removes the first records, sunk or not.</summary>
    private async Task RemoveAsync(WatchedLog log)
    {
        var partition = AnyPartition();
        var end = (await _log.OffsetsAsync(partition, s_none)).End;
        lock (_appended) _retained[partition] = Math.Max(_retained[partition], _random.Next((int)end + 1));
        log.RetainFrom(partition, _retained[partition]);
    }

    private async Task RestAsync(WatchedLog log, Faults faults)
    {
        // A partition that failed, or that retention overtook, waits for the clock, which only a later step moves.
        if (!faults.AreCrashes || _removes) return;
        await await Task.WhenAny(log.AsleepAsync(s_partitions), faults.Crashed, _brokenPromise.Task);
    }

    private async Task FlushAsync(S3Sink sink)
    {
        try
        {
            await sink.FlushAsync(s_none);
        }
        catch (Exception e) when (e is SinkException or IOException)
        {
            // Refused by a fault: nothing may be lost or doubled by that, which the check after the life shows.
            return;
        }

        await CheckAsync(complete: true);
    }

    private async Task AppendAsync()
    {
        var partition = AnyPartition();
        var records = new List<(long, byte[]?)>();
        var lines = new List<string?>();
        for (var count = _random.Next(1, 9); count > 0; count--)
        {
            _timestampMs += _random.Next(-200, 2_000);
            var (value, line) = AnyValue();
            records.Add((Math.Max(0, _timestampMs), value is null ? null : Encoding.UTF8.GetBytes(value)));
            lines.Add(line);
        }

        var offset = await _log.AppendAsync(partition, records);
        lock (_appended) _appended[partition].AddRange(lines.Select((line, i) => new AppendedRecord(offset + i, line)));
    }

    /// <summary>A value and the line it must become; null for none.</summary>
    private (string? Value, string? Line) AnyValue()
    {
        var number = _random.Next(1_000_000);
        return _random.Next(10) switch
        {
            0 => (null, _nulls == NullValues.Write ? "null" : null),
            1 => ($"{{ \"n\" : {number}.50 }}", $"{{\"n\":{number}.50}}"),
            2 => ($"not json {number}", _drops ? null : $"not json {number}"),
            3 => ($"\"{number}\n\"", _drops ? null : $"!escaped \"{number}\\x0A\""),
            _ => ($"{{\"n\":{number}}}", $"{{\"n\":{number}}}"),
        };
    }

    private TopicPartition AnyPartition() => s_partitions[_random.Next(s_partitions.Length)];

    private S3Sink NewSink(Faults faults, out WatchedLog log)
    {
        log = new WatchedLog(_log, faults) { OnCommit = CheckCommitAsync };
        foreach (var (partition, start) in _retained) log.RetainFrom(partition, start);
        var config = new SinkConfig
        {
            Name = "sim",
            Bucket = "b",
            Topics = TopicSelection.Matching(@"t\..*"),
            FlushSize = _random.Next(1, 12),
            TasksMax = _random.Next(1, 3),
            RotateInterval = _random.Next(2) == 0 ? TimeSpan.FromSeconds(_random.Next(1, 10)) : null,
            RotateScheduleInterval = _random.Next(3) == 0 ? TimeSpan.FromSeconds(15) : null,
            IdleFlush = _random.Next(3) == 0 ? null : TimeSpan.FromSeconds(_random.Next(1, 20)),
            PartBytes = _random.Next(20, 200),
            NullValues = _nulls,
            MalformedValues = _drops ? MalformedValues.Drop : MalformedValues.Land,
            RetryBackoff = TimeSpan.FromSeconds(1),
        };
        return new S3Sink(log, new WatchedObjects(_objects, faults), config, _time, NullLogger.Instance);
    }

    /// <summary>An offset may be committed only when everything before it is in an object.</summary>
    private async Task CheckCommitAsync(CommittedOffset committed)
    {
        try
        {
            var landed = await LandedAsync(committed.Partition);
            lock (_appended)
            {
                foreach (var record in _appended[committed.Partition].Where(r => r.Offset < committed.Offset && r.Line is not null))
                {
                    if (record.Offset >= _retained[committed.Partition]) landed.ShouldContainKey(record.Offset);
                }
            }
        }
        catch (ShouldAssertException e)
        {
            _brokenPromise.TrySetException(e);
        }
    }

    /// <summary>What is in the objects is a prefix of what was appended, without a record twice or out of place.</summary>
    private async Task CheckAsync(bool complete)
    {
        if (_brokenPromise.Task.IsFaulted) await _brokenPromise.Task;
        foreach (var partition in s_partitions)
        {
            var landed = await LandedAsync(partition);
            List<AppendedRecord> expected;
            lock (_appended)
            {
                // What retention removed may have been sunk before, or not.
                expected = [.. _appended[partition].Where(r => r.Line is not null && (r.Offset >= _retained[partition] || landed.ContainsKey(r.Offset)))];
            }

            if (complete) landed.Count.ShouldBe(expected.Count);
            landed.Select(l => new AppendedRecord(l.Key, l.Value)).ShouldBe(expected.Take(landed.Count));
        }
    }

    private Task<SortedDictionary<long, string>> LandedAsync(TopicPartition partition) => LandedLines.ReadAsync(_objects, partition);

    private readonly record struct AppendedRecord(long Offset, string? Line);
}
