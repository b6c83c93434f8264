using Sluice.Gateway.Admission;

namespace Sluice.Unit.Gateway;

public sealed class RouteTemplateTests
{
    [Theory]
    [InlineData("/", "/", true)]
    [InlineData("/", "", true)]
    [InlineData("/", "/x", false)]
    [InlineData("/topics", "/topics", true)]
    [InlineData("/topics", "/topics/", true)]
    [InlineData("/topics", "/Topics", false)]
    [InlineData("/topics", "/topic", false)]
    [InlineData("/topics/{t}", "/topics/a.b", true)]
    [InlineData("/topics/{t}", "/topics", false)]
    [InlineData("/topics/{t}", "/topics/", false)]
    [InlineData("/topics/{t}", "/topics/a/b", false)]
    [InlineData("/{proxy+}", "/a", true)]
    [InlineData("/{proxy+}", "/a/b/c", true)]
    [InlineData("/{proxy+}", "/", false)]
    [InlineData("/{proxy+}", "", false)]
    [InlineData("/a/{b}/{c+}", "/a/1/2/3", true)]
    [InlineData("/a/{b}/{c+}", "/a/1", false)]
    public void A_template_takes_the_paths_of_api_gateway(string template, string path, bool taken)
    {
        RouteTemplate.Parse(template, out _).ShouldNotBeNull().IsMatch(path).ShouldBe(taken);
    }

    [Fact]
    public void The_most_specific_template_comes_first()
    {
        string[] ordered = ["/topics/all", "/topics/{t}/offsets", "/topics/{t}", "/topics/{rest+}", "/topics", "/{a}/b", "/{proxy+}"];
        var templates = ordered.Select(t => (Text: t, Template: RouteTemplate.Parse(t, out _)!)).Reverse().ToList();
        templates.Sort((a, b) => a.Template.CompareTo(b.Template));
        templates.Select(t => t.Text).ShouldBe(ordered);
    }

    [Theory]
    [InlineData("http://h:1/{proxy}", "/{proxy+}", "/a/b c", "?q=1", "http://h:1/a/b%20c?q=1")]
    [InlineData("http://h/x/{s}/y/{t}", "/{s}/{t}", "/1/2", "", "http://h/x/1/y/2")]
    [InlineData("https://h/fixed", "/{proxy+}", "/a", "?b", "https://h/fixed?b")]
    [InlineData("http://h/{proxy}", "/{proxy+}", "/a%2Fb", "", "http://h/a%2Fb")]
    public void A_url_is_filled_with_the_parameters_of_the_path(string url, string route, string path, string query, string target)
    {
        var template = RouteTemplate.Parse(route, out _)!;
        UrlTemplate.Parse(url, template, out var fault).ShouldNotBeNull(fault).Fill(path, query).AbsoluteUri.ShouldBe(target);
    }
}
