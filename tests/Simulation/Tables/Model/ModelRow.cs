using Sluice.Sql;

namespace Sluice.Simulation.Tables.Model;

/// <summary>A row as the model keeps it.</summary>
internal sealed record ModelRow(int Id, string? Name, int? N, string? P)
{
    public const string Columns = "id, name, n, p";

    public string Sql => $"({Id}, {Text(Name)}, {N?.ToString(null, null) ?? "NULL"}, {Text(P)})";

    /// <summary>As the table's reader prints it.</summary>
    public string Json => $$"""{"id":{{Id}},"name":{{Quoted(Name)}},"n":{{N?.ToString(null, null) ?? "null"}},"p":{{Quoted(P)}}}""";

    public static string Select(IReadOnlyList<ModelRow> rows) => rows.Count == 0
        ? "SELECT 0::INTEGER AS id, ''::VARCHAR AS name, 0::INTEGER AS n, ''::VARCHAR AS p WHERE false"
        : $"SELECT id::INTEGER AS id, name::VARCHAR AS name, n::INTEGER AS n, p::VARCHAR AS p FROM (VALUES {string.Join(", ", rows.Select(r => r.Sql))}) v(id, name, n, p)";

    private static string Text(string? value) => value is null ? "NULL" : SqlName.Literal(value);

    private static string Quoted(string? value) => value is null ? "null" : $"\"{value}\"";
}

/// <summary>A predicate as SQL and as the model understands it; null is SQL's null.</summary>
internal sealed record ModelPredicate(string Sql, Func<ModelRow, bool?> Holds)
{
    public static ModelPredicate Random(Random random)
    {
        var k = random.Next(12);
        var name = s_names[random.Next(s_names.Length)];
        var p = s_parts[random.Next(s_parts.Length - 1)]!;
        return random.Next(9) switch
        {
            0 => new($"id = {k}", r => r.Id == k),
            1 => new($"id < {k}", r => r.Id < k),
            2 => new($"n > {k}", r => r.N is null ? null : r.N > k),
            3 => new("n IS NULL", r => r.N is null),
            4 when name is not null => new($"name = '{name}'", r => r.Name is null ? null : r.Name == name),
            5 => new($"p = '{p}'", r => r.P is null ? null : r.P == p),
            6 => new($"p = '{p}' AND id >= {k}", r => And(r.P is null ? null : r.P == p, r.Id >= k)),
            7 => new($"id IN ({k}, {k + 1}) OR p IS NULL", r => r.Id == k || r.Id == k + 1 || r.P is null),
            _ => new($"NOT (n = {k})", r => r.N is null ? null : r.N != k),
        };
    }

    private static readonly string?[] s_names = ["a", "bb", "ccc", null];
    private static readonly string?[] s_parts = ["x", "y z", "é=/%", null];

    public static ModelRow Row(Random random) => new(
        random.Next(12), s_names[random.Next(s_names.Length)], random.Next(4) == 0 ? null : random.Next(12), s_parts[random.Next(s_parts.Length)]);

    private static bool? And(bool? a, bool? b) => a == false || b == false ? false : a is null || b is null ? null : true;
}
