using Sluice.Emulator;
using Sluice.Testing;
using Sluice.Unit.Source;

namespace Sluice.Unit.Emulator;

public sealed class PostTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://127.0.0.1:8080", "dev", "http://127.0.0.1:8080/dev/topics/demo.pin")]
    [InlineData("http://127.0.0.1:8080/", "/test/", "http://127.0.0.1:8080/test/topics/demo.pin")]
    [InlineData("http://127.0.0.1:8082", "", "http://127.0.0.1:8082/topics/demo.pin")]
    [InlineData("https://x.execute-api.us-east-1.amazonaws.com/dev", "", "https://x.execute-api.us-east-1.amazonaws.com/dev/topics/demo.pin")]
    public void A_gateway_and_a_stage_give_one_address_per_topic(string gateway, string stage, string url)
    {
        var targets = PostTarget.ForGateway(new Uri(gateway), stage, SourceBed.Pinterest);
        targets.Select(t => t.Table).ShouldBe(["pinterest_data", "geolocation_data", "user_data"]);
        targets[0].Url.ShouldBe(new Uri(url));
    }

    [Fact]
    public void Aws_urls_yaml_gives_whole_addresses_or_invoke_urls()
    {
        var parse = Read("""
            pinterest_data: https://a.example/dev/topics/0abc.pin
            geolocation_data: https://a.example/dev
            user_data: http://127.0.0.1:8080/dev/
            other: 3
            """);
        parse.Faults.ShouldBeEmpty();
        parse.Targets!.Select(t => t.Url.AbsoluteUri).ShouldBe(
            ["https://a.example/dev/topics/0abc.pin", "https://a.example/dev/topics/demo.geo", "http://127.0.0.1:8080/dev/topics/demo.user"]);
    }

    [Fact]
    public void Aws_urls_yaml_reports_all_faults_with_their_lines()
    {
        var parse = Read("pinterest_data: https://a.example\nuser_data: ftp://a.example\n");
        parse.Targets.ShouldBeNull();
        parse.Faults.Select(f => f.Line).ShouldBe([1, 2]);
        parse.Faults[0].Message.ShouldContain("'geolocation_data' has no invoke URL");
        Read("a: [\n").Faults.ShouldHaveSingleItem().Message.ShouldContain("is not YAML");
        PostTarget.ReadAwsUrls(_folder.At("none.yaml"), SourceBed.Pinterest).Faults.ShouldHaveSingleItem();
    }

    private PostTargetParse Read(string yaml)
    {
        File.WriteAllText(_folder.At("aws_urls.yaml"), yaml);
        return PostTarget.ReadAwsUrls(_folder.At("aws_urls.yaml"), SourceBed.Pinterest);
    }
}
