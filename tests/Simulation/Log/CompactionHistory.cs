using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log;
using Sluice.Log.Metadata;
using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>
/// One seeded life of a compacted partition: few keys, many values, tombstones, rolls, passes of compaction, failing writes and syncs, losses
/// of power in the middle of anything. Every step follows from the seed.
/// </summary>
internal sealed class CompactionHistory : History
{
    private const long DeleteRetentionMs = 20_000;
    private static readonly TopicPartition s_partition = new("c", 0);
    private readonly List<Entry> _settled = [];
    private readonly List<(ValueTask<AppendResult> Task, Entry[] Batch)> _waiting = [];
    private readonly List<Entry[]> _unsettled = [];
    private readonly EmbeddedLogOptions _options;
    private EmbeddedLog _log = null!;
    private bool _exchangeMayHaveFailed;
    private long _start;

    public CompactionHistory(int seed, SimulatedLie lie)
        : base(seed, lie)
    {
        _options = new EmbeddedLogOptions
        {
            Directory = "/log",
            Limits = new LogLimits { CheckpointBytes = Random.Next(300, 6_000), WriteBytesMax = Random.Next(100, 4_000), OpenFilesMax = Random.Next(1, 8) },
        };
    }

    public override void Run()
    {
        Start();
        var configs = new Dictionary<string, string>
        {
            ["cleanup.policy"] = "compact",
            ["segment.bytes"] = Random.Next(300, 3_000).ToString(CultureInfo.InvariantCulture),
            ["min.cleanable.dirty.ratio"] = Random.Next(2) == 0 ? "0" : "0.4",
            ["delete.retention.ms"] = DeleteRetentionMs.ToString(CultureInfo.InvariantCulture),
        };
        PartitionModel.AtOnce(_log.CreateTopicAsync(new TopicSpec("c", 1, configs), default));
        for (var steps = Random.Next(20, 60); steps > 0; steps--)
        {
            Step();
            if (Disk.PowerIsOff) Crash();
        }

        Crash();
    }

    private void Step()
    {
        switch (Random.Next(16))
        {
            case 0: Crash(); break;
            case 1: Disk.PowerLossIn = Random.Next(25); Note("power goes soon"); break;
            case 2: FailWhile(Append); break;
            case 3: case 4: case 5: case 6: Compact(); break;
            case 7: Disk.PowerLossIn = Random.Next(40); Compact(); break;
            case 8: FailWhile(Compact); break;
            case 9: Time.Advance(TimeSpan.FromMilliseconds(Random.Next(15_000))); break;
            case 10: DeleteRecords(); break;
            default: Append(); break;
        }
    }

    private void Append()
    {
        for (var batches = Random.Next(1, 5); batches > 0; batches--)
        {
            var batch = new Entry[Random.Next(1, 4)];
            var builder = new RecordBatchBuilder();
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = new Entry($"k{Random.Next(6)}", Random.Next(5) == 0 ? null : $"{_settled.Count}".PadRight(Random.Next(60), '.'), NowMs);
                var value = batch[i].Value is { } text ? RecordBytes.Of(Encoding.UTF8.GetBytes(text)) : RecordBytes.Null;
                builder.Append(NowMs, RecordBytes.Of(Encoding.UTF8.GetBytes(batch[i].Key)), value);
            }

#pragma warning disable CA2012 // It is taken once, when its round is over.
            _waiting.Add((_log.AppendAsync(s_partition, builder.Build().ToArray(), default), batch));
#pragma warning restore CA2012
        }

