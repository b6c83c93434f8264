using System.CommandLine;
using System.Globalization;
using Sluice.Console.Settings;
using Sluice.Emulator;
using Sluice.Source;

namespace Sluice.Console.Commands;

/// <summary>The options of posting.</summary>
/// <param name="recordsPerPost">Name of the option for more than one record at once.</param>
internal sealed class PostOptions(string recordsPerPost)
{
    public Option<string> Source { get; } = new("--source")
    {
        Description = "generated[:rows=N,seed=N], csv:DIR, mysql://user:password@host:port/database, or a db_creds.yaml",
        HelpName = "S", DefaultValueFactory = _ => "generated",
    };

    public Option<long?> Rows { get; } = new("--rows") { Description = "Rows per table (default: all)", HelpName = "N" };

    public Option<string?> Rate { get; } = new("--rate")
    {
        Description = "Records per second over all topics (default: as fast as the answers come)", HelpName = "R[/s]",
    };

    public Option<Draw> Draw { get; } = new("--draw")
    {
        Description = "EachOnce, or RandomWithReplacement as the described scripts", DefaultValueFactory = _ => Emulator.Draw.EachOnce,
    };

    public Option<long> Seed { get; } = new("--seed")
    {
        Description = "Seed of the random draws", HelpName = "N", DefaultValueFactory = _ => new EmulatorOptions().Seed,
    };

    public Option<int> RecordsPerPost { get; } = new(recordsPerPost)
    {
        Description = "Records in one post; the described scripts send one", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    public Option<int> Attempts { get; } = new("--attempts")
    {
        Description = "Tries of one post before the run ends", HelpName = "N", DefaultValueFactory = _ => new EmulatorOptions().Attempts,
    };

    public Option<string?> PartitionKey { get; } = new("--partition-key")
    {
        Description = "One partition key for all records (default: each row's own key)", HelpName = "KEY",
    };

    public Option<string?> Gateway { get; } = new("--gateway") { Description = "Where the gateway is (default: this machine's)", HelpName = "URL" };

    public Option<string> Stage { get; } = new("--stage") { Description = "The gateway's stage", DefaultValueFactory = _ => "dev" };

    public Option<string?> Urls { get; } = new("--urls") { Description = "An aws_urls.yaml: table name to invoke URL, instead of --gateway", HelpName = "FILE" };

    public Option<TimestampSpelling> Timestamps { get; } = new("--timestamps")
    {
        Description = "How posts spell a time", DefaultValueFactory = _ => default,
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { Source, Rows, Rate, Draw, Seed, RecordsPerPost, Attempts, Gateway, Stage, Urls, Timestamps })
            command.Options.Add(option);
    }

    /// <exception cref="UserException">All faults of the values.</exception>
    public EmulatorOptions Read(ParseResult parse, SluiceSettings settings, bool isStream)
    {
        var options = new EmulatorOptions
        {
            Rows = parse.GetValue(Rows),
            Rate = RateOf(parse.GetValue(Rate)),
            Draw = parse.GetValue(Draw),
            Seed = parse.GetValue(Seed),
            RecordsPerPost = parse.GetValue(RecordsPerPost),
            Attempts = parse.GetValue(Attempts),
            ApiKey = settings.Emulator.ApiKey,
            PartitionKey = isStream ? parse.GetValue(PartitionKey) : null,
        };
        var faults = isStream ? options.StreamFaults() : options.Faults();
        return faults.Count == 0 ? options : throw new UserException(ExitCode.Usage, string.Join(Environment.NewLine, faults));
    }

    private static double? RateOf(string? text)
    {
        if (text is null) return null;
        var number = text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text;
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)
            ? rate
            : throw new UserException(ExitCode.Usage, $"--rate '{text}' is no number of records per second; write 2000 or 2000/s.");
    }
}
