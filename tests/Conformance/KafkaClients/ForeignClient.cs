using System.Diagnostics;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.Conformance.KafkaClients;

/// <summary>
/// A Kafka client of another language, driven by a script beside this file: <c>SCRIPT BOOTSTRAP tour</c> prints a line per step,
/// <c>produce TOPIC COUNT</c> and <c>consume TOPIC COUNT</c> print what they sent or got.
/// </summary>
internal sealed class ForeignClient
{
    /// <summary>A tour takes half a minute; on a machine that is busy with others it has taken two.</summary>
    private static readonly TimeSpan s_hangAfter = TimeSpan.FromMinutes(20);

    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "Conformance", "KafkaClients");

    private readonly string _program;
    private readonly string _script;
    private readonly string[] _needs;
    private readonly string _remedy;

    private ForeignClient(string program, string script, string[] needs, string remedy)
    {
        _program = program;
        _script = Path.Combine(s_folder, script);
        _needs = needs;
        _remedy = remedy;
    }

    public static ForeignClient Named(string name) => name switch
    {
        "kafkajs" => Node("kafkajs.mjs"),
        "platformatic" => Node("platformatic.mjs"),
        "kafka-python" => Python("kafka_python.py", "kafka", "lz4", "snappy", "zstandard"),
        "confluent-kafka" => Python("confluent.py", "confluent_kafka"),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no script for it."),
    };

    /// <summary>Goes through the client's whole tour; the steps in order, each with its error or null.</summary>
    public async Task<IReadOnlyList<(string Step, string? Error)>> TourAsync(string bootstrap) =>
        [.. (await RunAsync(bootstrap, "tour")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(step => (step.GetProperty("step").GetString()!, step.TryGetProperty("error", out var error) ? error.GetString() : null))];

    public Task<BulkSum> ProduceAsync(string bootstrap, string topic, int count) => BulkAsync(bootstrap, "produce", topic, count);

    public Task<BulkSum> ConsumeAsync(string bootstrap, string topic, int count) => BulkAsync(bootstrap, "consume", topic, count);

    /// <summary>Runs a program to its end with this on its standard input; what it printed.</summary>
    public static async Task<string> RunAsync(ProcessStartInfo start, Func<StreamWriter, Task> input)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await input(process.StandardInput);
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(s_hangAfter, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.ExitCode.ShouldBe(0, await errors);
        return await output;
    }

    private static ForeignClient Node(string script) => new(
        "node",
        Path.Combine("node", script),
        [Path.Combine(s_folder, "node", "node_modules")],
        "needs node and `npm ci` in tests/Conformance/KafkaClients/node; ./test installs both");

    /// <summary>Debian's own interpreter, which Debian's packages belong to; another one on the path does not see them.</summary>
    private static ForeignClient Python(string script, params string[] modules) => new(
        "/usr/bin/python3",
        Path.Combine("python", script),
        [.. modules.Select(module => $"/usr/lib/python3/dist-packages/{module}")],
        $"needs Debian's Python with more: apt-get install {string.Join(' ', modules.Select(module => $"python3-{module.Replace('_', '-')}"))}");

    private async Task<BulkSum> BulkAsync(string bootstrap, string mode, string topic, int count)
    {
        var printed = JsonDocument.Parse(await RunAsync(bootstrap, mode, topic, $"{count}")).RootElement;
        return new BulkSum(printed.GetProperty("count").GetInt32(), printed.GetProperty("sha256").GetString()!);
    }

    private Task<string> RunAsync(string bootstrap, params string[] arguments)
    {
        Assert.SkipUnless(_needs.All(Directory.Exists), _remedy);
        var start = new ProcessStartInfo(_program, [_script, bootstrap, .. arguments]) { WorkingDirectory = Path.GetTempPath() };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = start.Environment["NODE_NO_WARNINGS"] = start.Environment["KAFKAJS_NO_PARTITIONER_WARNING"] = "1";
        return RunAsync(start, _ => Task.CompletedTask);
    }
}
