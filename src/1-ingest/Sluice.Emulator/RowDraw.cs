using System.Runtime.CompilerServices;
using Sluice.Source;

namespace Sluice.Emulator;

/// <summary>The rows of one table in the order in which they are posted.</summary>
internal sealed class RowDraw
{
    private readonly EmulatorOptions _options;
    private readonly IRowSource _source;
    private readonly string _table;
    private readonly uint _below;

    private RowDraw(EmulatorOptions options, IRowSource source, string table, long count, uint below)
    {
        (_options, _source, _table, Count, _below) = (options, source, table, count, below);
    }

    /// <summary>Rows there will be.</summary>
    public long Count { get; }

    /// <summary>One draw per target: they draw the same row numbers when rows are drawn at random.</summary>
    public static async Task<IReadOnlyList<RowDraw>> PlanAsync(
        EmulatorOptions options, IRowSource source, IReadOnlyList<PostTarget> targets, CancellationToken cancel)
    {
        var sizes = new List<long>();
        foreach (var target in targets)
        {
            sizes.Add(await source.CountAsync(target.Table, cancel));
        }

        var smallest = sizes.Count == 0 ? 0 : sizes.Min();
        var below = (uint)Math.Min(options.DrawBelow ?? smallest, smallest);
        return [.. targets.Select((target, at) => new RowDraw(
            options,
            source,
            target.Table,
            options.Draw == Draw.EachOnce ? Math.Min(options.Rows ?? sizes[at], sizes[at]) : below == 0 ? 0 : options.Rows ?? smallest,
            below))];
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancel) => _options.Draw == Draw.EachOnce
        ? _source.ReadAsync(_table, 0, Count, cancel)
        : DrawAsync(cancel);

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> DrawAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var random = new PythonRandom(_options.Seed);
        for (long drawn = 0; drawn < Count;)
        {
            var rows = new long[Math.Min(EmulatorLimits.RowsPerDraw, Count - drawn)];
            for (var at = 0; at < rows.Length; at++)
            {
                // The described scripts draw a pause of 0 or 1 s before each row; left out, the rows would differ.
                random.Below(2);
                rows[at] = random.Below(_below);
            }

            drawn += rows.Length;
            await foreach (var row in _source.ReadRowsAsync(_table, rows, cancel))
            {
                yield return row;
            }
        }
    }
}
