using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>A temporary table or view of one connection, gone when disposed.</summary>
internal sealed class TempRelation : IDisposable
{
    private static long s_last;

    private readonly DuckDBConnection _connection;
    private readonly string _kind;

    private TempRelation(DuckDBConnection connection, string kind)
    {
        _connection = connection;
        _kind = kind;
        Name = $"_sluice_{Interlocked.Increment(ref s_last)}";
    }

    public string Name { get; }

    /// <summary>Runs the select once and keeps its rows.</summary>
    public static async Task<TempRelation> TableAsync(DuckDBConnection connection, string select, CancellationToken cancel)
    {
        var relation = new TempRelation(connection, "TABLE");
        await connection.ExecuteAsync($"CREATE TEMP TABLE {relation.Name} AS {select}", cancel);
        return relation;
    }

    /// <summary>Gives the select a name; it is run whenever the name is read.</summary>
    public static async Task<TempRelation> ViewAsync(DuckDBConnection connection, string select, CancellationToken cancel)
    {
        var relation = new TempRelation(connection, "VIEW");
        await connection.ExecuteAsync($"CREATE TEMP VIEW {relation.Name} AS {select}", cancel);
        return relation;
    }

    public void Dispose() => _connection.Execute($"DROP {_kind} IF EXISTS {Name}");
}
