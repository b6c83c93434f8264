using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;

namespace Sluice.Unit.KafkaWire;

public sealed class GroupTests
{
    private static readonly TimeSpan s_session = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_rebalance = TimeSpan.FromSeconds(60);
    private readonly FakeTimeProvider _time = new();
    private readonly GroupCoordinator _groups;

    public GroupTests() => _groups = new GroupCoordinator(new KafkaOptions(), _time, [], _ => default);

    [Fact]
    public async Task One_member_leads_itself()
    {
        var a = await StableAsync();
        (a.Generation, a.Leader, a.Protocol).ShouldBe((1, a.MemberId, "range"));
        _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.None);
        _groups.Look("g", g => g.State).ShouldBe(GroupState.Stable);
    }

    [Fact]
    public async Task A_new_dynamic_member_is_given_its_id_first_where_the_version_asks_for_it()
    {
        var given = await JoinAsync(wantsIdFirst: true);
        given.Error.ShouldBe(KafkaError.MemberIdRequired);
        given.MemberId.ShouldNotBeEmpty();
        (await JoinAsync(given.MemberId, wantsIdFirst: true)).Error.ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task An_id_that_is_not_used_in_time_is_forgotten()
    {
        var given = await JoinAsync(wantsIdFirst: true);
        _time.Advance(s_session);
        (await JoinAsync(given.MemberId, wantsIdFirst: true)).Error.ShouldBe(KafkaError.UnknownMemberId);
    }

    [Fact]
    public async Task A_second_member_makes_the_first_join_again_and_the_leader_learns_of_both()
    {
        var a = await StableAsync();
        var joiningB = JoinAsync();
        joiningB.IsCompleted.ShouldBeFalse();
        _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.RebalanceInProgress);
        var a2 = await JoinAsync(a.MemberId);
        var b = await joiningB;
        (a2.Generation, b.Generation).ShouldBe((2, 2));
        a2.Members.Select(m => m.Id).ShouldBe([a.MemberId, b.MemberId]);
        b.Members.ShouldBeEmpty();
        var syncingB = SyncAsync(b.MemberId, 2);
        syncingB.IsCompleted.ShouldBeFalse();
        (await SyncAsync(a.MemberId, 2, (a.MemberId, [1]), (b.MemberId, [2]))).Assignment.ShouldBe([1]);
        (await syncingB).Assignment.ShouldBe([2]);
    }

    [Fact]
    public async Task The_protocol_that_most_like_best_is_chosen_among_those_that_all_know()
    {
        var joiningA = JoinAsync(protocols: ["range", "sticky", "own"]);
        var a = await joiningA;
        var joiningB = JoinAsync(protocols: ["sticky", "range"]);
        var joiningC = JoinAsync(protocols: ["sticky", "range"]);
        await JoinAsync(a.MemberId, protocols: ["range", "sticky", "own"]);
        ((await joiningB).Protocol, (await joiningC).Protocol).ShouldBe(("sticky", "sticky"));
        (await JoinAsync(protocols: ["own"])).Error.ShouldBe(KafkaError.InconsistentGroupProtocol);
    }

    [Fact]
    public async Task A_silent_member_is_out_after_its_session()
    {
        var a = await StableAsync();
        _time.Advance(s_session - TimeSpan.FromSeconds(1));
        _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.None);
        _time.Advance(s_session - TimeSpan.FromSeconds(1));
        _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.None);
        _time.Advance(s_session);
        _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.UnknownMemberId);
        _groups.Look("g", g => g.State).ShouldBe(GroupState.Empty);
    }

    [Fact]
    public async Task Who_does_not_join_again_in_time_is_left_behind()
    {
        var a = await StableAsync();
        var joiningB = JoinAsync();
        for (var left = s_rebalance; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(5))
        {
            joiningB.IsCompleted.ShouldBeFalse();
            _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.RebalanceInProgress);
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        var b = await joiningB;
        (b.Generation, b.Leader).ShouldBe((2, b.MemberId));
        _groups.Heartbeat("g", a.MemberId, null, 1).ShouldBe(KafkaError.UnknownMemberId);
    }

    [Fact]
    public async Task Who_joins_and_never_syncs_is_taken_out()
    {
        var a = await JoinAsync();
        var joiningB = JoinAsync();
        var a2 = await JoinAsync(a.MemberId);
        var b = await joiningB;
        var leader = a2.Leader == a.MemberId ? a.MemberId : b.MemberId;
        var other = leader == a.MemberId ? b.MemberId : a.MemberId;
        await SyncAsync(leader, 2, (leader, [1]));
        for (var i = 0; i < 12; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            _groups.Heartbeat("g", leader, null, 2);
            _groups.Heartbeat("g", other, null, 2);
        }

        _groups.Heartbeat("g", other, null, 2).ShouldBe(KafkaError.UnknownMemberId);
        _groups.Heartbeat("g", leader, null, 2).ShouldBe(KafkaError.RebalanceInProgress);
    }

    [Fact]
    public async Task A_static_member_that_comes_back_keeps_its_assignment_and_shuts_out_its_predecessor()
    {
        var a = await StableAsync(instanceId: "i");
        var again = await JoinAsync(instanceId: "i");
        again.MemberId.ShouldNotBe(a.MemberId);
        (again.Generation, again.Leader).ShouldBe((1, a.MemberId), "told of the old leader, it does not assign");
        (await SyncAsync(again.MemberId, 1, instanceId: "i")).Assignment.ShouldBe([1]);
        _groups.Heartbeat("g", a.MemberId, "i", 1).ShouldBe(KafkaError.FencedInstanceId);
        (await JoinAsync(a.MemberId, instanceId: "i")).Error.ShouldBe(KafkaError.FencedInstanceId);
        _groups.MayCommit("g", again.MemberId, "i", 1, knowsEpochs: false).ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task A_static_leader_that_can_skip_assigning_is_told_to()
    {
        await StableAsync(instanceId: "i");
        var again = await JoinAsync(instanceId: "i", canSkip: true);
        (again.SkipAssignment, again.Leader).ShouldBe((true, again.MemberId));
        again.Members.Single().Id.ShouldBe(again.MemberId);
    }

    [Fact]
    public async Task A_static_member_that_is_away_for_a_rebalance_keeps_its_place_until_its_session_ends()
    {
        await StableAsync(instanceId: "i");
        var joiningB = JoinAsync();
        _time.Advance(s_session);
        (await joiningB).Members.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_member_that_leaves_is_gone_at_once()
    {
        var a = await StableAsync();
        _groups.Leave("g", a.MemberId, null).ShouldBe(KafkaError.None);
        _groups.Leave("g", a.MemberId, null).ShouldBe(KafkaError.UnknownMemberId);
        _groups.TryForget("g").ShouldBeTrue();
    }

    [Fact]
    public async Task A_static_member_leaves_by_its_instance_id_alone()
    {
        await StableAsync(instanceId: "i");
        _groups.TryForget("g").ShouldBeFalse();
        _groups.Leave("g", "", "i").ShouldBe(KafkaError.None);
        _groups.TryForget("g").ShouldBeTrue();
    }

    [Fact]
    public async Task Offsets_are_committed_by_members_of_the_generation_and_by_anyone_while_there_are_none()
    {
        _groups.MayCommit("g", "", null, -1, knowsEpochs: false).ShouldBe(KafkaError.None);
        _groups.MayCommit("g", "x", null, 1, knowsEpochs: false).ShouldBe(KafkaError.IllegalGeneration);
        var a = await StableAsync();
        _groups.MayCommit("g", a.MemberId, null, 1, knowsEpochs: false).ShouldBe(KafkaError.None);
        _groups.MayCommit("g", a.MemberId, null, 0, knowsEpochs: false).ShouldBe(KafkaError.IllegalGeneration);
        _groups.MayCommit("g", "x", null, 1, knowsEpochs: false).ShouldBe(KafkaError.UnknownMemberId);
        _groups.MayCommit("g", "", null, -1, knowsEpochs: false).ShouldBe(KafkaError.UnknownMemberId);
    }

    [Fact]
    public async Task Sessions_out_of_bounds_and_groups_without_a_name_are_refused()
    {
        (await _groups.JoinAsync("", Request(""))).Error.ShouldBe(KafkaError.InvalidGroupId);
        (await _groups.JoinAsync("g", Request("") with { SessionTimeout = TimeSpan.FromSeconds(5) })).Error.ShouldBe(KafkaError.InvalidSessionTimeout);
        (await _groups.JoinAsync("g", Request("never seen"))).Error.ShouldBe(KafkaError.UnknownMemberId);
    }

    [Fact]
    public async Task A_group_takes_no_more_members_than_its_bound()
    {
        var groups = new GroupCoordinator(new KafkaOptions { Limits = new KafkaLimits { GroupMembersMax = 1 } }, _time, [], _ => default);
        (await groups.JoinAsync("g", Request(""))).Error.ShouldBe(KafkaError.None);
        (await groups.JoinAsync("g", Request(""))).Error.ShouldBe(KafkaError.GroupMaxSizeReached);
    }

    [Fact]
    public async Task Empty_groups_make_room_for_new_ones()
    {
        var groups = new GroupCoordinator(new KafkaOptions { Limits = new KafkaLimits { GroupsMax = 1 } }, _time, [], _ => default);
        var a = await groups.JoinAsync("g", Request(""));
        (await groups.JoinAsync("h", Request(""))).Error.ShouldBe(KafkaError.CoordinatorNotAvailable);
        groups.Leave("g", a.MemberId, null);
        (await groups.JoinAsync("h", Request(""))).Error.ShouldBe(KafkaError.None);
    }

    [Fact]
    public async Task With_a_delay_the_first_members_begin_together()
    {
        var groups = new GroupCoordinator(new KafkaOptions { InitialRebalanceDelay = TimeSpan.FromSeconds(3) }, _time, [], _ => default);
        var (a, b) = (groups.JoinAsync("g", Request("")), groups.JoinAsync("g", Request("")));
        a.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(3));
        ((await a).Generation, (await b).Generation).ShouldBe((1, 1));
        (await a).Members.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_producer_commits_for_a_member_that_waits_for_its_assignment()
    {
        var a = await JoinAsync();
        _groups.Look("g", g => g.State).ShouldBe(GroupState.CompletingRebalance);
        _groups.MayCommit("g", a.MemberId, null, 1, knowsEpochs: true, isTransactional: true).ShouldBe(KafkaError.None);
        _groups.MayCommit("g", a.MemberId, null, 0, knowsEpochs: true, isTransactional: true).ShouldBe(KafkaError.IllegalGeneration);
        _groups.MayCommit("g", a.MemberId, null, 1, knowsEpochs: true).ShouldBe(KafkaError.RebalanceInProgress);
    }

    [Fact]
    public async Task A_group_whose_static_members_are_away_is_looked_at_with_pauses()
    {
        var time = new HeldTimers();
        var groups = new GroupCoordinator(new KafkaOptions(), time, [], _ => default);
        var none = Request("") with { RebalanceTimeout = TimeSpan.Zero };
        var gone = await groups.JoinAsync("g", none with { InstanceId = "i" });
        var joining = groups.JoinAsync("g", none);
        await groups.JoinAsync("g", none with { InstanceId = "i", MemberId = gone.MemberId });
        groups.Leave("g", (await joining).MemberId, null);
        for (var look = 0; look < 3; look++)
        {
            time.FireLast();
            groups.Look("g", g => g.State).ShouldBe(GroupState.PreparingRebalance, "the static member keeps its place until its session ends");
            time.LastDue.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        }
    }

    private static JoinRequest Request(string memberId, string? instanceId = null, string[]? protocols = null, bool wantsIdFirst = false, bool canSkip = false) =>
        new(
            memberId, instanceId, "c", "/h", s_session, s_rebalance, "consumer",
            [.. (protocols ?? ["range"]).Select(p => new GroupProtocol(p, new byte[] { 7 }))], wantsIdFirst, canSkip);

    private Task<JoinResult> JoinAsync(
        string memberId = "", string? instanceId = null, string[]? protocols = null, bool wantsIdFirst = false, bool canSkip = false) =>
        _groups.JoinAsync("g", Request(memberId, instanceId, protocols, wantsIdFirst, canSkip));

    private Task<SyncResult> SyncAsync(string memberId, int generation, params (string Id, byte[] Assignment)[] assignments) =>
        _groups.SyncAsync("g", new SyncRequest(memberId, null, generation, null, null, assignments.ToDictionary(a => a.Id, a => a.Assignment)));

    private Task<SyncResult> SyncAsync(string memberId, int generation, string instanceId) =>
        _groups.SyncAsync("g", new SyncRequest(memberId, instanceId, generation, "consumer", "range", new Dictionary<string, byte[]>()));

    private async Task<JoinResult> StableAsync(string? instanceId = null)
    {
        var a = await JoinAsync(instanceId: instanceId);
        a.Error.ShouldBe(KafkaError.None);
        var assignments = new Dictionary<string, byte[]> { [a.MemberId] = [1] };
        var sync = await _groups.SyncAsync("g", new SyncRequest(a.MemberId, instanceId, a.Generation, "consumer", "range", assignments));
        sync.Assignment.ShouldBe([1]);
        return a;
    }

    /// <summary>Timers that fire when the test says so.</summary>
    private sealed class HeldTimers : TimeProvider
    {
        private Action _fire = () => { };

        public TimeSpan LastDue { get; private set; }

        public void FireLast() => _fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // Sessions are created first and set afterwards.
            if (dueTime != Timeout.InfiniteTimeSpan) (LastDue, _fire) = (dueTime, () => callback(state));
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
