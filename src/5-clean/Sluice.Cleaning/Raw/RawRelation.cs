using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Sluice.Definition;

namespace Sluice.Cleaning.Raw;

/// <summary>
/// The relation that the clean SQL reads: a DuckDB table function over the batch at hand, which parses records in DuckDB's own
/// worker threads, straight into its vectors. Records that are at fault are left out and named in <see cref="Faults"/>.
/// </summary>
/// <remarks>
/// https://duckdb.org/docs/stable/clients/c/table_functions. The function is called from native threads, so no exception may
/// leave a callback: each is handed to DuckDB as the error of the query.
/// </remarks>
internal sealed unsafe partial class RawRelation : IDisposable
{
    /// <summary>Name of the ordinal's column.</summary>
    public const string PositionColumn = "_position";

    private static readonly IReadOnlySet<int> s_none = new HashSet<int>();

    private readonly IReadOnlyList<RawField> _fields;
    private readonly RawType[] _types;
    private readonly int _threads;
    private readonly ConcurrentBag<RecordParser> _parsers = [];
    private readonly ConcurrentDictionary<int, IReadOnlyList<string>> _faults = [];
    private GCHandle _self;
    private RawBatch _batch = new();
    private IReadOnlySet<int> _skip = s_none;
    private int[]? _only;
    private int _from;
    private int _to;
    private volatile Exception? _failure;

    public RawRelation(DuckDBConnection connection, string name, IReadOnlyList<RawField> fields, int threads)
    {
        _fields = fields;
        _types = [.. fields.Select(field => RawTypes.Parse(field.Type))];
        _threads = threads;
        _self = GCHandle.Alloc(this);
        Register(connection, name);
    }

    /// <summary>Reasons by ordinal, of the records that the last scans found at fault.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<string>> Faults => _faults;

    /// <summary>Sets what the next queries see: records <paramref name="from"/> to <paramref name="to"/> of the batch, without <paramref name="skip"/>.</summary>
    public void Show(RawBatch batch, int from, int to, IReadOnlySet<int> skip)
    {
        (_batch, _from, _to, _skip, _only) = (batch, from, to, skip, null);
    }

    /// <summary>Sets what the next queries see: these records of the batch.</summary>
    public void Show(RawBatch batch, int[] only)
    {
        (_batch, _from, _to, _skip, _only) = (batch, 0, only.Length, s_none, only);
    }

    public void ForgetFaults() => _faults.Clear();

