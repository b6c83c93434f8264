using Sluice.Sql;
using System.Globalization;
using CsCheck;

namespace Sluice.Unit.Sql;

public sealed class ParseTimestampTests
{
    private const string Expression = "epoch_us(parse_timestamp(t))";

    [Theory]
    [InlineData("2020-08-28 03:52:47", "2020-08-28T03:52:47.000000")]
    [InlineData("2020-08-28T03:52:47", "2020-08-28T03:52:47.000000")]
    [InlineData("2020-08-28T03:52:47Z", "2020-08-28T03:52:47.000000")]
    [InlineData("2020-08-28T03:52:47.000+0000", "2020-08-28T03:52:47.000000")]
    [InlineData("2020-08-28T03:52:47.123456789", "2020-08-28T03:52:47.123456")]
    [InlineData("2020-08-28 03:52:47.5+05:30", "2020-08-27T22:22:47.500000")]
    [InlineData("2020-08-28 03:52:47-08", "2020-08-28T11:52:47.000000")]
    [InlineData(" 2020-02-29 23:59:59\u00a0", "2020-02-29T23:59:59.000000")]
    [InlineData("1000-01-01 00:00:00", "1000-01-01T00:00:00.000000")]
    [InlineData("9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999")]
    public async Task A_timestamp_is_a_moment_in_utc(string text, string utc) =>
        (await Engine.EvaluateAsync<long?>(Expression, [text])).ShouldBe([Micros(DateTime.Parse(utc, CultureInfo.InvariantCulture))]);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2021-02-29 00:00:00")]
    [InlineData("2020-13-01 00:00:00")]
    [InlineData("2020-00-10 00:00:00")]
    [InlineData("2020-08-28 24:00:00")]
    [InlineData("2020-08-28 23:59:60")]
    [InlineData("0000-08-28 00:00:00")]
    [InlineData("2020-08-28")]
    [InlineData("28-08-2020 03:52:47")]
    [InlineData("2020:08:28 03:52:47")]
    [InlineData("2020-8-28 3:52:47")]
    [InlineData("2020-08-28 03:52")]
    [InlineData("2020-08-28  03:52:47")]
    [InlineData("2020-08-28t03:52:47z")]
    [InlineData("2020-08-28 03:52:47.")]
    [InlineData("2020-08-28 03:52:47+15:00")]
    [InlineData("2020-08-28 03:52:47 Europe/Amsterdam")]
    [InlineData("infinity")]
    [InlineData("epoch")]
    [InlineData("2020-08-28 03:52:47\n2020-08-28 03:52:47")]
    public async Task What_is_no_timestamp_is_null(string? text) =>
        (await Engine.EvaluateAsync<long?>(Expression, [text])).ShouldBe([null]);

    [Fact]
    public async Task Every_text_reads_as_the_oracle_reads_it()
    {
        var text = Gen.Select(
            Gen.Int[999, 9999], Gen.Int[0, 13], Gen.Int[0, 32], Gen.OneOf(" ", "T", "  ", "_"),
            Gen.Select(Gen.Int[0, 24], Gen.Int[0, 60], Gen.Int[0, 60], (h, m, s) => $"{h:00}:{m:00}:{s:00}"),
            Gen.OneOf("", "", ".", ".5", ".123456", ".1234567", ".1234567891"),
            Gen.OneOf("", "", "Z", "z", "+00", "+0530", "-14:59", "+15:00", "+5", "+05:60"),
            (y, mo, d, between, time, fraction, offset) => $"{y:0000}-{mo:00}-{d:00}{between}{time}{fraction}{offset}");
        await text.Array[400].SampleAsync(
            async texts => (await Engine.EvaluateAsync<long?>(Expression, texts)).ShouldBe(texts.Select(Oracle)),
            iter: 15);
    }

    [Fact]
    public async Task The_time_zone_of_the_process_does_not_matter()
    {
        using var duckDb = Engine.Open();
        using var connection = duckDb.Connect();
        var rows = await connection.ReadAsync(
            "SELECT CAST(parse_timestamp('2020-08-28 03:52:47') AS VARCHAR), current_setting('TimeZone')",
            r => (r.GetString(0), r.GetString(1)),
            CancellationToken.None);
        rows.ShouldBe([("2020-08-28 03:52:47+00", "UTC")]);
    }

    private static long Micros(DateTime moment) => (moment - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Cuts the text at fixed places and lets DateTime judge the calendar.</summary>
    private static long? Oracle(string text)
    {
        if (text.Length < 19 || text[10] is not (' ' or 'T')) return null;
        var numbers = new[] { text[..4], text[5..7], text[8..10], text[11..13], text[14..16], text[17..19] };
        if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' || !numbers.All(n => n.All(char.IsAsciiDigit))) return null;
        var n = numbers.Select(x => int.Parse(x, CultureInfo.InvariantCulture)).ToArray();
        var isDay = n[0] >= 1000 && n[1] is >= 1 and <= 12 && n[2] >= 1 && n[2] <= DateTime.DaysInMonth(n[0], n[1]);
        if (!isDay || n[3] > 23 || n[4] > 59 || n[5] > 59) return null;

        var rest = text[19..];
        var micros = 0L;
        if (rest.StartsWith('.'))
        {
            var digits = new string([.. rest.Skip(1).TakeWhile(char.IsAsciiDigit)]);
            if (digits.Length is 0 or > 9) return null;
            micros = long.Parse(digits.PadRight(6, '0')[..6], CultureInfo.InvariantCulture);
            rest = rest[(1 + digits.Length)..];
        }

        if (OffsetMinutes(rest) is not { } offset) return null;
        return Micros(new DateTime(n[0], n[1], n[2], n[3], n[4], n[5], DateTimeKind.Utc)) + micros - offset * 60_000_000L;
    }

    private static int? OffsetMinutes(string text)
    {
        if (text is "" or "Z") return 0;
        var digits = text[1..].Replace(":", "", StringComparison.Ordinal);
        if (text[0] is not ('+' or '-') || digits.Length is not (2 or 4) || !digits.All(char.IsAsciiDigit)) return null;
        var hours = int.Parse(digits[..2], CultureInfo.InvariantCulture);
        var minutes = digits.Length == 4 ? int.Parse(digits[2..], CultureInfo.InvariantCulture) : 0;
        if (hours > 14 || minutes > 59) return null;
        return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    }
}
