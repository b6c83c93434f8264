using Sluice.Source;
using Sluice.Testing;

namespace Sluice.Unit.Source;

public sealed class SourceUriTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("generated", null, null)]
    [InlineData("generated:rows=10", 10L, null)]
    [InlineData("generated:rows=10000000,seed=-7", 10_000_000L, -7L)]
    [InlineData("generated: seed=3 ,", null, 3L)]
    public void Generated_takes_rows_and_seed(string text, long? rows, long? seed) =>
        Parse(text).ShouldBe(new SourceUri.Generated(rows, seed));

    [Theory]
    [InlineData("generated:rows=0")]
    [InlineData("generated:rows=many")]
    [InlineData("generated:columns=3")]
    [InlineData("csv:")]
    [InlineData("csv:/no/such/folder")]
    [InlineData("mysql://")]
    [InlineData("mysql://host/db")]
    [InlineData("mysql://user@host/")]
    [InlineData("mysql://user@host/db?tls=maybe")]
    [InlineData("/no/such/file.yaml")]
    [InlineData("postgres://user:secret@host/db")]
    public void What_is_no_source_is_refused_with_the_remedy(string text)
    {
        SourceUri.TryParse(text, out _, out var fault).ShouldBeFalse();
        fault.ShouldContain("--source");
        fault.ShouldMatch("write|give");
        fault.ShouldNotContain("secret");
    }

    [Fact]
    public void An_address_gives_credentials_whose_text_hides_the_password()
    {
        var uri = Parse("mysql+pymysql://me:p%40ss@db.example:3307/pins?charset=utf8mb4&tls=required");
        uri.ShouldBe(new SourceUri.MySql(new DatabaseCredentials("db.example", 3307, "me", "p@ss", "pins", true)));
        uri.ToString().ShouldBe("mysql://me@db.example:3307/pins");
        $"{((SourceUri.MySql)uri).Credentials}".ShouldNotContain("p@ss");
        Parse("mysql://me@h/d").ShouldBe(new SourceUri.MySql(new DatabaseCredentials("h", 3306, "me", "", "d")));
    }

    [Theory]
    [InlineData("HOST: h\nUSER: u\nPASSWORD: 'p:1'\nDATABASE: d\nPORT: 3307\n")]
    [InlineData("RDS_HOST: h\nRDS_USER: u\nRDS_PASSWORD: p:1\nRDS_DATABASE: d\nRDS_PORT: 3307\n")]
    [InlineData("host: h\nuser: u\npassword: p:1\ndatabase: d\nport: 3307\nRDS_EXTRA: 1\n")]
    public void Db_creds_yaml_is_read_in_every_spelling(string yaml) =>
        Parse(Write(yaml)).ShouldBe(new SourceUri.MySql(new DatabaseCredentials("h", 3307, "u", "p:1", "d")));

    [Fact]
    public void Db_creds_yaml_reports_all_faults_with_their_lines()
    {
        var path = Write("USER: u\nPORT: high\nPASSWORD: hidden\n");
        SourceUri.TryParse(path, out _, out var fault).ShouldBeFalse();
        fault.ShouldContain("HOST is missing");
        fault.ShouldContain("DATABASE is missing");
        fault.ShouldContain($"{path}:2: PORT 'high'");
        fault.ShouldNotContain("hidden");
        SourceUri.TryParse(Write("PASSWORD: \"hidden\nHOST: [\n"), out _, out fault).ShouldBeFalse();
        fault.ShouldContain("is not YAML");
        fault.ShouldNotContain("hidden");
    }

    private string Write(string yaml)
    {
        var path = _folder.At("db_creds.yaml");
        File.WriteAllText(path, yaml);
        return path;
    }

    private static SourceUri Parse(string text)
    {
        SourceUri.TryParse(text, out var uri, out var fault).ShouldBeTrue(fault);
        return uri;
    }
}
