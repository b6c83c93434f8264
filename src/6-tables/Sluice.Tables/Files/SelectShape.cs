using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>Holds the columns of a select against a table's schema before any row is written.</summary>
internal static class SelectShape
{
    private static readonly string[] s_integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT"];

    /// <summary>The select itself, or one around it that widens integers and floats to the table's types.</summary>
    /// <exception cref="TableSchemaException">A column has another name, or a type that does not fit without loss.</exception>
    /// <exception cref="SqlException">DuckDB cannot bind the select.</exception>
    public static string Conform(TableName table, TableSchema schema, DuckDBConnection connection, string select)
    {
        var given = connection.Describe($"({select}\n)").Select(c => new TableColumn(c.Name, c.Type, Nullable: true)).ToArray();
        if (given.Length != schema.Columns.Count || given.Zip(schema.Columns).Any(p => p.First.Name != p.Second.Name))
        {
            throw new TableSchemaException(
                table, $"the select gives the columns ({Names(given)}), but the table has ({Names(schema.Columns)}): select these, in this order");
        }

        var columns = new List<string>();
        var widened = false;
        foreach (var (has, wants) in given.Zip(schema.Columns))
        {
            var (from, to) = (TableSchemas.Normal(has.DuckDbType), TableSchemas.Normal(wants.DuckDbType));
            var name = SqlName.Quote(wants.Name);
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

    private static string Names(IEnumerable<TableColumn> columns) => string.Join(", ", columns.Select(c => c.Name));
}
