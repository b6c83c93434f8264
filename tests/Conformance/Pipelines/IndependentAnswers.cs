using System.Globalization;
using System.Text;

namespace Sluice.Conformance.Pipelines;

/// <summary>
/// The nine questions once more, in plain C# over the raw texts, with a cleaning of its own: nothing in common with the SQL, the
/// prelude or the readers under test. Written from the description of the data, it is what the golden files come from.
/// </summary>
internal sealed class IndependentAnswers
{
    private static readonly string[] s_sentinels =
    [
        "No Title Data Available", "No description available", "No description available Story format", "User Info Error",
        "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e", "Image src error.",
    ];

    private readonly List<Post> _posts;
    private readonly Dictionary<int, Place> _places;
    private readonly Dictionary<int, Person> _people;

    /// <summary>Each row is its fields' texts by name, null for JSON null.</summary>
    public IndependentAnswers(
        IEnumerable<IReadOnlyDictionary<string, string?>> pins,
        IEnumerable<IReadOnlyDictionary<string, string?>> geos,
        IEnumerable<IReadOnlyDictionary<string, string?>> users)
    {
        _posts = [.. pins.Select(Post.Of).OfType<Post>().DistinctBy(p => p.Ind)];
        _places = geos.Select(Place.Of).OfType<Place>().DistinctBy(p => p.Ind).ToDictionary(p => p.Ind);
        _people = users.Select(Person.Of).OfType<Person>().DistinctBy(p => p.Ind).ToDictionary(p => p.Ind);
    }

    public (int Pins, int Geos, int Users) Rows => (_posts.Count, _places.Count, _people.Count);

    public IReadOnlyDictionary<int, long?> FollowerCounts => _posts.ToDictionary(p => p.Ind, p => p.Followers);

    /// <summary>Every answer by its name, as the lines of a CSV file with a header.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> All()
    {
        var placed = _posts.Where(p => _places.ContainsKey(p.Ind)).Select(p => (Post: p, Place: _places[p.Ind])).ToList();
        var owned = _posts.Where(p => _people.ContainsKey(p.Ind)).Select(p => (Post: p, Person: _people[p.Ind])).ToList();
        var aged = owned.Where(o => o.Person.AgeGroup is not null).ToList();
        var joined = owned.Where(o => o.Person.Joined.Year is >= 2015 and <= 2020).ToList();
        var followed = placed.Where(p => p.Post is { Followers: not null, Poster: not null }).ToList();
        return new Dictionary<string, IReadOnlyList<string>>
        {
            ["category_by_country"] = Table(
                "country,category,category_count", Leaders(placed.Select(p => (p.Place.Country, p.Post.Category)))),
            ["category_by_year"] = Table(
                "post_year,category,category_count",
                Leaders(placed.Where(p => p.Place.Time.Year is >= 2018 and <= 2022).Select(p => ($"{p.Place.Time.Year}", p.Post.Category)))),
            ["top_user_by_country"] = Table(
                "country,poster_name,follower_count",
                followed.GroupBy(p => p.Place.Country)
                    .SelectMany(g => g.Where(p => p.Post.Followers == g.Max(x => x.Post.Followers)))
                    .Select(p => (object[])[p.Place.Country, p.Post.Poster!, p.Post.Followers!])),
            ["top_country_by_followers"] = Table(
                "country,follower_count",
                followed.Where(p => p.Post.Followers == followed.Max(x => x.Post.Followers))
                    .Select(p => (object[])[p.Place.Country, p.Post.Followers!])),
            ["category_by_age_group"] = Table(
                "age_group,category,category_count", Leaders(aged.Select(o => (o.Person.AgeGroup!, o.Post.Category)))),
            ["median_followers_by_age_group"] = Table(
                "age_group,median_follower_count", Medians(aged.Select(o => (o.Person.AgeGroup!, o.Post.Followers)))),
            ["users_joined_by_year"] = Table(
                "post_year,number_users_joined",
                _people.Values.Select(p => (p.First, p.Last, p.Age, p.Joined)).Distinct()
                    .Where(p => p.Joined.Year is >= 2015 and <= 2020)
                    .CountBy(p => p.Joined.Year).Select(y => (object[])[y.Key, y.Value])),
            ["median_followers_by_join_year"] = Table(
                "post_year,median_follower_count", Medians(joined.Select(o => ($"{o.Person.Joined.Year}", o.Post.Followers)))),
            ["median_followers_by_join_year_and_age_group"] = Table(
                "age_group,post_year,median_follower_count",
                Medians(joined.Where(o => o.Person.AgeGroup is not null)
                    .Select(o => ($"{o.Person.AgeGroup}|{o.Person.Joined.Year}", o.Post.Followers)))
                    .Select(row => (object[])[.. ((string)row[0]).Split('|'), row[1]])),
        };
    }

