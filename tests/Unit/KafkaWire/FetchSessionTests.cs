using Sluice.KafkaWire;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>Incremental fetches (KIP-227), by name and by id.</summary>
public sealed class FetchSessionTests
{
    private static readonly FetchWish[] s_three = [new(Partition: 0), new(Partition: 1), new(Partition: 2)];

    [Theory]
    [InlineData(7)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(16)]
    public async Task A_session_is_told_of_what_changed_only(short version)
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var first = await bed.FetchAsync(version, new FetchAsk { SessionEpoch = 0, Wishes = s_three });
        first.SessionId.ShouldBePositive();
        first.Parts.Select(p => p.Partition).ShouldBe([0, 1, 2], "the first answer has all, with records or without");

        (await NextAsync(bed, version, first.SessionId, 1)).Parts.ShouldBeEmpty();
        await AppendAsync(bed, 1, "a");
        var told = (await NextAsync(bed, version, first.SessionId, 2)).Part;
        (told.Partition, told.End).ShouldBe((1, 1));
        told.Batches.ShouldNotBeEmpty();
        var moved = await NextAsync(bed, version, first.SessionId, 3, new FetchWish(Partition: 1, Offset: 1));
        (moved.SessionId, moved.Parts.Count).ShouldBe((first.SessionId, 0));
        await AppendAsync(bed, 1, "b");
        (await NextAsync(bed, version, first.SessionId, 4)).Part.Start.ShouldBe(0);
    }

    [Fact]
    public async Task Versions_below_7_and_clients_that_want_none_get_no_session()
    {
        await using var bed = await ApiBed.WithTopicAsync();
        (await bed.FetchAsync(6, new FetchAsk { SessionEpoch = 0, Wishes = [new()] })).Part.Error.ShouldBe(KafkaError.None);
        (await bed.FetchAsync(12, new FetchAsk { SessionEpoch = -1, Wishes = [new()] })).SessionId.ShouldBe(0);
        (await bed.FetchAsync(12, new FetchAsk { SessionEpoch = 0 })).SessionId.ShouldBe(0, "a session of nothing");
        bed.Broker.FetchSessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_wrong_epoch_or_id_is_told_and_the_session_goes_on()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var id = await BeginAsync(bed);
        (await NextAsync(bed, 12, id, 2)).Error.ShouldBe(KafkaError.InvalidFetchSessionEpoch);
        (await NextAsync(bed, 12, id, -5)).Error.ShouldBe(KafkaError.InvalidFetchSessionEpoch);
        (await NextAsync(bed, 12, id ^ 1, 1)).Error.ShouldBe(KafkaError.FetchSessionIdNotFound);
        (await NextAsync(bed, 12, 0, 1)).Error.ShouldBe(KafkaError.FetchSessionIdNotFound);
        (await NextAsync(bed, 13, id, 1)).Error.ShouldBe(KafkaError.FetchSessionTopicIdError);
        (await NextAsync(bed, 12, id, 1)).Error.ShouldBe(KafkaError.None);
        (await NextAsync(bed, 12, id, 1)).Error.ShouldBe(KafkaError.InvalidFetchSessionEpoch, "the same request again");
        (await NextAsync(bed, 12, id, 2)).SessionId.ShouldBe(id);
    }

    [Fact]
    public async Task Partitions_come_and_go()
    {
        await using var bed = await (await ApiBed.WithTopicAsync("t", 3)).AddAsync("u");
        var id = await BeginAsync(bed);
        for (var partition = 0; partition < 3; partition++) await AppendAsync(bed, partition, "a");
        await bed.AppendAsync("u", "b");
        var changed = await bed.FetchAsync(12, new FetchAsk
        {
            SessionId = id, SessionEpoch = 1, Wishes = [new FetchWish("u"), new FetchWish(Partition: 0, Offset: 1)], Forgotten = [new FetchWish(Partition: 2)],
        });
        changed.Parts.Select(p => (p.Topic, p.Partition)).ShouldBe([("t", 0), ("t", 1), ("u", 0)], ignoreOrder: true);
        changed.Parts.Single(p => p is { Topic: "t", Partition: 0 }).Batches.ShouldBeEmpty("its offset moved on");
        var emptied = await bed.FetchAsync(12, new FetchAsk
        {
            SessionId = id, SessionEpoch = 2, Forgotten = [new("u"), new(Partition: 0), new(Partition: 1), new("never", 7)],
        });
        (emptied.SessionId, emptied.Parts.Count).ShouldBe((0, 0));
        (bed.Broker.FetchSessions.Count, bed.Broker.FetchSessions.Bytes).ShouldBe((0, 0L));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task A_request_that_names_all_ends_the_session_it_came_from(int epoch)
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var id = await BeginAsync(bed);
        var full = await bed.FetchAsync(12, new FetchAsk { SessionId = id, SessionEpoch = epoch, Wishes = s_three });
        (full.Error, full.Parts.Count).ShouldBe((KafkaError.None, 3));
        (full.SessionId != 0).ShouldBe(epoch == 0);
        full.SessionId.ShouldNotBe(id);
        (await NextAsync(bed, 12, id, 1)).Error.ShouldBe(KafkaError.FetchSessionIdNotFound);
    }

    [Fact]
    public async Task An_error_is_told_until_it_is_gone_and_then_the_partition_once_more()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var id = await BeginAsync(bed, new FetchWish("later"), new FetchWish());
        (await NextAsync(bed, 12, id, 1)).Part.Error.ShouldBe(KafkaError.UnknownTopicOrPartition);
        await bed.AddAsync("later");
        var healed = (await NextAsync(bed, 12, id, 2)).Part;
        (healed.Topic, healed.Error, healed.End).ShouldBe(("later", KafkaError.None, 0));
        (await NextAsync(bed, 12, id, 3)).Parts.ShouldBeEmpty();
    }

    [Fact]
    public async Task By_id_a_topic_made_anew_under_its_name_is_another_one()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var first = await bed.FetchAsync(13, new FetchAsk { SessionEpoch = 0, Wishes = s_three });
        await bed.Log.DeleteTopicAsync("t", default);
        await bed.AddAsync("t", 3);
        var told = await NextAsync(bed, 13, first.SessionId, 1);
        told.Parts.Select(p => p.Error).ShouldBe([KafkaError.UnknownTopicId, KafkaError.UnknownTopicId, KafkaError.UnknownTopicId]);
        var (old, recreated) = (first.Parts[0].Id, (await bed.Log.FindTopicAsync("t", default))!.Id);
        var swapped = await bed.FetchAsync(13, new FetchAsk
        {
            SessionId = first.SessionId,
            SessionEpoch = 2,
            Wishes = s_three,
            Forgotten = [.. s_three.Select(wish => wish with { Id = old })],
        });
        swapped.Parts.Select(p => (p.Id, p.Error)).Distinct().ShouldBe([(recreated, KafkaError.None)]);
    }

    [Fact]
    public async Task Deleted_records_move_the_start_which_is_told()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        for (var n = 0; n < 3; n++) await AppendAsync(bed, 0, $"{n}");
        var id = await BeginAsync(bed, new FetchWish(Offset: 3), new FetchWish(Partition: 1));
        await bed.Log.DeleteRecordsAsync(new TopicPartition("t", 0), 2, default);
        (await NextAsync(bed, 12, id, 1)).Part.Start.ShouldBe(2);
        (await NextAsync(bed, 12, id, 2)).Parts.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_partition_that_always_has_records_does_not_keep_the_others_waiting()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        for (var partition = 0; partition < 3; partition++)
            for (var n = 0; n < 10; n++) await AppendAsync(bed, partition, new string('x', 1_000));
        // One batch per answer: the positions never move, so every partition always has records.
        var answer = await bed.FetchAsync(12, new FetchAsk { SessionEpoch = 0, Wishes = s_three, BytesMax = 100 });
        var turns = new List<int> { Served(answer) };
        for (var epoch = 1; epoch < 6; epoch++)
            turns.Add(Served(await bed.FetchAsync(12, new FetchAsk { SessionId = answer.SessionId, SessionEpoch = epoch, BytesMax = 100 })));
        turns.ShouldBe([0, 1, 2, 0, 1, 2]);
    }

    [Fact]
    public async Task A_session_waits_like_any_fetch_and_answers_with_the_record_that_came()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var id = await BeginAsync(bed);
        var waiting = bed.FetchAsync(12, new FetchAsk { SessionId = id, SessionEpoch = 1, WaitMs = 60_000 });
        waiting.IsCompleted.ShouldBeFalse();
        await AppendAsync(bed, 2, "a");
        (await waiting).Part.Partition.ShouldBe(2);
    }

    [Fact]
    public async Task Of_two_connections_in_one_session_the_later_one_counts()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var id = await BeginAsync(bed);
        var waiting = bed.FetchAsync(12, new FetchAsk { SessionId = id, SessionEpoch = 1, WaitMs = 60_000 });
        (await NextAsync(bed, 12, id, 2)).Error.ShouldBe(KafkaError.None);
        await AppendAsync(bed, 0, "a");
        var answer = await waiting;
        (answer.Error, answer.Parts.Count).ShouldBe((KafkaError.InvalidFetchSessionEpoch, 0));
        (await NextAsync(bed, 12, id, 3)).Part.Batches.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_full_cache_gives_no_session_until_one_was_idle_for_two_minutes()
    {
        await using var bed = await WithLimitsAsync(new KafkaLimits { FetchSessionsMax = 2 });
        var (first, second) = (await BeginAsync(bed), await BeginAsync(bed));
        var without = await bed.FetchAsync(12, new FetchAsk { SessionEpoch = 0, Wishes = s_three });
        (without.Error, without.SessionId, without.Parts.Count).ShouldBe((KafkaError.None, 0, 3));
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        (await NextAsync(bed, 12, first, 1)).Error.ShouldBe(KafkaError.None);
        bed.Time.Advance(TimeSpan.FromSeconds(61));
        (await BeginAsync(bed)).ShouldNotBe(0);
        (await NextAsync(bed, 12, second, 1)).Error.ShouldBe(KafkaError.FetchSessionIdNotFound, "it was used least recently");
        (await NextAsync(bed, 12, first, 2)).Error.ShouldBe(KafkaError.None);
        bed.Broker.FetchSessions.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Sessions_take_no_more_memory_than_their_bound()
    {
        await using var bed = await WithLimitsAsync(new KafkaLimits { FetchSessionBytesMax = 10_000 });
        var small = await BeginAsync(bed);
        var wide = new FetchAsk { SessionEpoch = 0, Wishes = [.. Enumerable.Range(0, 100).Select(n => new FetchWish("t", n))] };
        (await bed.FetchAsync(12, wide)).SessionId.ShouldBe(0, "100 partitions are more than it holds");
        var grown = await bed.FetchAsync(12, wide with { SessionId = small, SessionEpoch = 1 });
        grown.Error.ShouldBe(KafkaError.FetchSessionIdNotFound, "the client begins anew, and is told that there is no session");
        bed.Broker.FetchSessions.Bytes.ShouldBe(0);
    }

    [Fact]
    public async Task A_restart_forgets_sessions()
    {
        await using var bed = await ApiBed.WithTopicAsync("t", 3);
        var id = await BeginAsync(bed);
        await bed.ReopenAsync();
        (await NextAsync(bed, 12, id, 1)).Error.ShouldBe(KafkaError.FetchSessionIdNotFound);
    }

    private static int Served(FetchAnswer answer) => answer.Parts.Single(p => p.Batches.Length > 0).Partition;

    private static Task<ApiBed> WithLimitsAsync(KafkaLimits limits) => new ApiBed(new KafkaOptions { Limits = limits }).AddAsync("t", 3);

    private static async Task<int> BeginAsync(ApiBed bed, params FetchWish[] wishes)
    {
        var answer = await bed.FetchAsync(12, new FetchAsk { SessionEpoch = 0, Wishes = wishes.Length == 0 ? s_three : wishes });
        answer.SessionId.ShouldNotBe(0);
        return answer.SessionId;
    }

    private static Task<FetchAnswer> NextAsync(ApiBed bed, short version, int sessionId, int epoch, params FetchWish[] changed) =>
        bed.FetchAsync(version, new FetchAsk { SessionId = sessionId, SessionEpoch = epoch, Wishes = changed });

    private static async Task AppendAsync(ApiBed bed, int partition, string value) =>
        (await bed.Log.AppendAsync(new TopicPartition("t", partition), ApiBed.Batch(value), default)).Error.ShouldBe(AppendError.None);
}
