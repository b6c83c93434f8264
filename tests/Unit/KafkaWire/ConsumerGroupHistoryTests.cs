using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Groups;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>
/// Random histories of a consumer group: members that join, lose answers, give back late, leave, fall silent and come back, topics that
/// come, grow and go, a broker that restarts. At every moment a partition is with one member at most of those that may commit; when the
/// storm is over, every partition is with somebody and nobody is left behind.
/// </summary>
public sealed class ConsumerGroupHistoryTests
{
    private const int Members = 5;
    private static readonly Gen<(int Act, int Who, int What)> s_step = Gen.Select(Gen.Int[0, 15], Gen.Int[0, Members - 1], Gen.Int[0, 7]);

    [Fact]
    public void No_history_gives_a_partition_to_two_members_or_leaves_one_without()
    {
        var iterations = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TEST_SEQUENCES") ?? "400", System.Globalization.CultureInfo.InvariantCulture);
        s_step.Array[0, 150].Sample(
            steps =>
            {
                var history = new History();
                foreach (var step in steps) history.Do(step.Act, step.Who, step.What);
                history.ComeToRest();
            },
            iter: iterations,
            print: steps => string.Join(' ', steps.Select(s => $"({s.Act},{s.Who},{s.What})")));
    }

    private sealed class Client(string name, bool isStatic)
    {
        public string MemberId { get; set; } = name + "-0";
        public string? Instance { get; } = isStatic ? name : null;
        public int Starts { get; set; }
        public bool IsRunning { get; set; }
        public int Epoch { get; set; }
        public bool IsFull { get; set; } = true;
        public string[] Topics { get; set; } = ["t0"];
        public string? Regex { get; set; }
        public HashSet<TopicIdPartition> Owned { get; set; } = [];
        public HashSet<TopicIdPartition>? Told { get; set; }
    }

    private sealed class History
    {
        private readonly FakeTimeProvider _time = new();
        private readonly Client[] _clients = [.. Enumerable.Range(0, Members).Select(i => new Client($"m{i}", isStatic: i < 2))];
        private readonly Dictionary<string, (int Epoch, int Assignment, Dictionary<string, string> Members)> _disk = [];
        private readonly List<TopicDescription> _topics = [TopicOf("t0", 3)];
        private GroupCoordinator _groups;
        private long _version;

        public History() => _groups = Start();

        public void Do(int act, int who, int what)
        {
            var client = _clients[who];
            switch (act)
            {
                case 0: StartOrStop(client, isAway: what % 2 == 0); break;
                case 1: client.IsRunning = false; break;
                case 2: ChangeTopics(what); break;
                case 3: Subscribe(client, what); break;
                case 4: _time.Advance(TimeSpan.FromSeconds(4 * what)); break;
                case 5: Restart(); break;
                case 6 or 7: Beat(client, isLost: true); break;
                case 8: Beat(client, isLost: false, isLazy: true); break;
                default: Beat(client, isLost: false); break;
            }

            Check();
        }

        /// <summary>The storm is over: who runs goes on, the silent ones run out of time.</summary>
        public void ComeToRest()
        {
            _clients[0].IsRunning = true;
            for (var round = 0; round < 40; round++)
            {
                foreach (var client in _clients) Beat(client, isLost: false);
                Check();
                _time.Advance(TimeSpan.FromSeconds(5));
            }

            _groups.LookAtConsumers("g", g => g.State).ShouldBe(ConsumerGroupState.Stable);
            var running = _clients.Where(c => c.IsRunning).ToArray();
            var wanted = running.SelectMany(c => SubscribedBy(c)).Distinct().ToArray();
            running.SelectMany(c => c.Owned).ShouldBe(wanted, ignoreOrder: true);
            foreach (var client in running) client.Owned.ShouldAllBe(p => SubscribedBy(client).Contains(p));
            if (running.All(c => SubscribedBy(c).ToHashSet().SetEquals(wanted)))
                (running.Max(c => c.Owned.Count) - running.Min(c => c.Owned.Count)).ShouldBeLessThanOrEqualTo(1);
            _groups.End();
        }

        private static TopicDescription TopicOf(string name, int partitions) => new(Guid.NewGuid(), name, partitions, new Dictionary<string, string>());

        private TopicIdPartition[] SubscribedBy(Client client) =>
        [
            .. _topics.Where(t => client.Topics.Contains(t.Name) || (client.Regex is not null && t.Name.StartsWith('t')))
                .SelectMany(t => Enumerable.Range(0, t.PartitionCount).Select(p => new TopicIdPartition(t.Id, p))),
        ];

        private void StartOrStop(Client client, bool isAway)
        {
            if (!client.IsRunning)
            {
                client.IsRunning = true;
                Forget(client);
                // A process that is started again has another id, unless it never ended.
                if (isAway || client.Instance is null) client.MemberId = $"{client.MemberId.Split('-')[0]}-{++client.Starts}";
                return;
            }

            client.IsRunning = false;
            if (client.Epoch > 0) Send(client, client.Instance is not null && isAway ? -2 : -1);
            Forget(client);
        }

