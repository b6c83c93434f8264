using System.Globalization;

namespace Sluice.Source;

/// <summary>
/// What <c>--source</c> says: <c>generated[:rows=N,seed=S]</c>, <c>csv:DIR</c>, <c>mysql://user:pass@host:port/db</c>, or the
/// path of a <c>db_creds.yaml</c>. ToString never shows a password.
/// </summary>
public abstract record SourceUri
{
    private SourceUri()
    {
    }

    /// <summary>Rows from the pipeline's generate.yaml. Null takes the number of that file.</summary>
    public sealed record Generated(long? Rows = null, long? Seed = null) : SourceUri
    {
        public override string ToString()
        {
            string?[] parts = [Rows is { } rows ? $"rows={rows}" : null, Seed is { } seed ? $"seed={seed}" : null];
            var settings = string.Join(',', parts.Where(p => p is not null));
            return settings.Length == 0 ? "generated" : $"generated:{settings}";
        }
    }

    /// <summary>One file {table}.csv per dataset in a folder.</summary>
    public sealed record Csv(string Directory) : SourceUri
    {
        public override string ToString() => $"csv:{Directory}";
    }

    /// <summary>A MySQL or MariaDB database.</summary>
    public sealed record MySql(DatabaseCredentials Credentials) : SourceUri
    {
        public override string ToString() => Credentials.ToString();
    }

    /// <summary>Parses the value of --source. On failure <paramref name="fault"/> says what is wrong and what to write.</summary>
    public static bool TryParse(string text, out SourceUri uri, out string fault)
    {
        uri = new Generated();
        fault = "";
        var (scheme, rest) = Split(text);
        return scheme switch
        {
            "generated" => TryParseGenerated(rest, ref uri, ref fault),
            "csv" => TryParseCsv(rest, ref uri, ref fault),
            "mysql" or "mariadb" or "mysql+pymysql" => TryParseMySql(text, ref uri, ref fault),
            _ => TryParseFile(text, ref uri, ref fault),
        };
    }

    private static (string Scheme, string After) Split(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
    }

    private static bool TryParseGenerated(string settings, ref SourceUri uri, ref string fault)
    {
        var generated = new Generated();
        foreach (var setting in settings.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, value) = setting.IndexOf('=', StringComparison.Ordinal) is var at and >= 0
                ? (setting[..at], setting[(at + 1)..])
                : (setting, "");
            var isNumber = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            switch (name)
            {
                case "rows" when isNumber && number > 0:
                    generated = generated with { Rows = number };
                    break;
                case "seed" when isNumber:
                    generated = generated with { Seed = number };
                    break;
                default:
                    fault = $"--source generated: '{setting}' is not a setting; write rows=N (1 or more) or seed=N, "
                        + "for example generated:rows=1000,seed=7.";
                    return false;
            }
        }

        uri = generated;
        return true;
    }

    private static bool TryParseCsv(string directory, ref SourceUri uri, ref string fault)
    {
        if (directory.Length == 0)
        {
            fault = "--source csv: names no folder; write csv:DIR, where DIR holds one {table}.csv per dataset.";
            return false;
        }

        if (!Directory.Exists(directory))
        {
            fault = $"--source csv:{directory}: the folder does not exist; give one that holds a {{table}}.csv per dataset.";
            return false;
        }

        uri = new Csv(directory);
        return true;
    }

    private static bool TryParseMySql(string text, ref SourceUri uri, ref string fault)
    {
        if (!DatabaseCredentials.TryParseUri(text, out var credentials, out fault))
        {
            return false;
        }

        uri = new MySql(credentials);
        return true;
    }

    private static bool TryParseFile(string path, ref SourceUri uri, ref string fault)
    {
        const string Forms = "generated[:rows=N,seed=N], csv:DIR, mysql://user:password@host:port/database, or the path of a db_creds.yaml";
        if (Directory.Exists(path))
        {
            fault = $"--source {path}: is a folder; write csv:{path} to read the CSV files in it.";
            return false;
        }

        if (!File.Exists(path))
        {
            // The text may be a mistyped address with a password in it, so it is not repeated beyond its scheme.
            var shown = path.Contains("://", StringComparison.Ordinal) ? Split(path).Scheme + "://..." : path;
            fault = $"--source {shown}: is neither a known form nor a file; write {Forms}.";
            return false;
        }

        var parse = DatabaseCredentials.ReadFile(path);
        if (parse.Credentials is null)
        {
            fault = string.Join(Environment.NewLine, parse.Faults);
            return false;
        }

        uri = new MySql(parse.Credentials);
        return true;
    }
}
