using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Log;

namespace Sluice.Unit.Log;

public sealed class ConcurrencyTests
{
    private const int Partitions = 3;
    private const int Callers = 12;
    private const int AppendsPerCaller = 150;

    [Fact]
    public async Task Many_callers_and_readers_see_every_record_once_and_in_each_callers_order()
    {
        await using var fixture = await LogFixture.OpenAsync(Partitions, ("segment.bytes", "20000"));
        var answered = new ConcurrentDictionary<(int Partition, long Offset), string>();
        var readers = Enumerable.Range(0, Partitions).Select(p => Task.Run(() => ReadAsync(fixture.Log, p))).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < AppendsPerCaller; i++)
            {
                var partition = caller % Partitions;
                var value = $"{caller}:{i}".PadRight(150, '.');
                var offset = await fixture.AppendAsync(value, to: new TopicPartition("t", partition));
                answered.TryAdd((partition, offset), value).ShouldBeTrue("no offset is given twice");
            }
        })));
        var seen = await Task.WhenAll(readers);
        for (var p = 0; p < Partitions; p++)
        {
            for (var offset = 0; offset < seen[p].Count; offset++) seen[p][offset].ShouldBe(answered[(p, offset)]);
            foreach (var caller in seen[p].GroupBy(v => v.Split(':')[0]))
                caller.Select(v => int.Parse(v.Split(':')[1].TrimEnd('.'), CultureInfo.InvariantCulture)).ShouldBe(Enumerable.Range(0, AppendsPerCaller));
        }

        seen.Sum(s => s.Count).ShouldBe(Callers * AppendsPerCaller);
    }

    [Fact]
    public async Task A_waiter_wakes_when_records_arrive_and_not_before()
    {
        await using var fixture = await LogFixture.OpenAsync();
        var waiter = fixture.Log.WaitForRecordsAsync(LogFixture.T0, 1, default).AsTask();
        await fixture.AppendAsync("a");
        waiter.IsCompleted.ShouldBeFalse();
        await fixture.AppendAsync("b");
        await waiter;
        await fixture.Log.WaitForRecordsAsync(LogFixture.T0, 0, default);
    }

    [Fact]
    public async Task A_waiter_can_give_up()
    {
        await using var fixture = await LogFixture.OpenAsync();
        using var cancel = new CancellationTokenSource();
        var waiter = fixture.Log.WaitForRecordsAsync(LogFixture.T0, 0, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiter);
    }

    private static async Task<List<string>> ReadAsync(EmbeddedLog log, int partition)
    {
        var name = new TopicPartition("t", partition);
        var expected = Enumerable.Range(0, Callers).Count(caller => caller % Partitions == partition) * AppendsPerCaller;
        var values = new List<string>();
        while (values.Count < expected)
        {
            await log.WaitForRecordsAsync(name, values.Count, default);
            var fetched = await log.ReadAsync(name, values.Count, 5_000, default);
            LogFixture.Decode(fetched.Bytes.Span, values.Count, values).ShouldBe(values.Count);
        }

        return values;
    }
}
