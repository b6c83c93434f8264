using System.Buffers.Binary;
using Sluice.Bytes;

namespace Sluice.Log.Records;

/// <summary>The 61 bytes before the records of a RecordBatch v2 (https://kafka.apache.org/documentation/#recordbatch).</summary>
internal readonly record struct RecordBatchHeader(
    long BaseOffset,
    int SizeBytes,
    byte Magic,
    uint Crc,
    short Attributes,
    int LastOffsetDelta,
    long BaseTimestampMs,
    long MaxTimestampMs,
    int RecordCount)
{
    /// <summary>Bytes of the header, the base offset and the length among them.</summary>
    public const int Size = 61;

    /// <summary>Bytes before the part that the length field counts: base offset and length.</summary>
    public const int LengthOverhead = 12;

    public const byte MagicV2 = 2;
    public const int LengthAt = 8;
    public const int LeaderEpochAt = 12;
    public const int MagicAt = 16;
    public const int CrcAt = 17;
    public const int AttributesAt = 21;
    public const int LastOffsetDeltaAt = 23;
    public const int BaseTimestampAt = 27;
    public const int MaxTimestampAt = 35;
    public const int ProducerIdAt = 43;
    public const int ProducerEpochAt = 51;
    public const int BaseSequenceAt = 53;
    public const int RecordCountAt = 57;

    public const short CompressionMask = 0x07;
    private const short LogAppendTimeBit = 0x08;
    private const short TransactionalBit = 0x10;
    public const short ControlBit = 0x20;

    public CompressionType Compression => (CompressionType)(Attributes & CompressionMask);

    public bool IsLogAppendTime => (Attributes & LogAppendTimeBit) != 0;

    public bool IsTransactional => (Attributes & TransactionalBit) != 0;

    public bool IsControl => (Attributes & ControlBit) != 0;

    public long LastOffset => BaseOffset + LastOffsetDelta;

    public long NextOffset => BaseOffset + LastOffsetDelta + 1;

    /// <summary>Reads the header; false when the bytes are too few or hold what no batch can hold. The CRC is not looked at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RecordBatchHeader header)
    {
        header = default;
        if (bytes.Length < Size) return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
        if (length is < Size - LengthOverhead or > int.MaxValue - LengthOverhead) return false;
        header = new RecordBatchHeader(
            BinaryPrimitives.ReadInt64BigEndian(bytes),
            length + LengthOverhead,
            bytes[MagicAt],
            BinaryPrimitives.ReadUInt32BigEndian(bytes[CrcAt..]),
            BinaryPrimitives.ReadInt16BigEndian(bytes[AttributesAt..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[LastOffsetDeltaAt..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[BaseTimestampAt..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[MaxTimestampAt..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[RecordCountAt..]));
        return header is { Magic: MagicV2, BaseOffset: >= 0, LastOffsetDelta: >= 0, RecordCount: >= 0 };
    }

    /// <summary>Whether the stored CRC is that of the bytes; <paramref name="batch"/> is the whole batch.</summary>
    public bool CrcMatches(ReadOnlySpan<byte> batch) => Crc32C.Compute(batch[AttributesAt..SizeBytes]) == Crc;

    /// <summary>Sets the fields that the log assigns; the CRC does not cover them.</summary>
    public static void Assign(Span<byte> batch, long baseOffset)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, baseOffset);
        BinaryPrimitives.WriteInt32BigEndian(batch[LeaderEpochAt..], 0);
    }

    /// <summary>Gives every record of the batch the time of the append, as message.timestamp.type=LogAppendTime asks.</summary>
    public static void StampAppendTime(Span<byte> batch, long appendTimeMs)
    {
        var attributes = BinaryPrimitives.ReadInt16BigEndian(batch[AttributesAt..]);
        BinaryPrimitives.WriteInt16BigEndian(batch[AttributesAt..], (short)(attributes | LogAppendTimeBit));
        SetMaxTimestamp(batch, appendTimeMs);
    }

    public static void SetMaxTimestamp(Span<byte> batch, long maxTimestampMs)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch[MaxTimestampAt..], maxTimestampMs);
        Seal(batch);
    }

    /// <summary>Makes a control batch of a producer's transaction out of a plain batch.</summary>
    public static void StampMarker(Span<byte> batch, long producerId, short epoch)
    {
        BinaryPrimitives.WriteInt16BigEndian(batch[AttributesAt..], TransactionalBit | ControlBit);
        BinaryPrimitives.WriteInt64BigEndian(batch[ProducerIdAt..], producerId);
        BinaryPrimitives.WriteInt16BigEndian(batch[ProducerEpochAt..], epoch);
        Seal(batch);
    }

    /// <summary>Computes the CRC over everything behind it.</summary>
    public static void Seal(Span<byte> batch) =>
        BinaryPrimitives.WriteUInt32BigEndian(batch[CrcAt..], Crc32C.Compute(batch[AttributesAt..]));
}

/// <summary>Bits 0-2 of a batch's attributes.</summary>
internal enum CompressionType
{
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}
