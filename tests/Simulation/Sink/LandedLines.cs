using System.Text;
using System.Text.RegularExpressions;
using Sluice.Log;
using Sluice.Objects;

namespace Sluice.Simulation.Sink;

/// <summary>What a sink put, read back.</summary>
internal static class LandedLines
{
    /// <summary>The lines by their offsets, as they follow from the objects' names and from the offsets beside them.</summary>
    public static async Task<SortedDictionary<long, string>> ReadAsync(IObjectStore objects, TopicPartition partition)
    {
        var offsets = await OffsetsAsync(objects, partition);
        var landed = new SortedDictionary<long, string>();
        var prefix = $"topics/{partition.Topic}/partition={partition.Partition}/";
        await foreach (var info in objects.ListAsync(prefix, null, CancellationToken.None))
        {
            var start = StartOf(info.Key.Value, prefix, partition);
            var text = Encoding.UTF8.GetString((await objects.GetAsync(info.Key, CancellationToken.None)).ShouldNotBeNull().Span);
            text.ShouldEndWith("\n");
            var lines = text[..^1].Split('\n');
            IEnumerable<long> places = offsets.Values.SingleOrDefault(o => o.Object == start) is { } said
                ? said.Lines.SelectMany(range => Numbers(range.From, range.To))
                : Numbers(start, start + lines.Length);
            places.Count().ShouldBe(lines.Length);
            foreach (var (offset, line) in places.Zip(lines)) landed.TryAdd(offset, line).ShouldBeTrue($"offset {offset} of {partition} is in two objects");
        }

        return landed;
    }

    public static async Task<SortedDictionary<long, LandedOffsets>> OffsetsAsync(IObjectStore objects, TopicPartition partition)
    {
        var offsets = new SortedDictionary<long, LandedOffsets>();
        var prefix = $"topics.offsets/{partition.Topic}/partition={partition.Partition}/";
        await foreach (var info in objects.ListAsync(prefix, null, CancellationToken.None))
        {
            var said = LandedOffsets.Parse((await objects.GetAsync(info.Key, CancellationToken.None)).ShouldNotBeNull());
            said.Start.ShouldBe(StartOf(info.Key.Value, prefix, partition));
            offsets.Add(said.Start, said);
        }

        return offsets;
    }

    private static long StartOf(string key, string prefix, TopicPartition partition)
    {
        key[prefix.Length..].ShouldMatch($@"^{Regex.Escape(partition.Topic)}\+{partition.Partition}\+\d{{10}}\.json$");
        return long.Parse(key[prefix.Length..].Split('+')[2][..10]);
    }

    private static IEnumerable<long> Numbers(long from, long to)
    {
        for (var number = from; number < to; number++) yield return number;
    }
}
