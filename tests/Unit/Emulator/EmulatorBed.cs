using System.Text;
using Sluice.Emulator;
using Sluice.Source;

namespace Sluice.Unit.Emulator;

/// <summary>Numbered rows, and options that retry without long pauses.</summary>
internal sealed class NumberedRows(params (string Table, int Count)[] tables) : IRowSource
{
    public ValueTask<long> CountAsync(string table, CancellationToken cancel) => ValueTask.FromResult((long)Size(table));

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string table, long first, long count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        for (var n = first; n < Size(table) && n - first < count; n++)
        {
            cancel.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return Row(table, n);
        }
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadRowsAsync(
        string table, IReadOnlyList<long> rows, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var n in rows)
        {
            cancel.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return Row(table, n);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private int Size(string table) => tables.Single(t => t.Table == table).Count;

    private static byte[] Row(string table, long n) => Encoding.UTF8.GetBytes($$"""{"n":{{n}},"text":"{{table}} …"}""");
}

internal static class EmulatorBed
{
    public static EmulatorOptions Quick { get; } = new()
    {
        FirstPause = TimeSpan.FromMilliseconds(1),
        LongestPause = TimeSpan.FromMilliseconds(20),
        AttemptTimeout = TimeSpan.FromSeconds(20),
    };

    public static Task<EmulatorReport> RunAsync(
        this FakeProxy proxy, IRowSource source, EmulatorOptions options, params string[] tables) =>
        BatchEmulator.RunAsync(options, source, Targets(proxy, tables), null, TimeProvider.System, CancellationToken.None);

    public static IReadOnlyList<PostTarget> Targets(FakeProxy proxy, params string[] tables) =>
        [.. tables.Select(t => new PostTarget(t, "demo." + t, new Uri(proxy.Url, $"dev/topics/demo.{t}")))];

    public static long[] Numbers(this FakeProxy proxy, string table) =>
        [.. proxy.Stored["demo." + table].Select(v => v.GetProperty("n").GetInt64())];
}
