using Sluice.Bytes;

namespace Sluice.Unit.Bytes;

public sealed class ByteBudgetTests
{
    [Fact]
    public async Task Who_comes_when_nothing_is_left_waits_its_turn()
    {
        var budget = new ByteBudget(100);
        (await budget.TakeAsync(70, default)).ShouldBe(70);
        var second = budget.TakeAsync(50, default).AsTask();
        var third = budget.TakeAsync(10, default).AsTask();
        second.IsCompleted.ShouldBeFalse();
        third.IsCompleted.ShouldBeFalse("a small wish does not pass a large one by");
        budget.Return(70);
        (await second).ShouldBe(50);
        (await third).ShouldBe(10);
    }

    [Fact]
    public async Task Who_finds_too_many_waiting_is_turned_away()
    {
        var budget = new ByteBudget(100, waitersMax: 1);
        (await budget.TakeAsync(100, default)).ShouldBe(100);
        var second = budget.TakeAsync(60, default).AsTask();
        (await budget.TakeAsync(1, default)).ShouldBeNull();
        budget.Return(100);
        (await second).ShouldBe(60);
        (await budget.TakeAsync(40, default)).ShouldBe(40);
    }

    [Fact]
    public async Task A_wish_beyond_the_budget_is_cut_to_it()
    {
        var budget = new ByteBudget(100);
        (await budget.TakeAsync(1_000, default)).ShouldBe(100);
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_in_nobodys_way()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(100, default);
        using var cancel = new CancellationTokenSource();
        var impatient = budget.TakeAsync(100, cancel.Token).AsTask();
        var patient = budget.TakeAsync(60, default).AsTask();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => impatient);
        budget.Return(100);
        (await patient).ShouldBe(60);
    }

    [Fact]
    public void Shares_get_smaller_and_never_nothing()
    {
        var budget = new ByteBudget(400_000);
        budget.TakeShare(1_000_000).ShouldBe(100_000);
        budget.TakeShare(50_000).ShouldBe(50_000);
        for (var i = 0; i < 20; i++) budget.TakeShare(1_000_000).ShouldBeGreaterThanOrEqualTo(64 << 10);
    }
}
