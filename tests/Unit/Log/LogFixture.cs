using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sluice.Bytes;
using Sluice.Log;
using Sluice.Log.Metadata;

namespace Sluice.Unit.Log;

/// <summary>A log in a private directory, a clock of its own, and short ways to append and read text.</summary>
internal sealed class LogFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-log-");
    private readonly List<MetadataStore> _metadata = [];

    public static TopicPartition T0 { get; } = new("t", 0);

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddDays(20_000));

    public string Root => Path.Combine(_directory.FullName, "log");

    public EmbeddedLog Log { get; private set; } = null!;

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A log with its writer threads.</summary>
    public static async Task<LogFixture> OpenAsync(int partitions = 1, params (string Name, string Value)[] configs)
    {
        var fixture = new LogFixture();
        fixture.Open();
        await fixture.CreateAsync("t", partitions, configs);
        return fixture;
    }

    /// <summary>A log that writes only when told, on the thread that tells it; in the private directory unless the options name one.</summary>
    public static async Task<LogFixture> OpenSteppedAsync(IFileSystem files, EmbeddedLogOptions options)
    {
        var fixture = new LogFixture();
        fixture.OpenStepped(files, options);
        await fixture.CreateAsync("t", 1);
        return fixture;
    }

    /// <summary>The result of a call that has completed.</summary>
    public static T AtOnce<T>(ValueTask<T> task)
    {
        if (!task.IsCompleted) throw new InvalidOperationException("The call is still under way.");
#pragma warning disable VSTHRD002 // It has completed.
        return task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    public void Open(EmbeddedLogOptions? options = null) =>
        Log = EmbeddedLog.Open((options ?? new() { Directory = "" }) with { Directory = Root }, OsFileSystem.Instance, Time, NullLogger.Instance);

    public void OpenStepped(IFileSystem files, EmbeddedLogOptions options, ILogger? logger = null)
    {
        if (_metadata.Count == 0) _metadata.Add(MetadataStore.Open(":memory:"));
        if (options.Directory.Length == 0) options = options with { Directory = Root };
        Log = EmbeddedLog.Open(options, files, Time, logger ?? NullLogger.Instance, _metadata[0], threaded: false);
    }

    public async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        Open();
    }

    public async Task<TopicDescription> CreateAsync(string topic, int partitions, params (string Name, string Value)[] configs) =>
        await Log.CreateTopicAsync(new TopicSpec(topic, partitions, configs.ToDictionary(c => c.Name, c => c.Value)), default);

    public static byte[] Batch(long timestampMs, params string[] values)
    {
        var builder = new RecordBatchBuilder();
        foreach (var value in values) builder.Append(timestampMs, RecordBytes.Null, RecordBytes.Of(Encoding.UTF8.GetBytes(value)));
        return builder.Build().ToArray();
    }

    public async Task<long> AppendAsync(string value, long? timestampMs = null, TopicPartition? to = null)
    {
        var result = await Log.AppendAsync(to ?? T0, Batch(timestampMs ?? NowMs, value), default);
        result.Error.ShouldBe(AppendError.None);
        return result.BaseOffset;
    }

    /// <summary>All values from an offset on, read in steps.</summary>
    public async Task<List<string>> ReadAsync(long from = 0, TopicPartition? of = null, int bytesMax = 1 << 20)
    {
        var values = new List<string>();
        for (var at = from; ;)
        {
            var fetched = await Log.ReadAsync(of ?? T0, at, bytesMax, default);
            if (fetched.Bytes.IsEmpty) return values;
            at = Decode(fetched.Bytes.Span, at, values);
        }
    }

    public static long Decode(ReadOnlySpan<byte> batches, long from, List<string> into)
    {
        var records = new RecordReader(batches, from);
        while (records.MoveNext()) into.Add(Encoding.UTF8.GetString(records.Value.Span));
        return records.NextOffset;
    }

    public string[] Files(string suffix, string partition = "t-0") =>
        [.. Directory.GetFiles(Path.Combine(Root, partition), "*" + suffix).Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        foreach (var metadata in _metadata) metadata.Dispose();
        _directory.Delete(recursive: true);
    }
}
