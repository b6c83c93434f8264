using System.Diagnostics;

namespace Sluice.Conformance.Kinesis;

public sealed class SdkTourTests(ITestOutputHelper report)
{
    [Fact]
    public async Task The_SDK_for_JavaScript_does_all_39_actions_over_HTTP2()
    {
        await using var bed = await KinesisBed.StartAsync(Tour.Signed);
        var steps = await Tour.RunAsync(bed.Address, isCommon: false);
        steps.Where(step => step.Error is not null).ShouldBeEmpty();
        var done = string.Join(' ', steps.Select(step => step.Step));
        Tour.Actions.Length.ShouldBe(39);
        Tour.Actions.Where(action => !done.Contains(action, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_SDK_for_JavaScript_does_the_common_actions_over_HTTP1()
    {
        await using var bed = await KinesisBed.StartAsync(Tour.Signed);
        var steps = await Tour.RunAsync(bed.Address, isCommon: true);
        steps.Where(step => step.Error is not null).ShouldBeEmpty();
        steps.Count.ShouldBeGreaterThan(20);
    }

    /// <summary>What an independent server answers otherwise than this one; docs/kinesis.md says who is right.</summary>
    [Theory]
    [InlineData("kinesalite", "")]
    [InlineData("kinesis-local", "CreateStream with a bad name")]
    public async Task Another_server_differs_only_where_it_is_written_down(string rival, string differing)
    {
        using var server = Process.Start(Programs.Node("rival.mjs", rival))!;
        try
        {
            var address = await server.StandardOutput.ReadLineAsync();
            address.ShouldNotBeNull(await ErrorsOfAsync(server));
            var steps = await Tour.RunAsync(new Uri(address), isCommon: true);
            foreach (var (step, error) in steps.Where(step => step.Error is not null)) report.WriteLine($"{rival}, {step}: {error}");
            string.Join(", ", steps.Where(step => step.Error is not null).Select(step => step.Step)).ShouldBe(differing);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    private static async Task<string> ErrorsOfAsync(Process server) => server.HasExited ? await server.StandardError.ReadToEndAsync() : "";
}
