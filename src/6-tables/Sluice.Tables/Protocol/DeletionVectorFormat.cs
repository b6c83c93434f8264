using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Sluice.Tables;

/// <summary>From a deletion vector's descriptor to the numbers of the deleted rows, and back.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format</remarks>
internal static class DeletionVectorFormat
{
    private const int Magic = 1681511377;
    private const int MagicBytes = 4;
    private const int SizeBytes = 4;
    private const int ChecksumBytes = 4;
    private const int UuidCharacters = 20;
    private const byte FileVersion = 1;

    /// <summary>Bytes around the bitmap in a file: its size before and its checksum after it.</summary>
    public const int Frame = SizeBytes + ChecksumBytes;

    /// <summary>The file's decoded path, relative to the table or absolute.</summary>
    /// <exception cref="LogFormatException">The descriptor is of an unknown kind.</exception>
    public static string FilePath(DeletionVector vector)
    {
        switch (vector.StorageType)
        {
            case "p":
                return DataPath.Canonical(vector.PathOrInlineDv);
            case "u" when vector.PathOrInlineDv.Length >= UuidCharacters:
                var text = vector.PathOrInlineDv;
                var uuid = new Guid(Z85.Decode(text.AsSpan(text.Length - UuidCharacters)), bigEndian: true);
                var prefix = text[..^UuidCharacters];
                return $"{(prefix.Length == 0 ? "" : prefix + "/")}deletion_vector_{uuid:D}.bin";
            default:
                throw new LogFormatException($"a deletion vector has the storage '{vector.StorageType}{vector.PathOrInlineDv}', which the protocol does not know");
        }
    }

    public static bool IsInline(DeletionVector vector) => vector.StorageType == "i";

    /// <summary>Row numbers of an inline vector.</summary>
    public static List<long> ReadInline(DeletionVector vector)
    {
        var bytes = Z85.Decode(vector.PathOrInlineDv);
        if (vector.SizeInBytes > bytes.Length) throw new LogFormatException("an inline deletion vector is shorter than it says");
        return ReadBitmap(vector, bytes.AsSpan(0, vector.SizeInBytes));
    }

    /// <summary>Row numbers from the bytes of a file at the vector's offset: size, bitmap, checksum.</summary>
    public static List<long> ReadFramed(DeletionVector vector, ReadOnlySpan<byte> framed)
    {
        if (framed.Length < vector.SizeInBytes + Frame) throw new LogFormatException("a deletion vector file ends too early");
        var size = BinaryPrimitives.ReadInt32BigEndian(framed);
        if (size != vector.SizeInBytes) throw new LogFormatException($"a deletion vector has {size} bytes, its descriptor says {vector.SizeInBytes}");
        var bitmap = framed.Slice(SizeBytes, size);
        var checksum = BinaryPrimitives.ReadUInt32BigEndian(framed[(SizeBytes + size)..]);
        if (Crc32.HashToUInt32(bitmap) != checksum) throw new LogFormatException("a deletion vector's checksum is wrong");
        return ReadBitmap(vector, bitmap);
    }

    /// <summary>The content of a file that holds vectors, and the descriptor of each.</summary>
    /// <param name="id">Names the file.</param>
    /// <param name="vectors">Row numbers in ascending order.</param>
    public static (byte[] Content, IReadOnlyList<DeletionVector> Vectors) WriteFile(Guid id, IReadOnlyList<IReadOnlyList<long>> vectors)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        output.Write([FileVersion]);
        var name = Z85.Encode(id.ToByteArray(bigEndian: true));
        var descriptors = new List<DeletionVector>(vectors.Count);
        foreach (var rows in vectors)
        {
            var bitmap = new ArrayBufferWriter<byte>(256);
            BinaryPrimitives.WriteInt32LittleEndian(bitmap.GetSpan(MagicBytes), Magic);
            bitmap.Advance(MagicBytes);
            RoaringBitmap.Write(rows, bitmap);
            descriptors.Add(new DeletionVector("u", name, output.WrittenCount, bitmap.WrittenCount, rows.Count));
            BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(SizeBytes), bitmap.WrittenCount);
            output.Advance(SizeBytes);
            output.Write(bitmap.WrittenSpan);
            BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(ChecksumBytes), Crc32.HashToUInt32(bitmap.WrittenSpan));
            output.Advance(ChecksumBytes);
        }

        return (output.WrittenSpan.ToArray(), descriptors);
    }

    private static List<long> ReadBitmap(DeletionVector vector, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < MagicBytes || BinaryPrimitives.ReadInt32LittleEndian(bytes) != Magic)
        {
            throw new LogFormatException("a deletion vector does not begin with its magic number");
        }

        var rows = RoaringBitmap.Read(bytes[MagicBytes..]);
        return rows.Count == vector.Cardinality
            ? rows
            : throw new LogFormatException($"a deletion vector names {rows.Count} rows, its descriptor says {vector.Cardinality}");
    }
}