    /// <summary>A line of CSV: a field is quoted only when it must be.</summary>
    public static string Line(IEnumerable<object?> fields) => string.Join(',', fields.Select(Field));

    private static string Field(object? value)
    {
        var text = Plain(value);
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static string Plain(object? value) => value switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static List<string> Table(string header, IEnumerable<object[]> rows)
    {
        // DuckDB orders texts by their UTF-8 bytes; no key here needs more than its first two columns.
        var ordered = rows.DistinctBy(Line)
            .OrderBy(r => Convert.ToHexString(Encoding.UTF8.GetBytes(Plain(r[0]))), StringComparer.Ordinal)
            .ThenBy(r => Convert.ToHexString(Encoding.UTF8.GetBytes(Plain(r[1]))), StringComparer.Ordinal);
        return [header, .. ordered.Select(Line)];
    }

    private static IEnumerable<object[]> Leaders(IEnumerable<(string Group, string Category)> posts) =>
        posts.GroupBy(p => p.Group).SelectMany(group =>
        {
            var counts = group.CountBy(p => p.Category).ToList();
            return counts.Where(c => c.Value == counts.Max(x => x.Value)).Select(c => (object[])[group.Key, c.Key, c.Value]);
        });

    private static IEnumerable<object[]> Medians(IEnumerable<(string Group, long? Count)> posts) =>
        posts.Where(p => p.Count is not null).GroupBy(p => p.Group, p => p.Count!.Value).Select(group =>
        {
            var sorted = group.Order().ToList();
            var (low, high) = (sorted[(sorted.Count - 1) / 2], sorted[sorted.Count / 2]);
            return (object[])[group.Key, (low + high) / 2.0];
        });

    private static string? Text(string? raw)
    {
        var text = raw?.Trim();
        return string.IsNullOrEmpty(text) || s_sentinels.Contains(text) ? null : text;
    }

    private static int? Index(string? raw) =>
        int.TryParse(raw, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) && index >= 0 ? index : null;

    private static DateTime? Moment(string? raw) =>
        DateTime.TryParseExact(
            raw?.Trim(), ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time
            : null;

    private sealed record Post(int Ind, string Category, string? Poster, long? Followers)
    {
        public static Post? Of(IReadOnlyDictionary<string, string?> row)
        {
            var followers = Text(row["follower_count"]) is { } text ? Count(text) : null;
            var isReadable = Text(row["follower_count"]) is null || followers is not null;
            return Index(row["index"]) is { } ind && Text(row["category"]) is { } category && Text(row["unique_id"])?.Length == 36 && isReadable
                ? new Post(ind, category, Text(row["poster_name"]), followers)
                : null;
        }

        private static long? Count(string text)
        {
            var factor = char.ToLowerInvariant(text[^1]) switch { 'k' => 1_000m, 'm' => 1_000_000m, 'b' => 1_000_000_000m, _ => 1m };
            var number = factor == 1m ? text : text[..^1];
            if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) return null;
            var count = value * factor;
            return count == decimal.Truncate(count) && count <= int.MaxValue ? (long)count : null;
        }
    }

    private sealed record Place(int Ind, string Country, DateTime Time)
    {
        public static Place? Of(IReadOnlyDictionary<string, string?> row)
        {
            var isOnEarth = IsWithin(row["latitude"], 90) && IsWithin(row["longitude"], 180);
            return Index(row["ind"]) is { } ind && Text(row["country"]) is { } country && Moment(row["timestamp"]) is { } time && isOnEarth
                ? new Place(ind, country, time)
                : null;
        }

        private static bool IsWithin(string? raw, double bound) =>
            double.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var degrees) && Math.Abs(degrees) <= bound;
    }

    private sealed record Person(int Ind, string First, string Last, int Age, DateTime Joined)
    {
        public string? AgeGroup => Age switch { < 18 => null, <= 24 => "18-24", <= 35 => "25-35", <= 50 => "36-50", _ => "50+" };

        public static Person? Of(IReadOnlyDictionary<string, string?> row) =>
            Index(row["ind"]) is { } ind && Text(row["first_name"]) is { } first && Text(row["last_name"]) is { } last
            && Index(row["age"]) is >= 13 and <= 120 and { } age && Moment(row["date_joined"]) is { } joined
                ? new Person(ind, first, last, age, joined)
                : null;
    }
}
