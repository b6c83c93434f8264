using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Cleaning.Raw;

/// <summary>DuckDB's data chunks as callbacks are given them: not owned, so no handle may wrap them.</summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/data_chunk</remarks>
internal static partial class DataChunk
{
    [LibraryImport("duckdb", EntryPoint = "duckdb_data_chunk_get_size")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial ulong Size(IntPtr chunk);

    [LibraryImport("duckdb", EntryPoint = "duckdb_data_chunk_set_size")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial void SetSize(IntPtr chunk, ulong size);

    [LibraryImport("duckdb", EntryPoint = "duckdb_data_chunk_get_vector")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial IntPtr Vector(IntPtr chunk, ulong column);
}
