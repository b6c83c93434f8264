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
internal sealed partial class LogHistory : History
{
    private readonly List<PartitionModel> _partitions = [];
    private readonly Dictionary<TopicPartition, long> _committed = [];
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
        : base(seed, lie)
    {
        // Small histories cross many boundaries; some have segments large enough for index entries.
        var large = Random.Next(4) == 0;
        _recordBytesMax = large ? 3000 : 120;
        _retentionMs = Random.Next(3) == 0 ? 20_000 : -1;
        _configs = new Dictionary<string, string>
        {
            ["segment.bytes"] = Random.Next(200, large ? 40_000 : 2_000).ToString(CultureInfo.InvariantCulture),
            ["segment.ms"] = Random.Next(2) == 0 ? "15000" : "900000",
            ["retention.ms"] = _retentionMs.ToString(CultureInfo.InvariantCulture),
        };
        _options = new EmbeddedLogOptions
        {
            Directory = "/log",
            TopicDefaults = new Dictionary<string, string> { ["segment.bytes"] = _configs["segment.bytes"] },
            Limits = new LogLimits
            {
                CheckpointBytes = Random.Next(300, 6_000),
                WriteBytesMax = Random.Next(100, 4_000),
                QueuedAppendsMax = Random.Next(4, 20),
                OpenFilesMax = Random.Next(1, 8),
                RoomBytes = Random.Next(100, 4_000),
                SmallRoundBytes = Random.Next(2_000),
                SmallRoundsBeforeRoom = Random.Next(3),
            },
        };
    }

    public override void Run()
    {
        Start();
        var topic = PartitionModel.AtOnce(_log!.CreateTopicAsync(new TopicSpec("t", Random.Next(1, 4), _configs), default));
        for (var i = 0; i < topic.PartitionCount; i++) _partitions.Add(new PartitionModel(new TopicPartition("t", i)));
        CreateStream();
        for (var steps = Random.Next(10, 50); steps > 0; steps--)
        {
            Step();
            if (Disk.PowerIsOff) Crash();
        }

        Crash();
    }

    private void Step()
    {
        switch (Random.Next(23))
        {
            case 0: Crash(); break;
            case 1: Restart(); break;
            case 2: Disk.PowerLossIn = Random.Next(25); Note("power goes soon"); break;
            case 3: FailWhile(() => { Append(); Round(); }); break;
            case 4: Maintain(); break;
            case 5: Time.Advance(TimeSpan.FromMilliseconds(Random.Next(12_000))); break;
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
        for (var callers = Random.Next(1, 7); callers > 0; callers--)
        {
            var partition = _partitions[Random.Next(_partitions.Count)];
            var batch = new PartitionModel.Entry[Random.Next(1, 4)];
            var builder = new RecordBatchBuilder();
            for (var i = 0; i < batch.Length; i++)
            {
                var text = $"{_texts++}".PadRight(Random.Next(_recordBytesMax), '.');
                batch[i] = new PartitionModel.Entry(text, Time.GetUtcNow().ToUnixTimeMilliseconds() - Random.Next(3_000));
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
        Disk.FailureRate = 0.3;
        Note("failing");
        work();
        Disk.FailureRate = 0;
    }

    private void Maintain()
    {
        Note("maintain");
        Wait(_log!.MaintainAsync());
        foreach (var partition in _partitions)
        {
            partition.CollectAnswers();
            if (_retentionMs >= 0 && partition.Name.Topic == "t") partition.CheckRetention(_log, _retentionMs, Time.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private void Commit()
    {
        var partition = _partitions[Random.Next(_partitions.Count)].Name;
        var offset = Random.Next(100);
        Wait(_log!.CommitOffsetsAsync("g", [new CommittedOffset(partition, offset, "")], default).AsTask());
        _committed[partition] = offset;
    }

    private void Verify()
    {
        Round();
        if (Disk.PowerIsOff) return;
        Note("verify");
        var now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            foreach (var partition in _partitions)
            {
                partition.Check(_log!);
                partition.CheckTimestamp(_log!, now - Random.Next(30_000));
            }
        }
        catch (IOException) when (Disk.PowerIsOff)
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
        catch (IOException) when (Disk.PowerIsOff)
        {
            Note("the power went");
        }
    }

    /// <summary>The process ends properly and starts again.</summary>
    private void Restart()
    {
        Note("close");
        Wait(_log!.DisposeAsync().AsTask());
        if (Disk.PowerIsOff) return;
        foreach (var partition in _partitions) partition.Died();
        if (Random.Next(2) == 0) Disk.Restart();
        Start();
        Recovered();
    }

    private void Crash()
    {
        Note("crash");
        foreach (var partition in _partitions) partition.Died();
        // A process may die alone: then all it wrote is still there, synced or not.
        if (Disk.PowerIsOff || Random.Next(4) > 0) Disk.Restart();
        Start();
        Recovered();
    }

    private void Start()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt < 2 && Random.Next(4) == 0) Disk.PowerLossIn = Random.Next(40);
                else if (attempt < 2 && Random.Next(8) == 0) Disk.FailureRate = 0.2;
                Note("open");
                _log = EmbeddedLog.Open(_options, Disk, Time, NullLogger.Instance, Metadata, threaded: false);
                return;
            }
            catch (IOException fault) when (fault is not CorruptLogException && (Disk.PowerIsOff || Disk.FailureRate > 0))
            {
                Note("recovery is interrupted");
                if (Disk.PowerIsOff) Disk.Restart();
            }
            finally
            {
                Disk.FailureRate = 0;
                if (!Disk.PowerIsOff) Disk.PowerLossIn = null;
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
}