    /// <summary>DuckDB reports what goes wrong in a callback as an error of the query; here it is what it was, a bug.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new InvalidOperationException("Reading raw records failed.", failure);
    }

    public void Dispose()
    {
        if (_self.IsAllocated) _self.Free();
    }

    private void Register(DuckDBConnection connection, string name)
    {
        var function = NativeMethods.TableFunction.DuckDBCreateTableFunction();
        try
        {
            NativeMethods.TableFunction.DuckDBTableFunctionSetName(function, name);
            NativeMethods.TableFunction.DuckDBTableFunctionSetExtraInfo(function, GCHandle.ToIntPtr(_self), null);
            NativeMethods.TableFunction.DuckDBTableFunctionSetBind(function, &Bind);
            NativeMethods.TableFunction.DuckDBTableFunctionSetInit(function, &Init);
            NativeMethods.TableFunction.DuckDBTableFunctionSetFunction(function, &Fill);
            NativeMethods.TableFunction.DuckDBTableFunctionSupportsProjectionPushdown(function, true);
            if (NativeMethods.TableFunction.DuckDBRegisterTableFunction(connection.NativeConnection, function) != DuckDBState.Success)
                throw new InvalidOperationException($"DuckDB refuses the table function {name}.");
        }
        finally
        {
            NativeMethods.TableFunction.DuckDBDestroyTableFunction(ref function);
        }
    }

    private static DuckDBType ColumnType(RawType type) => type switch
    {
        RawType.BigInt => DuckDBType.BigInt,
        RawType.Double => DuckDBType.Double,
        RawType.Boolean => DuckDBType.Boolean,
        _ => DuckDBType.Varchar,
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(IntPtr info)
    {
        try
        {
            var self = (RawRelation)GCHandle.FromIntPtr(NativeMethods.TableFunction.DuckDBBindGetExtraInfo(info)).Target!;
            for (var column = 0; column < self._types.Length; column++) AddColumn(info, self._fields[column].Name, ColumnType(self._types[column]));
            AddColumn(info, PositionColumn, DuckDBType.BigInt);
            NativeMethods.TableFunction.DuckDBBindSetCardinality(info, (ulong)(self._to - self._from), false);
        }
        catch (Exception failure)
        {
            NativeMethods.TableFunction.DuckDBBindSetError(info, failure.ToString());
        }
    }

    private static void AddColumn(IntPtr info, string name, DuckDBType type)
    {
        using var logical = NativeMethods.LogicalType.DuckDBCreateLogicalType(type);
        NativeMethods.TableFunction.DuckDBBindAddResultColumn(info, name, logical);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Init(IntPtr info)
    {
        try
        {
            var self = (RawRelation)GCHandle.FromIntPtr(NativeMethods.TableFunction.DuckDBInitGetExtraInfo(info)).Target!;
            var columns = new int[NativeMethods.TableFunction.DuckDBInitGetColumnCount(info)];
            for (var i = 0; i < columns.Length; i++) columns[i] = (int)NativeMethods.TableFunction.DuckDBInitGetColumnIndex(info, (ulong)i);
            var scan = GCHandle.Alloc(new Scan(self, columns));
            NativeMethods.TableFunction.DuckDBInitSetInitData(info, GCHandle.ToIntPtr(scan), &Free);
            InitSetMaxThreads(info, (ulong)self._threads);
        }
        catch (Exception failure)
        {
            NativeMethods.TableFunction.DuckDBInitSetError(info, failure.ToString());
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(IntPtr handle) => GCHandle.FromIntPtr(handle).Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Fill(IntPtr info, IntPtr chunk)
    {
        try
        {
            var scan = (Scan)GCHandle.FromIntPtr(NativeMethods.TableFunction.DuckDBFunctionGetInitData(info)).Target!;
            scan.Fill(chunk);
        }
        catch (Exception failure)
        {
            var scan = (Scan)GCHandle.FromIntPtr(NativeMethods.TableFunction.DuckDBFunctionGetInitData(info)).Target!;
            scan.Fail(failure);
            NativeMethods.TableFunction.DuckDBFunctionSetError(info, failure.Message);
        }
    }

    [LibraryImport("duckdb", EntryPoint = "duckdb_init_set_max_threads")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial void InitSetMaxThreads(IntPtr info, ulong threads);

    /// <summary>One scan of the relation by one query, shared by DuckDB's threads.</summary>
    private sealed class Scan(RawRelation relation, int[] columns)
    {
        private readonly RawBatch _batch = relation._batch;
        private readonly IReadOnlySet<int> _skip = relation._skip;
        private readonly int[]? _only = relation._only;
        private readonly int _to = relation._to;
        private int _next = relation._from;

        public void Fail(Exception failure) => relation._failure = failure;

        public void Fill(IntPtr chunk)
        {
            var writers = stackalloc ColumnVector[columns.Length];
            for (var i = 0; i < columns.Length; i++) writers[i] = new ColumnVector(DataChunk.Vector(chunk, (ulong)i));
            if (!relation._parsers.TryTake(out var parser)) parser = new RecordParser(relation._fields);
            var rows = 0;

            // A chunk without rows ends the scan, so a stretch of records all at fault must not yield one.
            while (rows == 0)
            {
                var from = Interlocked.Add(ref _next, ColumnVector.RowsMax) - ColumnVector.RowsMax;
                if (from >= _to) break;
                var to = Math.Min(_to, from + ColumnVector.RowsMax);
                for (var at = from; at < to; at++)
                {
                    var ordinal = _only is null ? at : _only[at];
                    if (_skip.Contains(ordinal)) continue;
                    var record = _batch[ordinal].Span;
                    if (parser.TryParse(record)) Write(writers, rows++, ordinal, parser, record);
                    else relation._faults[ordinal] = [.. parser.Faults];
                }
            }

            DataChunk.SetSize(chunk, (ulong)rows);
            relation._parsers.Add(parser);
        }

        private void Write(ColumnVector* writers, int row, int ordinal, RecordParser parser, ReadOnlySpan<byte> record)
        {
            var values = parser.Values;
            for (var i = 0; i < columns.Length; i++)
            {
                var column = columns[i];
                if (column == values.Length)
                {
                    writers[i].SetLong(row, ordinal);
                    continue;
                }

                ref readonly var value = ref values[column];
                if (value.Kind == RawValueKind.Text) writers[i].SetText(row, parser.TextOf(value, record));
                else if (value.Kind != RawValueKind.Number) writers[i].SetNull(row);
                else if (relation._types[column] == RawType.Boolean) writers[i].SetByte(row, (byte)value.Bits);
                else writers[i].SetLong(row, value.Bits);
            }
        }
    }
}
