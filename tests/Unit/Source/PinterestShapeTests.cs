using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Source;

namespace Sluice.Unit.Source;

/// <summary>The generated rows have the documented shape of the real tables, for more than one seed.</summary>
public sealed partial class PinterestShapeTests
{
    private const int Rows = 11_154;
    private const double Sample = 4_207;

    public static TheoryData<long?> Seeds => new() { (long?)null, 1L, 20_260_101L };

    [Theory, MemberData(nameof(Seeds))]
    public async Task Sentinels_occur_at_their_rates_and_together(long? seed)
    {
        var pins = await TableAsync("pinterest_data", seed);
        pins.Count.ShouldBe(Rows);
        var untold = pins.Where(p => p.Text("title") == "No Title Data Available").ToList();
        Rate(untold).ShouldBe(30 / Sample, 0.0002);
        pins.Where(p => p.Text("poster_name") == "User Info Error").ShouldBe(untold);
        pins.Where(p => p.Text("follower_count") == "User Info Error").ShouldBe(untold);
        untold.ShouldAllBe(p => p.Text("tag_list") == "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e");
        untold.ShouldAllBe(p => p.Text("is_image_or_video") == "multi-video(story page format)");
        Rate(pins.Where(p => p.Text("tag_list").StartsWith("N,o,", StringComparison.Ordinal))).ShouldBe(63 / Sample, 0.0002);
        var stories = pins.Where(p => p.Text("description") == "No description available Story format").ToList();
        stories.ShouldAllBe(p => p.Text("is_image_or_video") == "multi-video(story page format)");
        Rate(stories).ShouldBe(315 / Sample, 0.0003);
        Rate(pins.Where(p => p.Text("description") == "No description available")).ShouldBe(66 / Sample, 0.0003);
        var lost = pins.Where(p => p.Text("image_src") == "Image src error.").ToList();
        Rate(lost).ShouldBe(97 / Sample, 0.0003);
        pins.Where(p => p.GetProperty("downloaded").GetInt64() == 0).ShouldBe(lost);
        Rate(pins.Where(p => p.Text("is_image_or_video") == "image")).ShouldBe(0.895, 0.002);
        Rate(pins.Where(p => p.Text("description").EndsWith("…\u00A0", StringComparison.Ordinal))).ShouldBe(0.36, 0.003);
    }

    [Theory, MemberData(nameof(Seeds))]
    public async Task Followers_have_their_shares_and_the_forms_the_real_table_lacks(long? seed)
    {
        var counts = (await TableAsync("pinterest_data", seed)).Select(p => p.Text("follower_count")).ToList();
        Rate(counts.Where(c => Thousands().IsMatch(c))).ShouldBe(3_081 / Sample, 0.03);
        Rate(counts.Where(c => Millions().IsMatch(c))).ShouldBe(342 / Sample, 0.03);
        Rate(counts.Where(c => c.All(char.IsAsciiDigit) && c.Length > 0)).ShouldBe(759 / Sample, 0.03);
        foreach (var form in (string[])[@"^\d\.5k$", @"^\d\.2M$", @"^\d+K$", @"^\d\.7K$", "^$", "^0$"])
        {
            counts.ShouldContain(c => Regex.IsMatch(c, form), form);
        }
    }

    [Fact]
    public async Task Pins_stand_in_blocks_of_categories()
    {
        var categories = (await TableAsync("pinterest_data", null)).Select(p => p.Text("category")).ToList();
        (string Name, int Rows)[] blocks =
        [
            ("art", 896), ("beauty", 747), ("christmas", 994), ("diy-and-crafts", 830), ("education", 864),
            ("event-planning", 747), ("finance", 788), ("home-decor", 859), ("mens-fashion", 856), ("quotes", 907),
            ("tattoos", 970), ("travel", 858), ("vehicles", 838),
        ];
        categories.ShouldBe(blocks.SelectMany(b => Enumerable.Repeat(b.Name, b.Rows)));
    }

    [Fact]
    public async Task Texts_have_line_breaks_no_break_spaces_and_unusual_lengths()
    {
        var pins = await TableAsync("pinterest_data", null);
        var titles = pins.Select(p => p.Text("title")).ToList();
        titles.Count(t => t.Contains('\n')).ShouldBeInRange(15, 30);
        titles.ShouldContain("");
        titles.ShouldContain(t => t.EndsWith('\u00A0'));
        titles.ShouldContain(t => t.Length > 4_000);
        titles.Select(t => t.Length).Order().ElementAt(Rows / 2).ShouldBeInRange(35, 65);
        Rate(titles.Where(t => t.Any(c => c > 127))).ShouldBe(0.10, 0.05);
        pins.Select(p => p.Text("description").Length).Where(l => l < 1000).Max().ShouldBeInRange(175, 201);
        Rate(pins.Where(p => p.Text("tag_list").Count(c => c == ',') == 8)).ShouldBe(0.98, 0.01);
        pins.ShouldAllBe(p => Guid.ParseExact(p.Text("unique_id"), "D").Version == 4);
        pins.Select(p => p.Text("unique_id")).Distinct().Count().ShouldBe(Rows);
        pins.ShouldAllBe(p => p.Text("save_location") == "Local save in /data/" + p.Text("category"));
    }

