using Shouldly;
using Sluice.Analysis;
using Sluice.Sql;
using Sluice.Tables;
using Sluice.Testing;
using Xunit;

namespace Sluice.Unit.Tables.Skipping;

/// <summary>
/// Random tables and predicates: a query that skips files gives the rows of one that reads them all. Values are those at which comparing goes
/// wrong: NaN, infinities, both zeros, texts that statistics cut, times between milliseconds, numbers beyond a double, nulls.
/// </summary>
public sealed class SkippingProperties
{
    private const int Files = 5;
    private const int Predicates = 30;

    private static readonly (string Type, string[] Values)[] s_types =
    [
        ("INTEGER", ["-2147483648", "-1", "0", "1", "2", "7", "2147483647"]),
        ("BIGINT", ["-9223372036854775808", "0", "1", "9007199254740992", "9007199254740993", "9223372036854775807"]),
        ("SMALLINT", ["-32768", "-3", "0", "5", "32767"]),
        ("DOUBLE", ["nan", "inf", "-inf", "-0.0", "0.0", "0.1", "0.30000000000000004", "1e300", "-1e-300", "5", "9007199254740993", "4.9e-324"]),
        ("FLOAT", ["nan", "inf", "-inf", "-0.0", "0.0", "0.1", "3.4e38", "16777217", "-5"]),
        ("VARCHAR",
        [
            "", "a", "A", "é", "zz", Long("z", 40), Long("z", 32) + "a", Long("z", 31) + "\U0001F600x", Long("\U0010FFFF", 33), Long("\ud7ff", 33), Long("\uffff", 35),
            "a\u0001", "~",
        ]),
        ("DATE", ["0001-01-01", "1969-12-31", "2024-02-29", "2024-03-01", "9999-12-31", "10000-01-01", "infinity", "-infinity", "0044-03-15 (BC)"]),
        ("TIMESTAMP WITH TIME ZONE",
        [
            "1969-12-31 23:59:59.999999+00", "1970-01-01 00:00:00.000001+00", "2024-01-01 00:00:00+00", "2024-01-01 00:00:00.000999+00", "2024-01-01 00:00:00.001+00",
            "2024-01-01 00:00:00.0005+00", "9999-12-31 23:59:59.999999+00", "290000-01-01 00:00:00+00", "infinity", "0001-01-01 00:00:00+00",
        ]),
        ("TIMESTAMP", ["1969-12-31 23:59:59.999999", "2024-01-01 00:00:00.000999", "2024-01-01 00:00:00.001", "9999-12-31 23:59:59.999999", "infinity"]),
        ("DECIMAL(9,2)", ["-9999999.99", "-0.01", "0", "1.05", "9999999.99"]),
        ("DECIMAL(38,20)", ["-999999999999999999.99999999999999999999", "0", "0.00000000000000000001", "1", "1.05", "999999999999999999.99999999999999999999"]),
        ("DECIMAL(38,38)", ["0", "0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000002", "-0.5"]),
        ("BOOLEAN", ["true", "false"]),
    ];

    /// <summary>A long run sets SLUICE_TEST_SKIPPING_TABLES; each table has the seed that is its number.</summary>
    private static readonly int s_tables = int.TryParse(Environment.GetEnvironmentVariable("SLUICE_TEST_SKIPPING_TABLES"), out var count) ? count : 4;

    [Fact]
    public async Task A_query_that_skips_files_gives_the_rows_of_one_that_reads_them_all()
    {
        using var bed = new TableBed();
        var query = new TableQuery(bed.Catalog, new DuckDbOptions(null, 256L << 20, 1));
        var skipped = 0;
        for (var seed = 0; seed < s_tables; seed++) skipped += await RunAsync(bed, query, seed);
        skipped.ShouldBeGreaterThan(s_tables * Predicates / 4, "hardly a file was skipped, so this shows nothing");
    }

    private static async Task<int> RunAsync(TableBed bed, TableQuery query, int seed)
    {
        var random = new Random(seed);
        var columns = Enumerable.Range(0, 6).Select(i => new Column($"c{i}", random.Next(s_types.Length))).ToList();
        var table = await CreateAsync(bed, seed, columns, random);
        var snapshot = await table.SnapshotAsync(TableBed.Cancel);
        var all = await table.RelationAsync(snapshot, TableBed.Cancel);
        var skipped = 0;
        for (var i = 0; i < Predicates; i++)
        {
            var predicate = Predicate(columns, random, depth: 2);
            var story = $"seed {seed}, {string.Join(", ", columns.Select(c => $"{c.Name} {c.Type}"))}: {predicate}";
            var wanted = bed.Rows($"SELECT * FROM {all} WHERE {predicate}");
            skipped += snapshot.Files.Count - (await table.FilesMatchingAsync(snapshot, predicate, TableBed.Cancel)).Count;
            var found = new List<string>();
            using var result = await query.RunAsync($"SELECT to_json(w)::VARCHAR FROM (SELECT * FROM {table.Name} WHERE {predicate}) w ORDER BY 1", TableBed.Cancel);
            await foreach (var row in result.ReadAsync(TableBed.Cancel)) found.Add((string)row[0]!);
            string.Join('\n', found).ShouldBe(string.Join('\n', wanted), story);
        }

        return skipped;
    }

