using System.Runtime.CompilerServices;
using Sluice.Definition;
using Sluice.Source.Rows;

namespace Sluice.Source.Generate;

/// <summary>Rows made from a seed, as the pipeline's generate.yaml describes them.</summary>
internal sealed class GeneratedRowSource : IRowSource
{
    private readonly IReadOnlyDictionary<string, GeneratedTable> _tables;

    private GeneratedRowSource(IReadOnlyDictionary<string, GeneratedTable> tables) => _tables = tables;

    public static RowSourceOpening Open(SourceUri.Generated settings, PipelineDefinition pipeline, TimestampSpelling spelling)
    {
        var parse = GenerateFile.Read(settings, pipeline, spelling);
        return new RowSourceOpening(
            parse.Tables is null ? null : new GeneratedRowSource(parse.Tables), [.. parse.Faults.Select(f => f.ToString())]);
    }

    public ValueTask<long> CountAsync(string table, CancellationToken cancel) => ValueTask.FromResult(_tables[table].Count);

    // The work is all computing, so the rows come without a wait; the enumeration is asynchronous for the other sources' sake.
#pragma warning disable CS1998
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string table, long first, long count, [EnumeratorCancellation] CancellationToken cancel)
    {
        var rows = _tables[table];
        var end = first > rows.Count - count ? rows.Count : first + count;
        var row = new RowBuffer();
        for (var number = first; number < end; number++)
        {
            cancel.ThrowIfCancellationRequested();
            yield return rows.Write(number, row);
        }
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadRowsAsync(
        string table, IReadOnlyList<long> rows, [EnumeratorCancellation] CancellationToken cancel)
    {
        var row = new RowBuffer();
        foreach (var number in rows)
        {
            cancel.ThrowIfCancellationRequested();
            yield return _tables[table].Write(number, row);
        }
    }
#pragma warning restore CS1998

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
