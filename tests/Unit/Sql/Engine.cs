using Sluice.Sql;

namespace Sluice.Unit.Sql;

internal static class Engine
{
    public static DuckDb Open() => DuckDb.Open(new DuckDbOptions(TempDirectory: null, MemoryBytesMax: 1L << 30, Threads: 2));

    /// <summary>What an expression over the column <c>t</c> gives for each of the texts, in one statement.</summary>
    public static async Task<IReadOnlyList<T?>> EvaluateAsync<T>(string expression, IReadOnlyList<string?> texts)
    {
        using var duckDb = Open();
        using var connection = duckDb.Connect();
        var rows = texts.Select((t, i) => $"({i}, {(t is null ? "NULL" : SqlName.Literal(t))})");
        return await connection.ReadAsync(
            $"SELECT {expression} FROM (VALUES {string.Join(", ", rows)}) v(i, t) ORDER BY i",
            r => r.IsDBNull(0) ? default : r.GetFieldValue<T>(0),
            CancellationToken.None);
    }
}
