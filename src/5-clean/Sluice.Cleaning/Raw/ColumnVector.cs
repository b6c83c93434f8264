using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace Sluice.Cleaning.Raw;

/// <summary>A column of a DuckDB data chunk being filled. https://duckdb.org/docs/stable/clients/c/vector</summary>
internal unsafe struct ColumnVector(IntPtr vector)
{
    /// <summary>DuckDB's STANDARD_VECTOR_SIZE.</summary>
    public const int RowsMax = 2048;

    // duckdb_string_t: a length, then up to 12 bytes in place.
    private const int TextBytes = 16;
    private const int InlineBytesMax = 12;

    private readonly byte* _data = (byte*)NativeMethods.Vectors.DuckDBVectorGetData(vector);
    private ulong* _validity;

    public readonly void SetLong(int row, long value) => ((long*)_data)[row] = value;

    public readonly void SetByte(int row, byte value) => _data[row] = value;

    public readonly void SetText(int row, ReadOnlySpan<byte> text)
    {
        if (text.Length > InlineBytesMax)
        {
            // The text is valid UTF-8 already; DuckDB need not check it again.
            fixed (byte* bytes = text) NativeMethods.Vectors.DuckDBUnsafeVectorAssignStringElementLength(vector, (ulong)row, bytes, text.Length);
            return;
        }

        var place = new Span<byte>(_data + ((long)row * TextBytes), TextBytes);
        place.Clear();
        MemoryMarshal.Write(place, text.Length);
        text.CopyTo(place[sizeof(int)..]);
    }

    public void SetNull(int row)
    {
        if (_validity is null)
        {
            NativeMethods.Vectors.DuckDBVectorEnsureValidityWritable(vector);
            _validity = NativeMethods.Vectors.DuckDBVectorGetValidity(vector);
        }

        _validity[row >> 6] &= ~(1UL << (row & 63));
    }
}
