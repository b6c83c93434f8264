using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Sluice.Tables;

/// <summary>The portable 64-bit form of a roaring bitmap: buckets by the upper 32 bits, each a 32-bit bitmap.</summary>
/// <remarks>https://github.com/RoaringBitmap/RoaringFormatSpec</remarks>
internal ref struct RoaringBitmap
{
    private const int CookieNoRuns = 12346;
    private const int CookieRuns = 12347;
    private const int OffsetsFrom = 4;
    private const int ArrayMax = 4096;
    private const int BitmapBytes = 8192;

    private ReadOnlySpan<byte> _rest;

    private RoaringBitmap(ReadOnlySpan<byte> content) => _rest = content;

    /// <summary>The values, in ascending order.</summary>
    /// <exception cref="LogFormatException">The bytes are no such bitmap.</exception>
    public static List<long> Read(ReadOnlySpan<byte> content)
    {
        var reader = new RoaringBitmap(content);
        var values = new List<long>();
        var buckets = BinaryPrimitives.ReadInt64LittleEndian(reader.Take(8));
        for (var i = 0L; i < buckets; i++)
        {
            var high = (long)BinaryPrimitives.ReadUInt32LittleEndian(reader.Take(4)) << 32;
            reader.ReadBucket(high, values);
        }

        return values;
    }

    /// <summary>Writes values that are in ascending order, each once and none negative.</summary>
    public static void Write(IReadOnlyList<long> values, IBufferWriter<byte> output)
    {
        var buckets = Groups(values, 0, values.Count, 32);
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), buckets.Count);
        output.Advance(8);
        foreach (var (start, end) in buckets)
        {
            WriteInt32(output, (int)(values[start] >> 32));
            WriteBucket(values, start, end, output);
        }
    }

    private static void WriteBucket(IReadOnlyList<long> values, int start, int end, IBufferWriter<byte> output)
    {
        var containers = Groups(values, start, end, 16);
        WriteInt32(output, CookieNoRuns);
        WriteInt32(output, containers.Count);
        foreach (var (from, to) in containers)
        {
            WriteUInt16(output, (ushort)(values[from] >> 16));
            WriteUInt16(output, (ushort)(to - from - 1));
        }

        var offset = 8 + (containers.Count * 8);
        foreach (var (from, to) in containers)
        {
            WriteInt32(output, offset);
            offset += to - from <= ArrayMax ? (to - from) * 2 : BitmapBytes;
        }

        foreach (var (from, to) in containers) WriteContainer(values, from, to, output);
    }

    private static void WriteContainer(IReadOnlyList<long> values, int start, int end, IBufferWriter<byte> output)
    {
        if (end - start <= ArrayMax)
        {
            for (var i = start; i < end; i++) WriteUInt16(output, (ushort)values[i]);
            return;
        }

        var bits = output.GetSpan(BitmapBytes)[..BitmapBytes];
        bits.Clear();
        for (var i = start; i < end; i++)
        {
            var low = (ushort)values[i];
            bits[low / 8] |= (byte)(1 << (low % 8));
        }

        output.Advance(BitmapBytes);
    }

    /// <summary>Ranges of values that agree in all bits above the lowest <paramref name="bits"/>.</summary>
    private static List<(int Start, int End)> Groups(IReadOnlyList<long> values, int start, int end, int bits)
    {
        var groups = new List<(int, int)>();
        for (var from = start; from < end;)
        {
            var to = from + 1;
            while (to < end && values[to] >> bits == values[from] >> bits) to++;
            groups.Add((from, to));
            from = to;
        }

        return groups;
    }

    private static void WriteInt32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    private static void WriteUInt16(IBufferWriter<byte> output, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(output.GetSpan(2), value);
        output.Advance(2);
    }

    private void ReadBucket(long high, List<long> values)
    {
        var cookie = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        var hasRuns = (cookie & 0xFFFF) == CookieRuns;
        if (!hasRuns && cookie != CookieNoRuns) throw new LogFormatException($"a roaring bitmap begins with the unknown cookie {cookie}");
        var count = hasRuns ? (cookie >>> 16) + 1 : BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        var runs = hasRuns ? Take((count + 7) / 8) : [];
        var headers = Take(count * 4);
        if (!hasRuns || count >= OffsetsFrom) Take(count * 4);
        for (var i = 0; i < count; i++)
        {
            var upper = high | ((long)BinaryPrimitives.ReadUInt16LittleEndian(headers[(i * 4)..]) << 16);
            var cardinality = BinaryPrimitives.ReadUInt16LittleEndian(headers[((i * 4) + 2)..]) + 1;
            if (hasRuns && (runs[i / 8] & (1 << (i % 8))) != 0) ReadRuns(upper, values);
            else if (cardinality <= ArrayMax) ReadArray(upper, cardinality, values);
            else ReadBits(upper, values);
        }
    }

    private void ReadRuns(long upper, List<long> values)
    {
        var count = BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
        for (var i = 0; i < count; i++)
        {
            var run = Take(4);
            var start = BinaryPrimitives.ReadUInt16LittleEndian(run);
            var more = BinaryPrimitives.ReadUInt16LittleEndian(run[2..]);
            for (var value = (long)start; value <= start + more; value++) values.Add(upper | value);
        }
    }

    private void ReadArray(long upper, int cardinality, List<long> values)
    {
        var array = Take(cardinality * 2);
        for (var i = 0; i < cardinality; i++) values.Add(upper | BinaryPrimitives.ReadUInt16LittleEndian(array[(i * 2)..]));
    }

    private void ReadBits(long upper, List<long> values)
    {
        var bits = Take(BitmapBytes);
        for (var i = 0; i < BitmapBytes; i += 8)
        {
            for (var word = BinaryPrimitives.ReadUInt64LittleEndian(bits[i..]); word != 0; word &= word - 1)
            {
                values.Add(upper | (long)((i * 8) + BitOperations.TrailingZeroCount(word)));
            }
        }
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes < 0 || bytes > _rest.Length) throw new LogFormatException("a roaring bitmap ends too early");
        var taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
