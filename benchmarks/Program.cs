using Sluice.Bench;

var benches = new Dictionary<string, Func<CancellationToken, Task>>
{
    ["post"] = PostBench.RunAsync,
    ["clean"] = CleanBench.RunAsync,
    ["log"] = LogBench.RunAsync,
    ["kafka"] = KafkaBench.RunAsync,
    ["kinesis"] = KinesisBench.RunAsync,
    ["stream"] = StreamBench.RunAsync,
    ["tables"] = TableBench.RunAsync,
};
if (args is ["serve-empty"]) return await EmptyServer.RunAsync();
if (args is ["serve-kinesis", var directory]) return await KinesisServer.RunAsync(directory);
if (args.FirstOrDefault(a => !benches.ContainsKey(a)) is { } unknown)
{
    System.Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are {string.Join(", ", benches.Keys)}.");
    return 2;
}

foreach (var name in args.Length == 0 ? [.. benches.Keys] : args) await benches[name](CancellationToken.None);
return 0;