        private static void Forget(Client client) => (client.Epoch, client.IsFull, client.Owned, client.Told) = (0, true, [], null);

        private void ChangeTopics(int what)
        {
            _version++;
            var at = _topics.FindIndex(t => t.Name == $"t{what % 3}");
            if (at < 0) _topics.Add(TopicOf($"t{what % 3}", 1 + (what % 4)));
            else if (what > 5) _topics.RemoveAt(at);
            else _topics[at] = _topics[at] with { PartitionCount = _topics[at].PartitionCount + 1 };
        }

        private static void Subscribe(Client client, int what)
        {
            client.Topics = [.. new[] { "t0", "t1", "t2" }.Where((_, i) => (what & (1 << i)) != 0)];
            client.Regex = what == 0 ? "t.*" : null;
            client.IsFull = true;
        }

        private void Beat(Client client, bool isLost, bool isLazy = false)
        {
            if (!client.IsRunning) return;
            // What it was told it does before it speaks again; a lazy one holds on to what it is to give back.
            if (client.Told is { } told && !isLazy)
            {
                client.Owned = told;
                client.Told = null;
            }
            else if (client.Told is { } later)
            {
                client.Owned.UnionWith(later.Except(client.Owned));
            }

            var result = Send(client, client.Epoch);
            if (result.Error is KafkaError.UnknownMemberId or KafkaError.FencedMemberEpoch or KafkaError.FencedInstanceId)
            {
                Forget(client);
                if (result.Error == KafkaError.FencedInstanceId) client.IsRunning = false;
                return;
            }

            if (result.Error == KafkaError.UnreleasedInstanceId) return;
            if (result.Error == KafkaError.GroupIdNotFound) client.Epoch.ShouldBeGreaterThan(0);
            result.Error.ShouldBe(KafkaError.None, result.Message);
            if (isLost)
            {
                client.IsFull = true;
                return;
            }

            client.Epoch = result.Epoch;
            client.IsFull = client.Epoch == 0;
            if (result.Assignment is { } assignment) client.Told = [.. assignment];
        }

        private ConsumerHeartbeatResult Send(Client client, int epoch)
        {
            var isFull = client.IsFull || epoch == 0;
            var owned = epoch == 0 ? [] : client.Owned;
            var listed = new OwnedPartitions([.. owned.GroupBy(p => p.Topic).Select(t => (t.Key, t.Select(p => p.Partition).ToArray()))]);
            var heartbeat = new ConsumerHeartbeat(
                "g", client.MemberId, epoch, client.Instance, null, isFull ? 30_000 : -1, isFull ? client.Topics : null, isFull ? client.Regex ?? "" : null,
                null, epoch < 0 ? null : listed, "c", "/h");
            heartbeat.Refusal(needsMemberId: true, new KafkaLimits()).ShouldBeNull();
            var result = _groups.Heartbeat(heartbeat, new TopicsSeen(_version, [.. _topics]));
            _groups.SaveAsync().AsTask().IsCompletedSuccessfully.ShouldBeTrue();
            return result;
        }

        private void Restart()
        {
            _groups.End();
            _groups = Start();
        }

        private GroupCoordinator Start() => new(
            new KafkaOptions(),
            _time,
            [.. _disk.Select(g => new StoredConsumerGroup(g.Key, g.Value.Epoch, g.Value.Assignment, [.. g.Value.Members.Select(m => new StoredGroupMember(m.Key, m.Value))]))],
            Save);

        private ValueTask Save(IReadOnlyList<ConsumerGroupChange> changes)
        {
            foreach (var change in changes)
            {
                if (change.Epochs is not { } epochs)
                {
                    _disk.Remove(change.Group);
                    continue;
                }

                var members = _disk.TryGetValue(change.Group, out var known) ? known.Members : [];
                foreach (var gone in change.Gone) members.Remove(gone);
                foreach (var member in change.Members) members[member.Id] = member.State;
                _disk[change.Group] = (epochs.Group, epochs.Assignment, members);
            }

            return default;
        }

        /// <summary>What a member has, or was told that it has, nobody else has; a client that the group does not know has lost everything.</summary>
        private void Check()
        {
            var members = _groups.LookAtConsumers("g", g => g.Members.Select(m => m.Id).ToHashSet()) ?? [];
            var owned = _clients.Where(c => c.Epoch > 0 && members.Contains(c.MemberId)).SelectMany(c => c.Told is null ? c.Owned : c.Owned.Union(c.Told)).ToArray();
            owned.Distinct().Count().ShouldBe(owned.Length, "a partition is with two members");
        }
    }
}
