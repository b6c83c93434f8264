using System.Diagnostics;
using Sluice.Testing;

namespace Sluice.Conformance.Kinesis;

/// <summary>Runs the clients and servers of other people that the tours need; a missing one skips the test by name.</summary>
internal static class Programs
{
    /// <summary>A tour takes seconds; on a machine that is busy with others it has taken a minute.</summary>
    private static readonly TimeSpan s_hangAfter = TimeSpan.FromMinutes(3);

    private static string NodeFolder { get; } = Path.Combine(Repository.Root, "tests", "Conformance", "Kinesis", "node");

    public static ProcessStartInfo Node(params string[] arguments)
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(NodeFolder, "node_modules")), "needs node and `npm ci` in tests/Conformance/Kinesis/node; ./test installs both");
        return Start(Find("node", "nodejs"), arguments, NodeFolder);
    }

    public static ProcessStartInfo Aws(Uri endpoint, params string[] arguments) =>
        Start(Find("aws", "awscli"), ["kinesis", .. arguments, "--endpoint-url", endpoint.ToString(), "--output", "json"], Path.GetTempPath());

    /// <summary>Runs to the end; what came on standard output, and on standard error.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var timeout = new CancellationTokenSource(s_hangAfter, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, await output, await errors);
    }

    private static ProcessStartInfo Start(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["AWS_ACCESS_KEY_ID"] = Tour.Credentials.AccessKeyId,
                ["AWS_SECRET_ACCESS_KEY"] = Tour.Credentials.Secret,
                ["AWS_DEFAULT_REGION"] = "us-east-1",
                ["AWS_REGION"] = "us-east-1",
                ["AWS_PAGER"] = "",
                ["AWS_MAX_ATTEMPTS"] = "1",
                ["AWS_EC2_METADATA_DISABLED"] = "true",
                ["NODE_NO_WARNINGS"] = "1",
                ["NO_PROXY"] = "127.0.0.1",
            },
        };
        // What the machine's own settings say about AWS must not matter.
        foreach (var name in (string[])["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"]) start.Environment.Remove(name);
        start.Environment["AWS_CONFIG_FILE"] = start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(Path.GetTempPath(), "no-such-aws-file");
        return start;
    }

    private static string Find(string program, string package)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Where(directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"needs {program}: apt-get install {package}");
        return path!;
    }
}
