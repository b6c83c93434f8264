using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Log.Metadata;
using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>
/// One seeded life of a log: several callers, rolls, retention, failing writes and syncs, losses of power in the middle of anything,
/// recovery included. Every step follows from the seed.
/// </summary>
/// <remarks>
/// The segments live on the simulated disk. SQLite cannot, so the metadata is a real SQLite database in memory that outlives the
/// simulated crashes: a committed transaction is durable, which is what SQLite promises on a real disk, and a crash falls before
/// or after a transaction, never inside.
/// </remarks>
internal sealed partial class LogHistory : IDisposable
{
    private readonly Random _random;
    private readonly SimulatedFileSystem _disk;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddDays(1));
    private readonly MetadataStore _metadata = MetadataStore.Open(":memory:");
    private readonly List<PartitionModel> _partitions = [];
    private readonly Dictionary<TopicPartition, long> _committed = [];
    private readonly StringBuilder _steps = new();
    private readonly EmbeddedLogOptions _options;
    private readonly Dictionary<string, string> _configs;
    private readonly long _retentionMs;
    private readonly int _recordBytesMax;
    private EmbeddedLog? _log;
    private bool _passingTopicExists;
    // False while a crash has interrupted a creation or deletion, which may have come to pass or not.
    private bool _passingTopicKnown = true;
    private int _texts;

    public LogHistory(int seed, SimulatedLie lie)
    {
        _random = new Random(seed);
        _disk = new SimulatedFileSystem(seed) { Lie = lie };
        // Small histories cross many boundaries; some have segments large enough for index entries.
        var large = _random.Next(4) == 0;
        _recordBytesMax = large ? 3000 : 120;
        _retentionMs = _random.Next(3) == 0 ? 20_000 : -1;
        _configs = new Dictionary<string, string>
        {
            ["segment.bytes"] = _random.Next(200, large ? 40_000 : 2_000).ToString(CultureInfo.InvariantCulture),
            ["segment.ms"] = _random.Next(2) == 0 ? "15000" : "900000",
            ["retention.ms"] = _retentionMs.ToString(CultureInfo.InvariantCulture),
        };
        _options = new EmbeddedLogOptions
        {
            Directory = "/log",
            TopicDefaults = new Dictionary<string, string> { ["segment.bytes"] = _configs["segment.bytes"] },
            Limits = new LogLimits
            {
                CheckpointBytes = _random.Next(300, 6_000),
                WriteBytesMax = _random.Next(100, 4_000),
                QueuedAppendsMax = _random.Next(4, 20),
                OpenFilesMax = _random.Next(1, 8),
                RoomBytes = _random.Next(100, 4_000),
                SmallRoundBytes = _random.Next(2_000),
                SmallRoundsBeforeRoom = _random.Next(3),
            },
        };
    }

    /// <summary>The steps taken, for the report of a failure.</summary>
    public string Steps => _steps.ToString();

    public void Run()
    {
        Start();
        var topic = PartitionModel.AtOnce(_log!.CreateTopicAsync(new TopicSpec("t", _random.Next(1, 4), _configs), default));
        for (var i = 0; i < topic.PartitionCount; i++) _partitions.Add(new PartitionModel(new TopicPartition("t", i)));
        CreateStream();
        for (var steps = _random.Next(10, 50); steps > 0; steps--)
        {
            Step();
            if (_disk.PowerIsOff) Crash();
        }

        Crash();
    }

    public void Dispose() => _metadata.Dispose();

    private void Step()
    {
        switch (_random.Next(23))
        {
            case 0: Crash(); break;
            case 1: Restart(); break;
            case 2: _disk.PowerLossIn = _random.Next(25); Note("power goes soon"); break;
            case 3: FailWhile(() => { Append(); Round(); }); break;
            case 4: Maintain(); break;
            case 5: _time.Advance(TimeSpan.FromMilliseconds(_random.Next(12_000))); break;
            case 6: Commit(); break;
            case 7: Verify(); break;
            case 8: PassingTopic(); break;
            case 9: case 10: case 11: Append(); break;
            case 12: case 13: Reshard(); break;
            case 14: FailWhile(() => { Append(); Reshard(); }); break;
            default: Append(); Round(); break;
        }
    }

    private void Append()
    {
        for (var callers = _random.Next(1, 7); callers > 0; callers--)
        {
            var partition = _partitions[_random.Next(_partitions.Count)];
            var batch = new PartitionModel.Entry[_random.Next(1, 4)];
            var builder = new RecordBatchBuilder();
            for (var i = 0; i < batch.Length; i++)
            {
                var text = $"{_texts++}".PadRight(_random.Next(_recordBytesMax), '.');
                batch[i] = new PartitionModel.Entry(text, _time.GetUtcNow().ToUnixTimeMilliseconds() - _random.Next(3_000));
                builder.Append(batch[i].TimestampMs, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes(text)));
            }

            Note($"append {batch[0].Text.TrimEnd('.')}+{batch.Length} to {partition.Name}");
            partition.Appended(_log!.AppendAsync(partition.Name, builder.Build(), default), batch);
        }
    }

    private void Round()
    {
        Note("round");
        _log!.RunRound();
        foreach (var partition in _partitions) partition.CollectAnswers();
    }

    private void FailWhile(Action work)
    {
        _disk.FailureRate = 0.3;
        Note("failing");
        work();
        _disk.FailureRate = 0;
    }

    private void Maintain()
    {
        Note("maintain");
        Wait(_log!.MaintainAsync());
        foreach (var partition in _partitions)
        {
            partition.CollectAnswers();
            if (_retentionMs >= 0 && partition.Name.Topic == "t") partition.CheckRetention(_log, _retentionMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private void Commit()
    {
        var partition = _partitions[_random.Next(_partitions.Count)].Name;
        var offset = _random.Next(100);
        Wait(_log!.CommitOffsetsAsync("g", [new CommittedOffset(partition, offset, "")], default).AsTask());
        _committed[partition] = offset;
    }

    private void Verify()
    {
        Round();
        if (_disk.PowerIsOff) return;
        Note("verify");
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            foreach (var partition in _partitions)
            {
                partition.Check(_log!);
                partition.CheckTimestamp(_log!, now - _random.Next(30_000));
            }
        }
        catch (IOException) when (_disk.PowerIsOff)
        {
            Note("the power went while reading");
        }
    }

    /// <summary>Creates or deletes a topic beside the one that is looked at; a crash leaves it whole or gone.</summary>
    private void PassingTopic()
    {
        Note($"passing topic, exists: {_passingTopicExists}");
        _passingTopicKnown = false;
        try
        {
            if (_passingTopicExists) Wait(_log!.DeleteTopicAsync("passing", default).AsTask());
            else Wait(_log!.CreateTopicAsync(new TopicSpec("passing", 2, _configs), default).AsTask());
            _passingTopicExists = !_passingTopicExists;
            _passingTopicKnown = true;
        }
        catch (IOException) when (_disk.PowerIsOff)
        {
            Note("the power went");
        }
    }

    /// <summary>The process ends properly and starts again.</summary>
    private void Restart()
    {
        Note("close");
        Wait(_log!.DisposeAsync().AsTask());
        if (_disk.PowerIsOff) return;
        foreach (var partition in _partitions) partition.Died();
        if (_random.Next(2) == 0) _disk.Restart();
        Start();
        Recovered();
    }

    private void Crash()
    {
        Note("crash");
        foreach (var partition in _partitions) partition.Died();
        // A process may die alone: then all it wrote is still there, synced or not.
        if (_disk.PowerIsOff || _random.Next(4) > 0) _disk.Restart();
        Start();
        Recovered();
    }

    private void Start()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt < 2 && _random.Next(4) == 0) _disk.PowerLossIn = _random.Next(40);
                else if (attempt < 2 && _random.Next(8) == 0) _disk.FailureRate = 0.2;
                Note("open");
                _log = EmbeddedLog.Open(_options, _disk, _time, NullLogger.Instance, _metadata, threaded: false);
                return;
            }
            catch (IOException fault) when (fault is not CorruptLogException && (_disk.PowerIsOff || _disk.FailureRate > 0))
            {
                Note("recovery is interrupted");
                if (_disk.PowerIsOff) _disk.Restart();
            }
            finally
            {
                _disk.FailureRate = 0;
                if (!_disk.PowerIsOff) _disk.PowerLossIn = null;
            }
        }
    }

    private void Recovered()
    {
        RecoveredStream();
        foreach (var partition in _partitions) partition.Recovered(_log!);
        var committed = PartitionModel.AtOnce(_log!.CommittedOffsetsAsync("g", default)).ToDictionary(o => o.Partition, o => o.Offset);
        if (!committed.OrderBy(o => o.Key.ToString()).SequenceEqual(_committed.OrderBy(o => o.Key.ToString())))
            throw new BrokenPromiseException("committed offsets are lost");
        var exists = PartitionModel.AtOnce(_log.FindTopicAsync("passing", default)) is not null;
        if (_passingTopicKnown && exists != _passingTopicExists) throw new BrokenPromiseException("a created topic is gone or a deleted one is back");
        (_passingTopicExists, _passingTopicKnown) = (exists, true);
    }

    private static void Wait(Task task)
    {
        if (!task.IsCompleted) throw new InvalidOperationException("Without threads every call completes at once.");
#pragma warning disable VSTHRD002 // It has completed; this only throws what it failed with.
        task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    private void Note(string step) => _steps.Append(step).Append("; ");
}
