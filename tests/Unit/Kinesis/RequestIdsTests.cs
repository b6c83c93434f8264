using Sluice.Kinesis;

namespace Sluice.Unit.Kinesis;

public sealed class RequestIdsTests
{
    [Fact]
    public void No_two_requests_have_the_same_id_whatever_thread_answers_them()
    {
        const int Threads = 4;
        const int Each = 50_000;
        var ids = new Guid[Threads][];
        Parallel.For(0, Threads, thread => ids[thread] = [.. Enumerable.Range(0, Each).Select(_ => RequestIds.Next())]);
        ids.SelectMany(all => all).Distinct().Count().ShouldBe(Threads * Each);
    }
}
