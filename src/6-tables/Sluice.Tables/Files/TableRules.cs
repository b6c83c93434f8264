using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>What every row of a table must meet: SQL that has to be true.</summary>
internal sealed record TableRule(string Name, string Sql)
{
    /// <summary>How a person reads it.</summary>
    public string Text { get; init; } = Sql;
}

/// <summary>The rules of a table that the statistics of a file cannot show: constraints, invariants, nested NOT NULL.</summary>
/// <remarks>
/// https://github.com/delta-io/delta/blob/master/PROTOCOL.md#check-constraints and #column-invariants: a rule that gives null is
/// broken. Other engines wrote the expressions in Spark's SQL; what DuckDB does not understand keeps the table from being written.
/// </remarks>
internal static class TableRules
{
    public static IReadOnlyList<TableRule> Of(Snapshot snapshot)
    {
        var rules = new List<TableRule>();
        foreach (var (key, text) in snapshot.Metadata.Configuration)
        {
            if (key.StartsWith(Features.ConstraintPrefix, StringComparison.Ordinal))
                rules.Add(new TableRule($"constraint '{key[Features.ConstraintPrefix.Length..]}'", DuckDbSpelling(text)) { Text = text });
        }

        foreach (var field in snapshot.DeltaSchema.Fields) AddField(rules, field, snapshot.Metadata.PartitionColumns);
        return rules;
    }

    /// <summary>Holds a relation's rows against rules.</summary>
    /// <exception cref="TableRuleException">A row breaks one.</exception>
    /// <exception cref="TableUnsupportedException">DuckDB cannot evaluate one.</exception>
    public static async Task CheckAsync(
        TableName table, IReadOnlyList<TableRule> rules, DuckDBConnection connection, string relation, CancellationToken cancel)
    {
        if (rules.Count == 0) return;
        var counts = string.Join(", ", rules.Select(r => $"count(*) FILTER (WHERE ({r.Sql}) IS NOT TRUE)"));
        IReadOnlyList<long[]> broken;
        try
        {
            broken = await connection.ReadAsync($"SELECT {counts} FROM {relation}", row => rules.Select((_, i) => row.GetInt64(i)).ToArray(), cancel);
        }
        catch (SqlException e) when (!e.OutOfMemory)
        {
            throw new TableUnsupportedException(table, $"one of its rules cannot be evaluated ({string.Join(", ", rules.Select(r => $"{r.Name}: {r.Text}"))}): {e.Message}");
        }

        for (var i = 0; i < rules.Count; i++)
        {
            if (broken[0][i] > 0) throw new TableRuleException(table, $"{broken[0][i]} rows break the {rules[i].Name}: {rules[i].Text}");
        }
    }

    /// <summary>Spark quotes names with backticks.</summary>
    public static string DuckDbSpelling(string expression)
    {
        var text = new StringBuilder(expression.Length);
        var literal = false;
        foreach (var c in expression)
        {
            if (c == '\'') literal = !literal;
            text.Append(c == '`' && !literal ? '"' : c);
        }

        return text.ToString();
    }

    private static void AddField(List<TableRule> rules, StructField field, IReadOnlyList<string> partitions)
    {
        var name = SqlName.Quote(field.Name);
        if (Invariant(field) is { } invariant) rules.Add(new TableRule($"invariant of column '{field.Name}'", DuckDbSpelling(invariant)) { Text = invariant });
        var shownByStats = field.Type is PrimitiveType or DecimalType && !partitions.Contains(field.Name);
        if (!field.Nullable && !shownByStats)
        {
            // An empty text in a partition column is read back as null.
            var value = partitions.Contains(field.Name) ? PartitionValue.Text(field.Type, name) : name;
            rules.Add(new TableRule($"NOT NULL of column '{field.Name}'", $"{value} IS NOT NULL") { Text = $"{field.Name} IS NOT NULL" });
        }

        AddNested(rules, field.Type, name, field.Name);
    }

    private static void AddNested(List<TableRule> rules, DeltaType type, string expression, string path)
    {
        switch (type)
        {
            case StructType fields:
                foreach (var field in fields.Fields)
                {
                    var inner = $"({expression}).{SqlName.Quote(field.Name)}";
                    var name = $"{path}.{field.Name}";
                    if (!field.Nullable) rules.Add(new TableRule($"NOT NULL of field '{name}'", $"{expression} IS NULL OR {inner} IS NOT NULL"));
                    AddNested(rules, field.Type, inner, name);
                }

                break;
            case ArrayType { ContainsNull: false }:
                rules.Add(new TableRule($"NOT NULL of elements of '{path}'", $"{expression} IS NULL OR len(list_filter({expression}, lambda e: e IS NULL)) = 0"));
                break;
            case MapType { ValueContainsNull: false }:
                rules.Add(new TableRule($"NOT NULL of values of '{path}'", $"{expression} IS NULL OR len(list_filter(map_values({expression}), lambda e: e IS NULL)) = 0"));
                break;
            default:
                break;
        }
    }

    /// <summary>The expression inside <c>{"expression":{"expression":"x > 3"}}</c>.</summary>
    private static string? Invariant(StructField field)
    {
        if (!field.Has(Features.Invariants)) return null;
        try
        {
            using var document = JsonDocument.Parse(field.Metadata.GetProperty(Features.Invariants).GetString()!);
            return document.RootElement.GetProperty("expression").GetProperty("expression").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LogFormatException($"the invariant of column '{field.Name}' is not as the protocol writes it", e);
        }
    }
}

/// <summary>Rows break a rule of the table, or a change of rows contradicts itself; nothing was written.</summary>
public sealed class TableRuleException(TableName table, string reason) : Exception($"Table {table}: {reason}");