    private static async Task<DeltaTable> CreateAsync(TableBed bed, int seed, List<Column> columns, Random random)
    {
        var properties = new Dictionary<string, string> { ["delta.feature.timestampNtz"] = "supported", ["delta.enableDeletionVectors"] = random.Next(2) == 0 ? "true" : "false" };
        if (random.Next(3) == 0) properties["delta.columnMapping.mode"] = "name";
        var schema = TableBed.Schema([.. columns.Select(c => (c.Name, c.Type))]);
        string[] partitions = random.Next(2) == 0 ? ["c0"] : [];
        var table = await bed.Catalog.OpenOrCreateAsync(
            new TableName("t", $"s{seed}"), new TableDesign(schema) { PartitionColumns = partitions, Properties = properties }, TableBed.Cancel);
        for (var file = 0; file < Files; file++)
        {
            // A file holds few of the values, so that there is something to skip.
            var few = columns.Select(c => Enumerable.Range(0, random.Next(1, 3)).Select(_ => c.Value(random, partitions.Contains(c.Name))).ToArray()).ToList();
            var rows = Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"({string.Join(", ", few.Select(values => values[random.Next(values.Length)]))})");
            var typed = string.Join(", ", columns.Select(c => $"{c.Name}::{c.Type} AS {c.Name}"));
            await bed.AppendAsync(table, $"SELECT {typed} FROM (VALUES {string.Join(", ", rows)}) v({string.Join(", ", columns.Select(c => c.Name))})");
        }

        if (random.Next(2) == 0) await table.DeleteAsync(bed.Connection, Predicate(columns, random, depth: 0), TableBed.Cancel);
        return table;
    }

    private static string Predicate(List<Column> columns, Random random, int depth)
    {
        if (depth > 0 && random.Next(2) == 0)
        {
            var (left, right) = (Predicate(columns, random, depth - 1), Predicate(columns, random, depth - 1));
            return random.Next(3) switch { 0 => $"({left}) AND ({right})", 1 => $"({left}) OR ({right})", _ => $"NOT ({left})" };
        }

        var column = columns[random.Next(columns.Count)];
        var name = random.Next(3) == 0 ? $"\"{column.Name}\"" : column.Name;
        string[] operators = ["=", "<>", "<", "<=", ">", ">=", "=", "<", ">"];
        return random.Next(10) switch
        {
            0 => $"{name} IS NULL",
            1 => $"{name} IS NOT NULL",
            2 => $"{name} IN ({column.Literal(random)}, {column.Literal(random)}, NULL)",
            3 => $"{name} BETWEEN {column.Literal(random)} AND {column.Literal(random)}",
            4 => $"{column.Literal(random)} {operators[random.Next(operators.Length)]} {name}",
            5 when column.IsNumber => $"{name} {operators[random.Next(operators.Length)]} {(random.Next(2) == 0 ? "1.5" : "1")}",
            _ => $"{name} {operators[random.Next(operators.Length)]} {column.Literal(random)}",
        };
    }

    private static string Long(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private sealed record Column(string Name, int TypeNumber)
    {
        public string Type => s_types[TypeNumber].Type;

        public bool IsNumber => Type is "INTEGER" or "SMALLINT" or "BIGINT" or "DOUBLE" or "FLOAT" || Type.StartsWith("DECIMAL(9", StringComparison.Ordinal);

        /// <summary>A value of a row, some times null.</summary>
        /// <param name="plain">Whether only values that other engines can write as a partition's are wanted.</param>
        public string Value(Random random, bool plain)
        {
            var values = plain ? Array.FindAll(s_types[TypeNumber].Values, IsPlain) : s_types[TypeNumber].Values;
            return random.Next(7) == 0 ? "NULL" : Cast(values[random.Next(values.Length)]);
        }

        /// <summary>A value in a predicate: with its type, or as a bare text or number.</summary>
        public string Literal(Random random)
        {
            var value = s_types[TypeNumber].Values[random.Next(s_types[TypeNumber].Values.Length)];
            return random.Next(3) switch
            {
                0 when double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && Type is not "VARCHAR" => value,
                1 when Type is not "BOOLEAN" => SqlName.Literal(value),
                _ => Cast(value),
            };
        }

        private static bool IsPlain(string value) => !Array.Exists(["inf", "BC", "0000-"], part => value.Contains(part, StringComparison.Ordinal));

        private string Cast(string value) => $"CAST({SqlName.Literal(value)} AS {Type})";
    }
}
