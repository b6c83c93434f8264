using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Log.Metadata;
using Sluice.Log.Records;
using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>
/// One seeded life of a partition with transactional producers: batches and markers, rolls, notes, failing writes, losses of power.
/// Whatever happens, a reader of committed records sees the records of committed transactions and plain ones, in order, up to the first
/// transaction that is open.
/// </summary>
internal sealed class TransactionHistory : History
{
    private static readonly TopicPartition s_partition = new("t", 0);
    private readonly EmbeddedLogOptions _options;
    private readonly Dictionary<long, int> _nextSequence = [];
    private EmbeddedLog _log = null!;
    private int _texts;

    public TransactionHistory(int seed)
        : base(seed, SimulatedLie.None)
    {
        _options = new EmbeddedLogOptions
        {
            Directory = "/log",
            TopicDefaults = new Dictionary<string, string> { ["segment.bytes"] = Random.Next(200, 3_000).ToString(CultureInfo.InvariantCulture) },
            Limits = new LogLimits { CheckpointBytes = Random.Next(300, 6_000), AbortedPerSegmentMax = Random.Next(1, 6) },
        };
    }

    public override void Run()
    {
        Open();
        PartitionModel.AtOnce(_log.CreateTopicAsync(new TopicSpec("t", 1, new Dictionary<string, string>()), default));
        for (var steps = Random.Next(10, 80); steps > 0; steps--) Step();
        Restart(isPowerLost: true);
    }

    private void Step()
    {
        switch (Random.Next(14))
        {
            case 0: Restart(isPowerLost: true); break;
            case 1: Restart(isPowerLost: false); break;
            case 2: Disk.PowerLossIn = Random.Next(12); Note("power goes soon"); break;
            case 3: Note("maintain"); Do(() => Completed(_log.MaintainAsync())); break;
            case 4: case 5: case 6: End(); break;
            case 7: Append(0, isTransactional: false); break;
            default: Append(Random.Next(1, 4), isTransactional: true); break;
        }

        if (Disk.PowerIsOff) Restart(isPowerLost: true);
        else if (Disk.PowerLossIn is null && Random.Next(4) == 0) Check();
    }

    private void Append(long producer, bool isTransactional)
    {
        var builder = new RecordBatchBuilder();
        var count = Random.Next(1, 4);
        for (var i = 0; i < count; i++) builder.Append(1_000, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes($"{_texts++}".PadRight(Random.Next(60), '.'))));
        var batch = builder.Build().ToArray();
        var sequence = _nextSequence.GetValueOrDefault(producer);
        if (isTransactional)
        {
            batch[RecordBatchHeader.AttributesAt + 1] |= 0x10;
            BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(RecordBatchHeader.ProducerIdAt), producer);
            BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(RecordBatchHeader.ProducerEpochAt), 0);
            BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchHeader.BaseSequenceAt), sequence);
            RecordBatchHeader.Seal(batch);
        }

        Note($"append {count} of {producer}");
        if (Round(_log.AppendAsync(s_partition, batch, default))) _nextSequence[producer] = sequence + count;
    }

    private void End()
    {
        var marker = new TransactionMarker(Random.Next(1, 4), 0, Random.Next(2) == 0);
        Note($"end {marker}");
        Round(_log.AppendMarkerAsync(new TransactionPartition(s_partition, _log.FindTopicId(s_partition)!.Value), marker, default));
    }

    /// <summary>Whether the append was answered as written.</summary>
    private bool Round(ValueTask<AppendResult> append)
    {
        Do(() => _log.RunRound());
        return append.IsCompleted && PartitionModel.AtOnce(append).Error == AppendError.None;
    }

    private void Do(Action work)
    {
        try
        {
            work();
        }
        catch (IOException) when (Disk.PowerIsOff)
        {
            Note("the power went");
        }
    }

    private void Restart(bool isPowerLost)
    {
        Note(isPowerLost ? "power lost" : "killed");
        if (isPowerLost || Disk.PowerIsOff) Disk.Restart();
        Open();
        Check();
        // What was not answered may be there or not: the producers take up where the log is.
        _nextSequence.Clear();
        foreach (var producer in PartitionModel.AtOnce(_log.ProducersOfAsync(s_partition, default))) _nextSequence[producer.ProducerId] = producer.LastSequence + 1;
    }

    private void Open()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt == 0 && Random.Next(4) == 0) Disk.PowerLossIn = Random.Next(20);
                _log = EmbeddedLog.Open(_options, Disk, Time, NullLogger.Instance, Metadata, threaded: false);
                if (!Disk.PowerIsOff) Disk.PowerLossIn = null;
                return;
            }
            catch (IOException fault) when (fault is not CorruptLogException && Disk.PowerIsOff)
            {
                Disk.Restart();
            }
        }
    }

    /// <summary>Reads the batches as they are, works out what is committed by itself, and compares.</summary>
    private void Check()
    {
        var (expected, lastStable) = Expected();
        var marks = _log.WatermarksOf(s_partition);
        if (marks.LastStable != lastStable) throw new BrokenPromiseException($"the last stable offset is {marks.LastStable}, it should be {lastStable}");
        var from = Random.Next((int)marks.LastStable + 1);
        var read = new List<(long, string)>();
        for (long at = from; ;)
        {
            var fetched = PartitionModel.AtOnce(_log.ReadAsync(s_partition, at, Random.Next(1, 2_000), default));
            if (fetched.Bytes.IsEmpty) break;
            var records = new RecordReader(fetched.Bytes.Span, at);
            while (records.MoveNext()) read.Add((records.Offset, Encoding.UTF8.GetString(records.Value.Span)));
            at = records.NextOffset;
        }

        if (!read.SequenceEqual(expected.Where(e => e.Offset >= from)))
            throw new BrokenPromiseException($"from {from} a reader sees {string.Join(' ', read)}, it should see {string.Join(' ', expected)}");
    }

    private (List<(long Offset, string Text)> Committed, long LastStable) Expected()
    {
        var end = _log.WatermarksOf(s_partition).End;
        var committed = new List<(long Offset, string Text)>();
        var open = new Dictionary<long, List<(long Offset, string Text)>>();
        for (long at = 0; at < end;)
        {
            var bytes = PartitionModel.AtOnce(_log.FetchAsync(s_partition, at, 1, ReadIsolation.Uncommitted, default)).Bytes.Span;
            RecordBatchHeader.TryRead(bytes, out var header);
            var producer = ProducerStamp.Read(bytes).Id;
            if (header.IsControl)
            {
                if (open.Remove(producer, out var ended) && TransactionMarker.Read(bytes)!.Value.IsCommit) committed.AddRange(ended);
            }
            else
            {
                if (header.IsTransactional) open.TryAdd(producer, []);
                var into = header.IsTransactional ? open[producer] : committed;
                var records = new RecordReader(bytes, at);
                while (records.MoveNext()) into.Add((records.Offset, Encoding.UTF8.GetString(records.Value.Span)));
            }

            at = header.NextOffset;
        }

        var lastStable = open.Count == 0 ? end : open.Values.Min(o => o[0].Offset);
        return ([.. committed.Where(c => c.Offset < lastStable).OrderBy(c => c.Offset)], lastStable);
    }

    private static void Completed(Task task)
    {
        if (!task.IsCompleted) throw new InvalidOperationException("Without threads every call completes at once.");
    }
}
