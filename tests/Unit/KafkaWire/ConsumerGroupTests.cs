using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

public sealed class ConsumerGroupTests
{
    [Fact]
    public async Task A_first_member_gets_every_partition_in_epoch_1()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 3);
        var told = await bed.JoinAsync("a");
        (told.Error, told.MemberId, told.Epoch).ShouldBe((KafkaError.None, "a", 1));
        told.Assignment.ShouldBe("t-0 t-1 t-2");
        told.HeartbeatMs.ShouldBe(5_000);
        (await bed.BeatAsync("a", 1, "t-0", "t-1", "t-2")).Assignment.ShouldBeNull("nothing has changed");
    }

    [Fact]
    public async Task In_version_0_a_member_may_be_given_its_id()
    {
        await using var bed = await ConsumerBed.StartAsync();
        var told = await bed.SendAsync(new Beat("", 0) { Topics = ["t"], Version = 0 });
        told.MemberId.ShouldNotBeNullOrEmpty();
        told.Assignment.ShouldBe("t-0");
    }

    [Fact]
    public async Task A_partition_goes_to_another_member_only_after_its_owner_has_given_it_back()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.JoinAsync("a");
        var b = await bed.JoinAsync("b");
        (b.Epoch, b.Assignment).ShouldBe((2, ""), "both are with a");
        var asked = await bed.BeatAsync("a", 1, "t-0", "t-1");
        (asked.Epoch, asked.Assignment).ShouldBe((1, "t-0"));
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBeNull("a has not given it back");
        (await bed.BeatAsync("a", 1)).Epoch.ShouldBe(1, "a heartbeat that does not say what it has gives nothing back");
        (await bed.BeatAsync("a", 1, "t-0")).Epoch.ShouldBe(2);
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-1");
        bed.State.ShouldBe(ConsumerGroupState.Stable);
    }

    [Fact]
    public async Task Who_missed_an_answer_is_let_go_on_with_the_epoch_before()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.JoinAsync("a");
        await bed.JoinAsync("b");
        await bed.BeatAsync("a", 1, "t-0", "t-1");
        (await bed.BeatAsync("a", 1, "t-0")).Epoch.ShouldBe(2);
        var again = await bed.BeatAsync("a", 1, "t-0");
        (again.Error, again.Epoch, again.Assignment).ShouldBe((KafkaError.None, 2, "t-0"));
        (await bed.BeatAsync("a", 1, "t-0", "t-1")).Error.ShouldBe(KafkaError.FencedMemberEpoch, "it has what it gave back");
    }

    [Fact]
    public async Task Members_and_epochs_that_are_not_known_are_shut_out()
    {
        await using var bed = await ConsumerBed.StartAsync();
        (await bed.BeatAsync("a", 1)).Error.ShouldBe(KafkaError.GroupIdNotFound);
        await bed.JoinAsync("a");
        (await bed.BeatAsync("x", 1)).Error.ShouldBe(KafkaError.UnknownMemberId);
        (await bed.BeatAsync("a", 7, "t-0")).Error.ShouldBe(KafkaError.FencedMemberEpoch);
        (await bed.SendAsync(new Beat("x", -1))).Error.ShouldBe(KafkaError.UnknownMemberId);
        var again = await bed.JoinAsync("a");
        (again.Error, again.Epoch, again.Assignment).ShouldBe((KafkaError.None, 1, "t-0"), "one that joins again has nothing and gets it anew");
    }

    [Theory]
    [InlineData(nameof(KafkaError.InvalidRequest), "")]
    [InlineData(nameof(KafkaError.InvalidRequest), "a", -3)]
    [InlineData(nameof(KafkaError.InvalidRequest), "a", -2)]
    [InlineData(nameof(KafkaError.InvalidRequest), "a", 0, "owned")]
    [InlineData(nameof(KafkaError.InvalidRequest), "a", 0, "no timeout")]
    [InlineData(nameof(KafkaError.InvalidRequest), "a", 0, "no subscription")]
    [InlineData(nameof(KafkaError.InvalidRequest), "a", 0, "empty instance")]
    [InlineData(nameof(KafkaError.UnsupportedAssignor), "a", 0, "assignor")]
    [InlineData(nameof(KafkaError.InvalidRegularExpression), "a", 0, "regex")]
    [InlineData(nameof(KafkaError.InvalidRegularExpression), "a", 0, "look-ahead")]
    public async Task A_request_that_makes_no_sense_is_refused_and_makes_no_group(string error, string member, int epoch = 0, string fault = "")
    {
        await using var bed = await ConsumerBed.StartAsync();
        var told = await bed.SendAsync(new Beat(member, epoch)
        {
            Topics = fault == "no subscription" ? null : ["t"],
            Owned = fault == "owned" ? ["t-0"] : [],
            RebalanceMs = fault == "no timeout" ? -1 : 60_000,
            Instance = fault == "empty instance" ? "" : null,
            Assignor = fault == "assignor" ? "mine" : null,
            Regex = fault == "regex" ? "(" : fault == "look-ahead" ? "(?=t).*" : null,
        });
        told.Error.ToString().ShouldBe(error);
        told.Message.ShouldNotBeNullOrEmpty();
        bed.Api.Broker.Groups.LookAtAllConsumers(g => g.Id).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_member_that_is_not_heard_of_is_out_after_its_session()
    {
        await using var bed = await ConsumerBed.StartAsync();
        await bed.JoinAsync("a");
        await bed.JoinAsync("b");
        bed.Api.Time.Advance(TimeSpan.FromSeconds(30));
        await bed.BeatAsync("b", 2);
        bed.Api.Time.Advance(TimeSpan.FromSeconds(15));
        (await bed.BeatAsync("a", 1, "t-0")).Error.ShouldBe(KafkaError.UnknownMemberId);
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-0");
    }

    [Fact]
    public async Task Who_does_not_give_back_within_the_rebalance_timeout_is_out()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.JoinAsync("a");
        await bed.JoinAsync("b");
        for (var seconds = 0; seconds < 60; seconds += 20)
        {
            (await bed.BeatAsync("a", 1, "t-0", "t-1")).Error.ShouldBe(KafkaError.None);
            await bed.BeatAsync("b", 2);
            bed.Api.Time.Advance(TimeSpan.FromSeconds(20));
        }

        (await bed.BeatAsync("a", 1, "t-0", "t-1")).Error.ShouldBe(KafkaError.UnknownMemberId);
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-0 t-1");
    }

    [Fact]
    public async Task A_member_that_leaves_frees_its_partitions_at_once()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.JoinAsync("a");
        await bed.JoinAsync("b");
        var left = await bed.SendAsync(new Beat("a", -1));
        (left.Error, left.Epoch).ShouldBe((KafkaError.None, -1));
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-0 t-1");
    }

    [Fact]
    public async Task A_static_member_that_comes_back_keeps_its_partitions()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.SendAsync(new Beat("a", 0) { Topics = ["t"], Instance = "one" });
        await bed.SendAsync(new Beat("b", 0) { Topics = ["t"], Instance = "two" });
        await bed.BeatAsync("a", 1, "t-0", "t-1");
        await bed.BeatAsync("a", 1, "t-0");
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-1");

        (await bed.SendAsync(new Beat("c", 0) { Topics = ["t"], Instance = "one" })).Error.ShouldBe(KafkaError.UnreleasedInstanceId);
        var away = await bed.SendAsync(new Beat("a", -2) { Instance = "one" });
        (away.Error, away.Epoch).ShouldBe((KafkaError.None, -2));
        (await bed.BeatAsync("b", 2, "t-1")).Assignment.ShouldBeNull("the place is kept");
        var back = await bed.SendAsync(new Beat("c", 0) { Topics = ["t"], Instance = "one" });
        (back.Error, back.Epoch, back.Assignment).ShouldBe((KafkaError.None, 2, "t-0"));
        (await bed.SendAsync(new Beat("a", 2) { Instance = "one" })).Error.ShouldBe(KafkaError.FencedInstanceId);
        (await bed.SendAsync(new Beat("a", -1) { Instance = "one" })).Error.ShouldBe(KafkaError.FencedInstanceId);
        (await bed.SendAsync(new Beat("a", 2) { Instance = "three" })).Error.ShouldBe(KafkaError.UnknownMemberId);
        (await bed.SendAsync(new Beat("c", -1) { Instance = "one" })).Error.ShouldBe(KafkaError.None);
        (await bed.BeatAsync("b", 2, "t-1")).Assignment.ShouldBe("t-0 t-1");
    }

    [Fact]
    public async Task A_static_member_that_stays_away_is_out_after_its_session()
    {
        await using var bed = await ConsumerBed.StartAsync();
        await bed.SendAsync(new Beat("a", 0) { Topics = ["t"], Instance = "one" });
        await bed.SendAsync(new Beat("a", -2) { Instance = "one" });
        bed.Api.Time.Advance(TimeSpan.FromSeconds(45));
        bed.State.ShouldBe(ConsumerGroupState.Empty);
        (await bed.SendAsync(new Beat("b", 0) { Topics = ["t"], Instance = "one" })).Assignment.ShouldBe("t-0");
    }

    [Fact]
    public async Task Topics_that_come_grow_and_go_change_the_assignment()
    {
        await using var bed = await ConsumerBed.StartAsync();
        (await bed.SendAsync(new Beat("a", 0) { Topics = ["t", "u"] })).Assignment.ShouldBe("t-0");
        await bed.Api.AddAsync("u", 2);
        var more = await bed.BeatAsync("a", 1, "t-0");
        (more.Epoch, more.Assignment).ShouldBe((2, "t-0 u-0 u-1"));
        await bed.Api.Log.AddPartitionsAsync("t", 2, validateOnly: false, default);
        (await bed.BeatAsync("a", 2)).Assignment.ShouldBe("t-0 t-1 u-0 u-1");
        await bed.Api.AddAsync("other");
        (await bed.BeatAsync("a", 3)).Epoch.ShouldBe(3, "nobody is subscribed to it");
        await bed.Api.Log.DeleteTopicAsync("u", default);
        (await bed.BeatAsync("a", 3, "t-0", "t-1", "u-0", "u-1")).Assignment.ShouldBe("t-0 t-1");
        (await bed.BeatAsync("a", 3, "t-0", "t-1")).Epoch.ShouldBe(4);
    }

    [Fact]
    public async Task A_regular_expression_is_for_the_whole_name_and_for_topics_to_come()
    {
        await using var bed = await ConsumerBed.StartAsync();
        (await bed.SendAsync(new Beat("a", 0) { Topics = [], Regex = "^t(?P<n>[0-9]*)" })).Assignment.ShouldBe("t-0");
        await bed.Api.AddAsync("t1");
        await bed.Api.AddAsync("t1x");
        (await bed.BeatAsync("a", 1)).Assignment.ShouldBe("t-0 t1-0");
        (await bed.SendAsync(new Beat("a", 2) { Topics = ["t1x"], RebalanceMs = -1, Owned = ["t-0", "t1-0"] })).Assignment.ShouldBe("t-0 t1-0 t1x-0", "names and expression add up");
        (await bed.SendAsync(new Beat("a", 3) { Regex = "", RebalanceMs = -1, Owned = ["t1x-0"] })).Assignment.ShouldBe("t1x-0");
    }

    [Fact]
    public async Task An_expression_that_takes_too_long_is_refused()
    {
        await using var bed = await ConsumerBed.StartAsync(options: new() { Limits = new() { TopicPatternTimeMax = TimeSpan.FromMilliseconds(1) } });
        await bed.Api.AddAsync(new string('a', 249));
        (await bed.SendAsync(new Beat("a", 0) { Topics = [], Regex = "((a?){30}){30}a" })).Error.ShouldBe(KafkaError.InvalidRegularExpression);
        (await bed.SendAsync(new Beat("a", 0) { Topics = [], Regex = "(a{1,1000}){1,1000}" })).Error.ShouldBe(KafkaError.InvalidRegularExpression);
    }

    [Fact]
    public async Task Members_with_other_topics_get_only_those_and_a_change_of_topics_moves_partitions()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.Api.AddAsync("u", 2);
        (await bed.JoinAsync("a")).Assignment.ShouldBe("t-0 t-1");
        (await bed.SendAsync(new Beat("b", 0) { Topics = ["u"] })).Assignment.ShouldBe("u-0 u-1");
        (await bed.SendAsync(new Beat("b", 2) { Topics = ["t"], RebalanceMs = -1, Owned = [] })).Epoch.ShouldBe(3);
        (await bed.BeatAsync("a", 1, "t-0", "t-1")).Assignment.ShouldBe("t-0");
        (await bed.BeatAsync("a", 1, "t-0")).Epoch.ShouldBe(3);
        (await bed.BeatAsync("b", 3)).Assignment.ShouldBe("t-1");
    }

    [Fact]
    public async Task The_range_assignor_keeps_neighbours_and_numbers_together()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 3);
        await bed.Api.AddAsync("u", 3);
        await bed.SendAsync(new Beat("a", 0) { Topics = ["t", "u"], Assignor = "range" });
        await bed.SendAsync(new Beat("b", 0) { Topics = ["t", "u"], Assignor = "range" });
        (await bed.BeatAsync("a", 1, "t-0", "t-1", "t-2", "u-0", "u-1", "u-2")).Assignment.ShouldBe("t-0 t-1 u-0 u-1");
        await bed.BeatAsync("a", 1, "t-0", "t-1", "u-0", "u-1");
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-2 u-2");
        bed.Api.Broker.Groups.LookAtConsumers("g", g => g.Assignor).ShouldBe("range");
    }

    [Fact]
    public async Task After_a_restart_every_member_goes_on_where_it_was()
    {
        await using var bed = await ConsumerBed.StartAsync(partitions: 2);
        await bed.JoinAsync("a");
        await bed.SendAsync(new Beat("b", 0) { Topics = [], Regex = "t", Instance = "two" });
        await bed.BeatAsync("a", 1, "t-0", "t-1");
        await bed.Api.ReopenAsync();
        bed.State.ShouldBe(ConsumerGroupState.Reconciling);
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBeNull("t-1 is still with a");
        (await bed.BeatAsync("a", 1, "t-0")).Epoch.ShouldBe(2);
        (await bed.BeatAsync("b", 2)).Assignment.ShouldBe("t-1");
        await bed.Api.ReopenAsync();
        (await bed.BeatAsync("a", 2, "t-0")).Assignment.ShouldBeNull();
        (await bed.SendAsync(new Beat("b", -1) { Instance = "two" })).Error.ShouldBe(KafkaError.None);
        await bed.Api.ReopenAsync();
        bed.Api.Time.Advance(TimeSpan.FromSeconds(44));
        (await bed.BeatAsync("a", 2, "t-0")).Assignment.ShouldBe("t-0 t-1", "its session began with the broker");
        await bed.Api.Log.AddPartitionsAsync("t", 3, validateOnly: false, default);
        await bed.Api.ReopenAsync();
        (await bed.BeatAsync("a", 3, "t-0", "t-1")).Assignment.ShouldBe("t-0 t-1 t-2", "what came while nobody looked is seen");
    }

    [Fact]
    public async Task A_group_takes_no_more_members_than_its_bound()
    {
        await using var bed = await ConsumerBed.StartAsync(options: new() { Limits = new() { GroupMembersMax = 1 } });
        await bed.JoinAsync("a");
        (await bed.JoinAsync("b")).Error.ShouldBe(KafkaError.GroupMaxSizeReached);
    }
}
