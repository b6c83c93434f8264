using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Sluice.Cleaning.Quality;
using Sluice.Cleaning.Raw;

namespace Sluice.Cleaning.Judging;

/// <summary>
/// Lets rows into the clean table while the statement that writes them runs: a DuckDB function that sees the position, the hash of the
/// key and the verdict of the conditions of every row of the result, notes them, and admits the good rows of keys not seen before.
/// </summary>
/// <remarks>
/// https://duckdb.org/docs/stable/clients/c/api#scalar-functions. A row it does not admit is only held back: whether it is a duplicate is for
/// a comparison of the keys to say. The function is called from several native threads, so no exception may leave it.
/// </remarks>
internal sealed unsafe class Admission : IDisposable
{
    public const string Function = "sluice_admit";

    /// <summary>The position that is given for the keys of rows which the table holds.</summary>
    private const long Known = -1;

    private readonly Lock _gate = new();
    private readonly KeySet _keys = new();
    private readonly Dictionary<ulong, int> _admitted = [];
    private readonly RowConditions _conditions;
    private readonly List<int> _atFault = [];
    private readonly List<int> _dropped = [];
    private readonly List<(int Position, int? Before)> _heldBack = [];
    private GCHandle _self;
    private ulong[] _seen = [];
    private int _records;
    private Exception? _failure;

    public Admission(DuckDBConnection connection, RowConditions conditions)
    {
        _conditions = conditions;
        Tally = new Tally(conditions.Expectations.Count);
        _self = GCHandle.Alloc(this);
        Register(connection);
    }

    /// <summary>Positions of the rows at fault.</summary>
    public IReadOnlyList<int> AtFault => _atFault;

    /// <summary>Positions of the rows that an expectation leaves out.</summary>
    public IReadOnlyList<int> Dropped => _dropped;

    public Tally Tally { get; }

    /// <summary>Positions of good rows that were not admitted, each with the position of the row whose key has the same hash; null for a row of the table.</summary>
    public IReadOnlyList<(int Position, int? Before)> HeldBack => _heldBack;

    public int Admitted => _admitted.Count;

    /// <summary>Keys that later rows are held against.</summary>
    public int KnownKeys => _keys.Count;

    /// <summary>Rows that came, each with a position of its own; -1 when a position came twice or is none of the batch.</summary>
    public long Seen { get; private set; }

    /// <summary>An expression over <c>judged</c>.</summary>
    public static string Admits(string key, string type) => $"{Function}(_position, hash(CAST({key} AS {type})), {RowConditions.Column})";

    /// <summary>An expression that is false, over rows of the table, whose keys it notes.</summary>
    public static string Notes(string key, string type) => $"{Function}({Known}, hash(CAST({key} AS {type})), 0::BIGINT)";

    /// <summary>Forgets what the last batch was; its admitted keys must have been kept or dropped.</summary>
    public void Begin(int records)
    {
        var words = (records + 63) / 64;
        if (_seen.Length < words) _seen = new ulong[words];
        else _seen.AsSpan(0, words).Clear();
        (_records, Seen) = (records, 0);
        _atFault.Clear();
        _dropped.Clear();
        Tally.Clear();
        _heldBack.Clear();
        _admitted.Clear();
    }

    /// <summary>Makes the admitted rows' keys those of rows which the table holds.</summary>
    public void Keep()
    {
        foreach (var hash in _admitted.Keys) _keys.Add(hash);
        _admitted.Clear();
    }

    public void ForgetKeys() => _keys.Clear();

    public void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new InvalidOperationException("Admitting rows failed.", failure);
    }

    public void Dispose()
    {
        if (_self.IsAllocated) _self.Free();
    }

    private void Register(DuckDBConnection connection)
    {
        var function = NativeMethods.ScalarFunction.DuckDBCreateScalarFunction();
        try
        {
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetName(function, Function);
            foreach (var type in (ReadOnlySpan<DuckDBType>)[DuckDBType.BigInt, DuckDBType.UnsignedBigInt, DuckDBType.BigInt])
            {
                using var parameter = NativeMethods.LogicalType.DuckDBCreateLogicalType(type);
                NativeMethods.ScalarFunction.DuckDBScalarFunctionAddParameter(function, parameter);
            }

            using var result = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Boolean);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetReturnType(function, result);
            // A call with the same arguments is another row.
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetVolatile(function);
            // A NULL position is a row too, and a fault of the SQL.
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetSpecialHandling(function);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetExtraInfo(function, GCHandle.ToIntPtr(_self), null);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetFunction(function, &Admit);
            if (NativeMethods.ScalarFunction.DuckDBRegisterScalarFunction(connection.NativeConnection, function) != DuckDBState.Success)
                throw new InvalidOperationException($"DuckDB refuses the function {Function}.");
        }
        finally
        {
            NativeMethods.ScalarFunction.DuckDBDestroyScalarFunction(ref function);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Admit(IntPtr info, IntPtr chunk, IntPtr output)
    {
        var self = (Admission)GCHandle.FromIntPtr(NativeMethods.ScalarFunction.DuckDBScalarFunctionGetExtraInfo(info)).Target!;
        try
        {
            var rows = (int)DataChunk.Size(chunk);
            var positions = new Column(DataChunk.Vector(chunk, 0));
            var hashes = new Column(DataChunk.Vector(chunk, 1));
            var verdicts = new Column(DataChunk.Vector(chunk, 2));
            var admitted = (byte*)NativeMethods.Vectors.DuckDBVectorGetData(output);
            lock (self._gate)
            {
                for (var row = 0; row < rows; row++)
                {
                    var position = positions.Has(row) ? ((long*)positions.Data)[row] : long.MaxValue;
                    admitted[row] = (byte)(self.Admits(position, ((ulong*)hashes.Data)[row], ((long*)verdicts.Data)[row]) ? 1 : 0);
                }
            }
        }
        catch (Exception failure)
        {
            self._failure = failure;
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetError(info, failure.Message);
        }
    }

    private bool Admits(long position, ulong hash, long verdict)
    {
        if (position == Known)
        {
            _keys.Add(hash);
            return false;
        }

        if (!IsNew(position)) return false;
        Tally.Add(verdict, (int)position);
        var fate = _conditions.FateOf(verdict);
        if (fate != RowFate.Good)
        {
            (fate == RowFate.Dropped ? _dropped : _atFault).Add((int)position);
            return false;
        }

        if (_keys.Contains(hash))
        {
            _heldBack.Add(((int)position, null));
            return false;
        }

        if (_admitted.TryAdd(hash, (int)position)) return true;
        _heldBack.Add(((int)position, _admitted[hash]));
        return false;
    }

    private bool IsNew(long position)
    {
        if (Seen < 0) return false;
        var bit = 1UL << (int)(position & 63);
        if ((ulong)position >= (ulong)_records || (_seen[position >> 6] & bit) != 0)
        {
            Seen = -1;
            return false;
        }

        _seen[position >> 6] |= bit;
        Seen++;
        return true;
    }

    private readonly struct Column(IntPtr vector)
    {
        private readonly ulong* _validity = NativeMethods.Vectors.DuckDBVectorGetValidity(vector);

        public readonly void* Data = NativeMethods.Vectors.DuckDBVectorGetData(vector);

        public bool Has(int row) => _validity == null || (_validity[row >> 6] & (1UL << (row & 63))) != 0;
    }
}
