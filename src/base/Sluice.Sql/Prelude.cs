namespace Sluice.Sql;

/// <summary>The functions that every engine must have before it runs a pipeline's SQL, as the text that defines them.</summary>
public static class Prelude
{
    /// <summary><c>prelude/duckdb.sql</c>; <see cref="DuckDb.Open"/> has run it.</summary>
    public static string DuckDb { get; } = Read("prelude/duckdb.sql");

    /// <summary><c>prelude/spark.sql</c>, for Spark and Databricks.</summary>
    public static string Spark { get; } = Read("prelude/spark.sql");

    private static string Read(string name)
    {
        using var stream = typeof(Prelude).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded in {typeof(Prelude).Assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
