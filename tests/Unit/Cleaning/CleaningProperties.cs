using System.Text;
using CsCheck;
using Sluice.Testing.Cleaning;

namespace Sluice.Unit.Cleaning;

public sealed class CleaningProperties
{
    private static readonly Gen<string> s_id = Gen.Frequency(
        (12, Gen.Int[0, 40].Select(i => $"{i}")), (1, Gen.Long.Select(i => $"{i}")),
        (1, OneOf("null", "1.0", "1e2", "\"7\"", "true", "[]", "99999999999999999999", "-0")));

    private static readonly Gen<string> s_text = Gen.Frequency(
        (6, Gen.String[Gen.Char['a', 'z'], 0, 24].Select(t => $"\"{t}\"")),
        (2, OneOf("\" \"", "\"  padded \"", "\"\"", "null", "12.50", "true", "{}", "[1]", "\"\\u0041\\n\"", "\"é😀\"", "\"\\ud800\"")));

    private static readonly Gen<string> s_score = Gen.Frequency(
        (4, Gen.Double[-20, 120].Select(d => d.ToString("R", System.Globalization.CultureInfo.InvariantCulture))),
        (1, OneOf("null", "0", "100", "1e999", "\"5\"", "false", "-0.0")));

    private static readonly Gen<string> s_field = Gen.Frequency(
        (6, s_id.Select(v => $"\"id\":{v}")), (6, s_text.Select(v => $"\"name\":{v}")), (2, s_score.Select(v => $"\"score\":{v}")),
        (2, OneOf("true", "false", "null", "1").Select(v => $"\"active\":{v}")), (2, s_text.Select(v => $"\"note\":{v}")),
        (1, s_text.Select(v => $"\"other\":{v}")));

    private static readonly Gen<string> s_good = Gen.Select(s_id, s_text, s_score, (id, name, score) => $$"""{"id":{{id}},"name":{{name}},"score":{{score}}}""");

    /// <summary>A record as a producer might send it: mostly good, and every kind of bad.</summary>
    internal static readonly Gen<byte[]> Record = Gen.Frequency(
        (10, s_good.Select(Encoding.UTF8.GetBytes)),
        (4, s_field.Array[0, 7].Select(fields => Encoding.UTF8.GetBytes($"{{{string.Join(',', fields)}}}"))),
        (1, OneOf("", "null", "[]", "{", "{\"id\":1", " {\"id\":1,\"name\":\"a\"} ", "{\"id\":1,\"name\":\"a\"}{}", "\uFEFF{}").Select(Encoding.UTF8.GetBytes)),
        (1, Gen.Byte.Where(b => b != (byte)'\n').Array[0, 30]),
        (1, Gen.Select(s_good, Gen.Int[0, 60], Gen.Byte.Where(b => b != (byte)'\n'), (text, at, b) =>
        {
            // A good record with one byte changed.
            var bytes = Encoding.UTF8.GetBytes(text);
            bytes[at % bytes.Length] = b;
            return bytes;
        })));

    [Fact]
    public async Task Every_record_gets_the_verdict_that_an_independent_reading_gives_it()
    {
        await Gen.Select(Record.Array[1, 300], Gen.Int[40, 200], Gen.Int[1, 60]).SampleAsync(
            async (records, rowsPerCommit, perObject) =>
            {
                using var bed = new CleaningBed();
                bed.Options = bed.Options with { RowsPerCommitMax = rowsPerCommit };
                for (var start = 0; start < records.Length; start += perObject) await bed.PutBytesAsync(0, start, records[start..Math.Min(records.Length, start + perObject)]);
                var report = await bed.CleanAsync();

                var expected = ReadingOracle.Judge(records);
                (report.Clean, report.Quarantined, report.Duplicates).ShouldBe(
                    (Count(expected, "clean"), Count(expected, "quarantined"), Count(expected, "duplicate")));
                (await ActualAsync(bed, expected)).ShouldBe(expected.Where(e => !e.StartsWith("clean")).Concat(expected.Where(e => e.StartsWith("clean")).Order(StringComparer.Ordinal)));
                (await bed.LedgerAsync(records.Length)).Closes.ShouldBeTrue();
            },
            iter: 10, threads: 1);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static int Count(IReadOnlyList<string> verdicts, string kind) => verdicts.Count(verdict => verdict.StartsWith(kind, StringComparison.Ordinal));

    /// <summary>What the tables say: quarantined and duplicates in order of their places, then the clean rows.</summary>
    private static async Task<IReadOnlyList<string>> ActualAsync(CleaningBed bed, IReadOnlyList<string> expected)
    {
        var byPlace = new SortedDictionary<int, string>();
        foreach (var row in await bed.RowsAsync("quarantine.reading", """SELECT "offset", array_to_string(list_sort(reasons), '; ') FROM {t}"""))
        {
            var parts = row.Split('|', 2);
            byPlace[int.Parse(parts[0])] = "quarantined " + (parts[1].StartsWith("clean SQL: Conversion Error") ? "clean SQL" : parts[1]);
        }

        foreach (var row in await bed.RowsAsync("duplicates.reading", """SELECT "offset", key FROM {t}"""))
            byPlace[int.Parse(row.Split('|')[0])] = "duplicate " + row.Split('|')[1];
        var clean = await bed.RowsAsync("batch.reading", "SELECT * FROM {t}");
        byPlace.Count.ShouldBe(expected.Count - clean.Count, "a place is missing or twice");
        return [.. byPlace.Values, .. clean.Select(row => "clean " + row).Order(StringComparer.Ordinal)];
    }
}
