using Sluice.Sql;

namespace Sluice.Simulation.Tables.Model;

/// <summary>A row as the model keeps it; <paramref name="X"/> is the column that comes, is renamed and goes.</summary>
internal sealed record ModelRow(int Id, string? Name, long? N, string? P, string? X = null);

/// <summary>The columns of the model's table at a version.</summary>
/// <param name="Wide">Whether n has become BIGINT.</param>
/// <param name="Extra">The name of the last column; null while there is none.</param>
/// <param name="ExtraNumber">Tells columns apart that have the same name at different times.</param>
internal sealed record ModelShape(bool Wide, string? Extra, int ExtraNumber)
{
    public static ModelShape First { get; } = new(Wide: false, null, 0);

    public string Columns => Extra is null ? "id, name, n, p" : $"id, name, n, p, {Extra}";

    /// <summary>A row as the table's reader prints it.</summary>
    public string Json(ModelRow row)
    {
        var extra = Extra is null ? "" : $",\"{Extra}\":{Quoted(row.X)}";
        return $$"""{"id":{{row.Id}},"name":{{Quoted(row.Name)}},"n":{{row.N?.ToString(null, null) ?? "null"}},"p":{{Quoted(row.P)}}{{extra}}}""";
    }

    public string Select(IReadOnlyList<ModelRow> rows)
    {
        var values = rows.Count == 0 ? "(0, '', 0, '', '')" : string.Join(", ", rows.Select(Sql));
        var extra = Extra is null ? "" : $", x::VARCHAR AS {Extra}";
        return $"SELECT id::INTEGER AS id, name::VARCHAR AS name, n::{(Wide ? "BIGINT" : "INTEGER")} AS n, p::VARCHAR AS p{extra} "
            + $"FROM (VALUES {values}) v(id, name, n, p, x){(rows.Count == 0 ? " WHERE false" : "")}";
    }

    private static string Sql(ModelRow row) => $"({row.Id}, {Text(row.Name)}, {row.N?.ToString(null, null) ?? "NULL"}, {Text(row.P)}, {Text(row.X)})";

    private static string Text(string? value) => value is null ? "NULL" : SqlName.Literal(value);

    private static string Quoted(string? value) => value is null ? "null" : $"\"{value}\"";
}

/// <summary>A predicate as SQL and as the model understands it; null is SQL's null.</summary>
internal sealed record ModelPredicate(string Sql, Func<ModelRow, bool?> Holds)
{
    private static readonly string?[] s_names = ["a", "bb", "ccc", null];
    private static readonly string?[] s_parts = ["x", "y z", "é=/%", null];

    public static ModelPredicate Random(Random random, ModelShape shape)
    {
        var k = random.Next(12);
        var name = s_names[random.Next(s_names.Length)];
        var p = s_parts[random.Next(s_parts.Length - 1)]!;
        return random.Next(10) switch
        {
            0 => new($"id = {k}", r => r.Id == k),
            1 => new($"id < {k}", r => r.Id < k),
            2 => new($"n > {k}", r => r.N is null ? null : r.N > k),
            3 => new("n IS NULL", r => r.N is null),
            4 when name is not null => new($"name = '{name}'", r => r.Name is null ? null : r.Name == name),
            5 => new($"p = '{p}'", r => r.P is null ? null : r.P == p),
            6 => new($"p = '{p}' AND id >= {k}", r => And(r.P is null ? null : r.P == p, r.Id >= k)),
            7 => new($"id IN ({k}, {k + 1}) OR p IS NULL", r => r.Id == k || r.Id == k + 1 || r.P is null),
            8 when shape.Extra is { } extra => new($"{extra} IS NULL OR {extra} = 'a'", r => r.X is null or "a"),
            _ => new($"NOT (n = {k})", r => r.N is null ? null : r.N != k),
        };
    }

    public static ModelRow Row(Random random, ModelShape shape) => new(
        random.Next(12), s_names[random.Next(s_names.Length)], random.Next(4) == 0 ? null : random.Next(12) + (shape.Wide && random.Next(3) == 0 ? 1L << 40 : 0),
        s_parts[random.Next(s_parts.Length)], shape.Extra is null ? null : s_names[random.Next(s_names.Length)]);

    private static bool? And(bool? a, bool? b) => a == false || b == false ? false : a is null || b is null ? null : true;
}
