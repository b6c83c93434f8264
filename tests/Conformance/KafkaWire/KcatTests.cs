using System.Diagnostics;

namespace Sluice.Conformance.KafkaWire;

/// <summary>kcat with the librdkafka of the system, as a user has it.</summary>
public sealed class KcatTests
{
    private const string Kcat = "/usr/bin/kcat";

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public async Task What_kcat_sends_kcat_reads(string codec)
    {
        await using var bed = await BrokerBed.StartAsync();
        var lines = string.Join('\n', Enumerable.Range(0, 1_000).Select(i => $"line {i} {new string('y', 50)}")) + "\n";
        await RunAsync(lines, "-b", bed.Bootstrap, "-P", "-t", "t", "-z", codec);
        (await RunAsync("", "-b", bed.Bootstrap, "-C", "-t", "t", "-e", "-q")).ShouldBe(lines);
    }

    [Fact]
    public async Task A_group_of_kcat_goes_on_where_it_stopped()
    {
        await using var bed = await BrokerBed.StartAsync();
        await RunAsync("1\n2\n3\n", "-b", bed.Bootstrap, "-P", "-t", "t", "-X", "enable.idempotence=true");
        string[] consume = ["-b", bed.Bootstrap, "-q", "-e", "-X", "auto.offset.reset=earliest", "-G", "g", "t"];
        (await RunAsync("", consume)).ShouldBe("1\n2\n3\n");
        await RunAsync("4\n", "-b", bed.Bootstrap, "-P", "-t", "t");
        await bed.RestartAsync();
        (await RunAsync("", consume)).ShouldBe("4\n");
    }

    [Fact]
    public async Task The_list_of_kcat_shows_broker_and_topics()
    {
        await using var bed = await BrokerBed.StartAsync();
        await bed.WithTopicAsync("t", 2);
        var listed = await RunAsync("", "-b", bed.Bootstrap, "-L");
        listed.ShouldContain($"broker 1 at {bed.Bootstrap} (controller)");
        listed.ShouldContain("topic \"t\" with 2 partitions");
    }

    private static async Task<string> RunAsync(string input, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Kcat), "needs kcat: apt-get install kcat");
        using var process = Process.Start(new ProcessStartInfo(Kcat, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        process.ExitCode.ShouldBe(0, await errors);
        return await output;
    }
}
