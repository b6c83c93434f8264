using DuckDB.NET.Data;

namespace Sluice.Tables;

/// <summary>Holds the columns of a select against a table's schema before any row is written.</summary>
internal static class SelectShape
{
    private static readonly string[] s_integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"];

    /// <summary>The select itself, or one around it that widens integers and floats to the table's types.</summary>
    /// <exception cref="TableSchemaException">A column has another name, or a type that does not fit without loss.</exception>
    public static async Task<string> ConformAsync(
        TableName table, TableSchema schema, DuckDBConnection connection, string select, CancellationToken cancel)
    {
        var given = await DescribeAsync(connection, select, cancel);
        if (given.Count != schema.Columns.Count || given.Zip(schema.Columns).Any(p => p.First.Name != p.Second.Name))
        {
            throw new TableSchemaException(
                table, $"the select gives the columns ({Names(given)}), but the table has ({Names(schema.Columns)}): select these, in this order");
        }

        var columns = new List<string>();
        var widened = false;
        foreach (var (has, wants) in given.Zip(schema.Columns))
        {
            var (from, to) = (TableSchemas.Normal(has.DuckDbType), TableSchemas.Normal(wants.DuckDbType));
            var name = DuckDbType.Quote(wants.Name);
            columns.Add(from == to ? name : $"CAST({name} AS {to}) AS {name}");
            if (from == to) continue;
            widened = true;
            if (!Widens(from, to))
            {
                throw new TableSchemaException(table, $"the select gives column '{wants.Name}' as {has.DuckDbType}, but the table has {wants.DuckDbType}: CAST it");
            }
        }

        return widened ? $"SELECT {string.Join(", ", columns)} FROM ({select}\n)" : select;
    }

    private static bool Widens(string from, string to)
    {
        var (a, b) = (Array.IndexOf(s_integers, from), Array.IndexOf(s_integers, to));
        return (a >= 0 && b > a) || (from == "FLOAT" && to == "DOUBLE");
    }

    private static async Task<List<TableColumn>> DescribeAsync(DuckDBConnection connection, string select, CancellationToken cancel)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"DESCRIBE ({select}\n)";
        using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<TableColumn>();
        while (await reader.ReadAsync(cancel)) columns.Add(new TableColumn(reader.GetString(0), reader.GetString(1), Nullable: true));
        return columns;
    }

    private static string Names(IEnumerable<TableColumn> columns) => string.Join(", ", columns.Select(c => c.Name));
}
