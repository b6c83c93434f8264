using Microsoft.Extensions.Logging;

namespace Sluice.Log.Partitions;

/// <summary>
/// Room: zeros after the last batch, on disk before they are needed. A sync of bytes that lie within the file costs one write; one
/// that makes the file longer costs the file system's journal too, which is two to three times the wait for small rounds.
/// </summary>
internal sealed partial class PartitionWriter
{
    private long _roomEnd;
    private long _roundFrom;
    private int _smallRounds;

    /// <summary>
    /// After a round was answered: makes room for the next ones, where rounds are small and many. Large ones wait for their own bytes
    /// in any case, and would wait for the zeros as well.
    /// </summary>
    public void MakeRoom()
    {
        var round = _position - _roundFrom;
        _roundFrom = _position;
        if (_stopped || round == 0 || _settings.Durability != Durability.Fsync) return;
        _smallRounds = round <= _settings.Limits.SmallRoundBytes ? _smallRounds + 1 : 0;
        if (_smallRounds < _settings.Limits.SmallRoundsBeforeRoom || _roomEnd - _position >= round) return;
        var from = Math.Max(_roomEnd, _position);
        var end = Math.Min(_position + _settings.Limits.RoomBytes, _config.SegmentBytes);
        if (end <= from) return;
        _buffer.Reset();
        var bytes = (int)(end - from);
        _buffer.GetSpan(bytes)[..bytes].Clear();
        _buffer.Advance(bytes);
        // Counted whatever becomes of it: a disk without a place for it is asked again when it would be used up.
        _roomEnd = end;
        try
        {
            _file.Write(_buffer.WrittenSpan, from);
        }
        catch (IOException fault)
        {
            // All records are durable, and none needs the room: appends go on without it. What there is of it would keep them from a full disk.
            _file.SetLength(_position);
            NoRoom(_storage.Logger, fault, _partition.Name);
            _buffer.Reset();
            return;
        }

        _buffer.Reset();
        // The zeros share a page with the last record, so a sync that fails is no smaller a matter than one of records.
        _file.Sync();
    }

    /// <summary>Ends the file at its last batch, as sealed segments and a closed log have it.</summary>
    private void CutRoom()
    {
        if (_roomEnd > _position) _file.SetLength(_position);
        _roomEnd = 0;
    }

    [LoggerMessage(113, LogLevel.Warning, "No room could be made ahead of the records of {Partition}: appends go on and take longer. Is the disk full?")]
    private static partial void NoRoom(ILogger logger, Exception fault, TopicPartition partition);
}