        Note("append");
        _log.RunRound();
        Collect();
    }

    private long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Compact()
    {
        Note("compact");
        _exchangeMayHaveFailed |= Disk.FailureRate > 0;
        Wait(_log.CompactAsync());
        Collect();
        if (!Disk.PowerIsOff && Disk.FailureRate == 0 && Disk.PowerLossIn is null) Check();
    }

    private void DeleteRecords()
    {
        Note("delete records");
        try
        {
            var start = PartitionModel.AtOnce(_log.DeleteRecordsAsync(s_partition, Random.Next(_settled.Count + 1), default));
            _start = Math.Max(_start, start ?? 0);
        }
        catch (IOException)
        {
            Note("it failed");
        }

        _start = Math.Max(_start, PartitionModel.AtOnce(_log.OffsetsAsync(s_partition, default)).Start);
    }

    private void FailWhile(Action work)
    {
        Disk.FailureRate = 0.2;
        Note("failing");
        work();
        Disk.FailureRate = 0;
    }

    private void Collect()
    {
        foreach (var (task, batch) in _waiting)
        {
            var result = PartitionModel.AtOnce(task);
            if (result.Error == AppendError.StorageError)
            {
                _unsettled.Add(batch);
                continue;
            }

            Ensure(result.Error == AppendError.None, $"an append was refused with {result.Error}");
            Ensure(result.BaseOffset == _settled.Count && _unsettled.Count == 0, $"an append got offset {result.BaseOffset}, {_settled.Count} is next");
            _settled.AddRange(batch);
        }

        _waiting.Clear();
    }

    private void Crash()
    {
        Note("crash");
        if (Disk.PowerIsOff || Random.Next(4) > 0) Disk.Restart();
        Start();
        _exchangeMayHaveFailed = false;
        // A deletion that was interrupted may have come to pass.
        var (start, end) = PartitionModel.AtOnce(_log.OffsetsAsync(s_partition, default));
        Ensure(start >= _start, $"the start went back from {_start} to {start}");
        _start = start;
        Ensure(end >= _settled.Count, $"{_settled.Count - end} answered records are lost");
        foreach (var batch in _unsettled.TakeWhile(_ => _settled.Count < end)) _settled.AddRange(batch);
        _unsettled.Clear();
        Ensure(end == _settled.Count, $"the log ends at {end}, records are known up to {_settled.Count}");
        Check();
    }

    /// <summary>Every record read is the one written there, no key has lost its last record, and no tombstone has gone before its time.</summary>
    private void Check()
    {
        Note("check");
        try
        {
            var found = Read(_start);
            foreach (var (offset, entry) in found) Ensure(_settled[(int)offset] == entry, $"offset {offset} holds '{entry}', not '{_settled[(int)offset]}'");
            var byKey = found.ToLookup(f => f.Entry.Key);
            foreach (var (last, offset) in _settled.Select((e, at) => (Entry: e, Offset: at)).Skip((int)_start).GroupBy(e => e.Entry.Key).Select(g => g.Last()))
            {
                var left = byKey[last.Key].ToArray();
                if (left.Length > 0 && left[^1].Offset == offset) continue;
                Ensure(last.Value is null && NowMs - last.TimestampMs >= DeleteRetentionMs, $"the last record of {last.Key}, at {offset}, is gone");
                Ensure(left.Length == 0, $"{last.Key} has come back after its tombstone");
            }

            var from = Random.Next((int)_start, _settled.Count + 1);
            Ensure(Read(from).SequenceEqual(found.Where(f => f.Offset >= from)), $"a read from {from} differs from a read of all");
        }
        catch (IOException fault) when (fault is not CorruptLogException && (Disk.PowerIsOff || _exchangeMayHaveFailed))
        {
            // A partition whose files were exchanged by half has stopped, and is whole again when it is opened.
            Note("reading failed");
        }
    }

    private List<(long Offset, Entry Entry)> Read(long from)
    {
        var found = new List<(long, Entry)>();
        var end = PartitionModel.AtOnce(_log.OffsetsAsync(s_partition, default)).End;
        for (var at = from; at < end;)
        {
            var records = new RecordReader(PartitionModel.AtOnce(_log.ReadAsync(s_partition, at, 700, default)).Bytes.Span, at);
            while (records.MoveNext())
            {
                var value = records.Value.IsNull ? null : Encoding.UTF8.GetString(records.Value.Span);
                found.Add((records.Offset, new Entry(Encoding.UTF8.GetString(records.Key.Span), value, records.TimestampMs)));
            }

            Ensure(records.NextOffset > at, $"reading at {at} does not go on");
            at = records.NextOffset;
        }

        return found;
    }

    private void Start()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt < 2 && Random.Next(4) == 0) Disk.PowerLossIn = Random.Next(40);
                Note("open");
                _log = EmbeddedLog.Open(_options, Disk, Time, NullLogger.Instance, Metadata, threaded: false);
                return;
            }
            catch (IOException fault) when (fault is not CorruptLogException && Disk.PowerIsOff)
            {
                Note("recovery is interrupted");
                Disk.Restart();
            }
            finally
            {
                if (!Disk.PowerIsOff) Disk.PowerLossIn = null;
            }
        }
    }

    private sealed record Entry(string Key, string? Value, long TimestampMs);
}