    [Theory, MemberData(nameof(Seeds))]
    public async Task People_have_many_rows_few_names_twice_and_one_place_each(long? seed)
    {
        var users = await TableAsync("user_data", seed);
        var places = await TableAsync("geolocation_data", seed);
        var people = users.GroupBy(Person).ToList();
        people.Count.ShouldBeInRange(5_300, 5_307);
        people.Max(p => p.Count()).ShouldBeInRange(230, 260);
        people.Count(p => p.Count() == 1).ShouldBeInRange(3_500, 4_200);
        users.Select(u => $"{u.Text("first_name")} {u.Text("last_name")}").Distinct().Count().ShouldBeInRange(5_021, 5_141);
        users.Zip(places).GroupBy(pair => Person(pair.First))
            .ShouldAllBe(g => g.Select(pair => pair.Second.GetProperty("latitude").GetRawText() + pair.Second.Text("country")).Distinct().Count() == 1);
        var joined = people.GroupBy(p => p.First().Text("date_joined")[..4]).ToDictionary(g => g.Key, g => g.Count());
        joined["2015"].ShouldBeInRange(816, 866);
        joined["2016"].ShouldBeInRange(2_720, 2_800);
        joined["2017"].ShouldBeInRange(1_666, 1_746);
        Rate(users.Where(u => Age(u) < 25)).ShouldBe(4_916.0 / Rows, 0.05);
        Rate(users.Where(u => Age(u) is > 24 and < 36)).ShouldBe(3_005.0 / Rows, 0.05);
        Rate(users.Where(u => Age(u) is > 35 and < 51)).ShouldBe(2_225.0 / Rows, 0.05);
        Rate(users.Where(u => Age(u) > 50)).ShouldBe(1_008.0 / Rows, 0.03);
        users.ShouldAllBe(u => Age(u) >= 20 && Age(u) <= 60);
    }

    [Theory, MemberData(nameof(Seeds))]
    public async Task Posts_lie_in_the_documented_years_and_never_before_joining(long? seed)
    {
        var users = await TableAsync("user_data", seed);
        var places = await TableAsync("geolocation_data", seed);
        users.Zip(places).ShouldAllBe(pair =>
            string.CompareOrdinal(pair.First.Text("date_joined"), pair.Second.Text("timestamp")) <= 0);
        var years = places.GroupBy(p => p.Text("timestamp")[..4]).ToDictionary(g => g.Key, g => g.Count());
        (string Year, int Posts)[] documented =
            [("2017", 432), ("2018", 2_316), ("2019", 2_192), ("2020", 2_172), ("2021", 2_208), ("2022", 1_834)];
        foreach (var (year, posts) in documented)
        {
            years[year].ShouldBeInRange(posts - 2, posts + 2);
        }

        places.Select(p => p.Text("country")).Distinct().Count().ShouldBe(243);
        var countries = places.CountBy(p => p.Text("country")).ToDictionary();
        countries["Albania"].ShouldBeInRange(400, 720);
        countries.ShouldContainKey("Antarctica (the territory South of 60 deg S)");
        countries.ShouldContainKey("Cote d'Ivoire");
        places.ShouldAllBe(p => Math.Abs(p.GetProperty("latitude").GetDouble()) < 90 && SignificantDigits(p.GetProperty("longitude")) <= 6);
        places[0].Text("timestamp").ShouldMatch(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$");
    }

    private static async Task<List<JsonElement>> TableAsync(string table, long? seed)
    {
        await using var source = await SourceBed.OpenAsync(new SourceUri.Generated(null, seed), SourceBed.Pinterest);
        return await source.RowsAsync(table);
    }

    private static string Person(JsonElement user) =>
        $"{user.Text("first_name")}|{user.Text("last_name")}|{Age(user)}|{user.Text("date_joined")}";

    private static long Age(JsonElement user) => user.GetProperty("age").GetInt64();

    private static double Rate<T>(IEnumerable<T> rows) => rows.Count() / (double)Rows;

    private static int SignificantDigits(JsonElement number) =>
        number.GetDouble().ToString("R", CultureInfo.InvariantCulture).TrimStart('-').Replace(".", "").TrimStart('0').Length;

    [GeneratedRegex(@"^\d{1,3}k$")]
    private static partial Regex Thousands();

    [GeneratedRegex(@"^\d{1,2}M$")]
    private static partial Regex Millions();
}
