using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.KafkaWire.Apis;
using Sluice.Testing;

namespace Sluice.Unit.KafkaWire;

public sealed partial class ApiTableTests
{
    [Fact]
    public void Every_api_has_a_file_named_for_its_number_and_name_whose_first_lines_tell_its_versions()
    {
        var folder = Path.Combine(Repository.Root, "src", "1-ingest", "Sluice.KafkaWire", "Apis");
        var files = Directory.GetFiles(folder, "*.cs").Select(f => Path.GetFileNameWithoutExtension(f)).Where(f => char.IsDigit(f[0])).ToList();
        files.ShouldBe(ApiTable.All.Select(a => $"{a.Key:D2}_{a.Name}"), ignoreOrder: true);
        foreach (var api in ApiTable.All)
        {
            var text = File.ReadAllText(Path.Combine(folder, $"{api.Key:D2}_{api.Name}.cs"));
            var header = Header().Match(text);
            header.Success.ShouldBeTrue(api.Name);
            short Number(string group) => short.Parse(header.Groups[group].Value, CultureInfo.InvariantCulture);
            header.Groups["name"].Value.ShouldBe(api.Name);
            Number("key").ShouldBe(api.Key, api.Name);
            Number("min").ShouldBe(api.MinVersion, api.Name);
            (header.Groups["max"].Success ? Number("max") : api.MinVersion).ShouldBe(api.MaxVersion, api.Name);
            (header.Groups["flexible"].Success ? Number("flexible") : short.MaxValue).ShouldBe(api.FirstFlexible, api.Name);
            text.ShouldContain("// Known differences: ");
        }
    }

    [Fact]
    public void The_floors_are_those_that_kafka_4_keeps()
    {
        // KIP-896: what a 4.x client still offers at least. A broker whose maximum lies below could not be spoken to.
        short[] keys = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 18, 19, 20, 22];
        short[] floors = [3, 4, 1, 0, 2, 1, 0, 0, 0, 0, 0, 0, 2, 1, 0];
        foreach (var (key, floor) in keys.Zip(floors)) ApiTable.Find(key)!.Has(floor).ShouldBeTrue($"key {key} version {floor}");
    }

    [Fact]
    public void Nothing_is_found_for_keys_that_are_not_there()
    {
        ApiTable.Find(-1).ShouldBeNull();
        ApiTable.Find(4).ShouldBeNull();
        ApiTable.Find(short.MaxValue).ShouldBeNull();
    }

    [GeneratedRegex(@"^// (?<name>\w+), key (?<key>\d+), versions? (?<min>\d+)(-(?<max>\d+))? \((flexible from (?<flexible>\d+)|never flexible)", RegexOptions.Multiline)]
    private static partial Regex Header();
}
