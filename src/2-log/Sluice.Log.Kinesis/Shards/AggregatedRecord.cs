using System.Security.Cryptography;

namespace Sluice.Log.Kinesis.Shards;

/// <summary>
/// A Kinesis record into which the Kinesis Producer Library packed many
/// (https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md): four magic bytes, a protobuf message, its MD5.
/// </summary>
internal static class AggregatedRecord
{
    private const int MagicBytes = 4;
    private const int KeyTableField = 1;
    private const int RecordsField = 3;
    private const int RecordKeyField = 1;
    private const int RecordDataField = 3;

    private static ReadOnlySpan<byte> Magic => [0xF3, 0x89, 0x9A, 0xC2];

    /// <summary>
    /// The records inside, as places in <paramref name="data"/>, in order; null when it is no such record: what has another digest or does not
    /// parse is a plain record, as the Kinesis Client Library takes it.
    /// </summary>
    public static IReadOnlyList<(Range Key, Range Data)>? Read(ReadOnlySpan<byte> data)
    {
        if (data.Length < MagicBytes + MD5.HashSizeInBytes || !data.StartsWith(Magic)) return null;
        var end = data.Length - MD5.HashSizeInBytes;
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
#pragma warning disable CA5351 // The format's own digest; it guards against accidents, not against people.
        MD5.HashData(data[MagicBytes..end], digest);
#pragma warning restore CA5351
        if (!digest.SequenceEqual(data[end..])) return null;

        var keys = new List<Range>();
        var records = new List<(int Key, Range Data)>();
        var fields = new ProtobufFields(data[..end], MagicBytes);
        while (fields.MoveNext())
        {
            if (fields.Number == KeyTableField) keys.Add(fields.Bytes);
            else if (fields.Number == RecordsField && !TryReadRecord(data, fields.Bytes, records)) return null;
        }

        if (fields.IsBroken || records.Exists(record => record.Key >= keys.Count)) return null;
        return [.. records.Select(record => (keys[record.Key], record.Data))];
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> data, Range range, List<(int Key, Range Data)> records)
    {
        var key = -1;
        Range? value = null;
        var fields = new ProtobufFields(data[..range.End.Value], range.Start.Value);
        while (fields.MoveNext())
        {
            if (fields.Number == RecordKeyField) key = (int)Math.Min(fields.Value, int.MaxValue);
            else if (fields.Number == RecordDataField) value = fields.Bytes;
        }

        if (fields.IsBroken || key < 0 || value is null) return false;
        records.Add((key, value.Value));
        return true;
    }

    /// <summary>Walks the fields of a protobuf message of numbers and byte strings.</summary>
    private ref struct ProtobufFields(ReadOnlySpan<byte> message, int at)
    {
        private readonly ReadOnlySpan<byte> _message = message;
        private int _at = at;

        public int Number { get; private set; }

        /// <summary>Of a number.</summary>
        public ulong Value { get; private set; }

        /// <summary>Of a byte string, its place.</summary>
        public Range Bytes { get; private set; }

        public bool IsBroken { get; private set; }

        public bool MoveNext()
        {
            if (IsBroken || _at >= _message.Length) return false;
            if (!TryVarint(out var tag)) return Break();
            Number = (int)Math.Min(tag >> 3, int.MaxValue);
            Value = 0;
            Bytes = default;
            switch (tag & 7)
            {
                case 0:
                    if (!TryVarint(out var value)) return Break();
                    Value = value;
                    return true;
                case 2:
                    if (!TryVarint(out var length) || length > (ulong)(_message.Length - _at)) return Break();
                    Bytes = _at..(_at + (int)length);
                    _at += (int)length;
                    return true;
                default:
                    return Break();
            }
        }

        private bool Break()
        {
            IsBroken = true;
            return false;
        }

        private bool TryVarint(out ulong value)
        {
            value = 0;
            for (var shift = 0; shift < 64 && _at < _message.Length; shift += 7)
            {
                var next = _message[_at++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80) return true;
            }

            return false;
        }
    }
}
