using System.Buffers.Binary;
using Sluice.KafkaWire.Wire;
using Sluice.Log;

namespace Sluice.Unit.KafkaWire;

/// <summary>
/// Random histories of a client with a session, each request beside a sessionless one for the same positions: what the client is told, or is
/// not told because nothing changed, are the same records.
/// </summary>
public sealed class FetchSessionEquivalenceTests
{
    private const int Steps = 120;
    private static readonly TopicPartition[] s_all = [new("a", 0), new("a", 1), new("b", 0), new("b", 1), new("b", 2)];

    [Theory]
    [InlineData(1, 7)]
    [InlineData(2, 12)]
    [InlineData(3, 13)]
    [InlineData(4, 16)]
    [InlineData(20261123, 16)]
    public async Task Sessions_give_the_records_that_requests_without_one_give(int seed, short version)
    {
        await using var bed = await (await ApiBed.WithTopicAsync("a", 2)).AddAsync("b", 3);
        var client = new SessionClient(bed, version, new Random(seed));
        for (var step = 0; step < Steps; step++) await client.StepAsync();
        await client.DrainAsync();
        client.Sessions.ShouldBeInRange(1, Steps / 4, "most requests go on with a session");
    }

    /// <summary>A client as the Java one is: it names what changed, and begins anew after an error of the session.</summary>
    private sealed class SessionClient(ApiBed bed, short version, Random random)
    {
        private readonly Dictionary<TopicPartition, long> _positions = new() { [s_all[0]] = 0 };
        private readonly Dictionary<TopicPartition, long> _sent = [];
        private int _sessionId;
        private int _epoch;

        public int Sessions { get; private set; }

        public async Task StepAsync()
        {
            switch (random.Next(10))
            {
                case 0: _positions.TryAdd(s_all[random.Next(s_all.Length)], 0); break;
                case 1 when _positions.Count > 1: _positions.Remove(_positions.Keys.ElementAt(random.Next(_positions.Count))); break;
                case 2: await SeekAsync(); break;
                case 3: await DeleteRecordsAsync(); break;
                case 4 when random.Next(3) == 0: Forget(); break;
                case 5: await AskWronglyAsync(); break;
                default: await ProduceAsync(); break;
            }

            await FetchAsync(bytesMax: random.Next(3) switch { 0 => 100, 1 => 3_000, _ => 1 << 20 }, isLost: random.Next(15) == 0);
        }

        /// <summary>Reads all that there is, batch by batch.</summary>
        public async Task DrainAsync()
        {
            foreach (var partition in s_all) _positions.TryAdd(partition, 0);
            var left = 0;
            foreach (var (partition, position) in _positions) left += (int)(bed.Log.WatermarksOf(partition).End - Math.Min(position, bed.Log.WatermarksOf(partition).End));
            // An answer has at least one record, but for those that only tell of offsets out of range.
            for (var fetches = left + (2 * s_all.Length); fetches > 0; fetches--) await FetchAsync(bytesMax: 100, isLost: false);
            foreach (var (partition, position) in _positions) position.ShouldBe(bed.Log.WatermarksOf(partition).End, $"{partition}");
        }

        private async Task FetchAsync(int bytesMax, bool isLost)
        {
            var alone = await AloneAsync();
            var ask = new FetchAsk
            {
                BytesMax = bytesMax,
                SessionId = _sessionId,
                SessionEpoch = _epoch,
                Wishes = [.. _positions.Where(p => !_sent.TryGetValue(p.Key, out var sent) || sent != p.Value).Select(p => Wish(p.Key, p.Value))],
                Forgotten = [.. _sent.Keys.Where(p => !_positions.ContainsKey(p)).Select(p => Wish(p, 0))],
            };
            var answer = await bed.FetchAsync(version, ask);
            answer.Error.ShouldBe(KafkaError.None);
            answer.SessionId.ShouldNotBe(0);
            if (_epoch == 0) Sessions++;
            if (isLost)
            {
                // The connection broke: the client cannot know what it was told.
                Forget();
                return;
            }

            (_sessionId, _epoch) = (answer.SessionId, _epoch + 1);
            _sent.Clear();
            foreach (var (partition, position) in _positions) _sent[partition] = position;
            await CheckAsync(answer, alone, isWhole: bytesMax == 1 << 20);
        }

        private async Task CheckAsync(FetchAnswer answer, Dictionary<TopicPartition, FetchedPart> alone, bool isWhole)
        {
            var told = new Dictionary<TopicPartition, FetchedPart>();
            foreach (var part in answer.Parts) told.Add(await PartitionOfAsync(part), part);
            told.Keys.ShouldBeSubsetOf(alone.Keys);
            foreach (var (partition, expected) in alone)
            {
                var part = told.GetValueOrDefault(partition);
                (part?.Error ?? KafkaError.None).ShouldBe(expected.Error);
                var batches = part?.Batches ?? [];
                if (isWhole) batches.ShouldBe(expected.Batches);
                else expected.Batches.AsSpan().StartsWith(batches).ShouldBeTrue();
                if (expected.Error == KafkaError.OffsetOutOfRange) _positions[partition] = part!.Start;
                else if (batches.Length > 0 && random.Next(10) > 0) _positions[partition] = EndOf(batches);
            }

            if (!isWhole && alone.Values.Any(p => p.Batches.Length > 0)) told.Values.ShouldContain(p => p.Batches.Length > 0);
        }

        /// <summary>What requests without a session give, with room for everything.</summary>
        private async Task<Dictionary<TopicPartition, FetchedPart>> AloneAsync()
        {
            var answer = await bed.FetchAsync(version, new FetchAsk { Wishes = [.. _positions.Select(p => Wish(p.Key, p.Value))] });
            var parts = new Dictionary<TopicPartition, FetchedPart>();
            foreach (var part in answer.Parts) parts.Add(await PartitionOfAsync(part), part);
            parts.Count.ShouldBe(_positions.Count);
            return parts;
        }

        private async Task<TopicPartition> PartitionOfAsync(FetchedPart part)
        {
            var name = part.Topic ?? (await bed.Log.ListTopicsAsync(default)).Single(t => t.Id == part.Id).Name;
            return new TopicPartition(name, part.Partition);
        }

        private async Task SeekAsync()
        {
            var partition = _positions.Keys.ElementAt(random.Next(_positions.Count));
            _positions[partition] = random.NextInt64(bed.Log.WatermarksOf(partition).End + 1);
            await ProduceAsync();
        }

        private async Task DeleteRecordsAsync()
        {
            var partition = s_all[random.Next(s_all.Length)];
            var marks = bed.Log.WatermarksOf(partition);
            await bed.Log.DeleteRecordsAsync(partition, random.NextInt64(marks.Start, marks.End + 1), default);
        }

        private async Task ProduceAsync()
        {
            var values = Enumerable.Range(0, random.Next(1, 4)).Select(n => new string((char)('a' + n), random.Next(1, 1_500))).ToArray();
            (await bed.Log.AppendAsync(s_all[random.Next(s_all.Length)], ApiBed.Batch(values), default)).Error.ShouldBe(AppendError.None);
        }

        private async Task AskWronglyAsync()
        {
            if (_epoch == 0) return;
            var wrong = await bed.FetchAsync(version, new FetchAsk { SessionId = _sessionId, SessionEpoch = _epoch + 1 + random.Next(3) });
            (wrong.Error, wrong.Parts.Count).ShouldBe((KafkaError.InvalidFetchSessionEpoch, 0));
        }

        private void Forget()
        {
            _epoch = 0;
            _sent.Clear();
        }

        private static FetchWish Wish(TopicPartition partition, long offset) => new(partition.Topic, partition.Partition, offset);

        private static long EndOf(byte[] batches)
        {
            var end = 0L;
            for (var rest = batches.AsSpan(); rest.Length > 0; rest = rest[(12 + BinaryPrimitives.ReadInt32BigEndian(rest[8..]))..])
                end = BinaryPrimitives.ReadInt64BigEndian(rest) + BinaryPrimitives.ReadInt32BigEndian(rest[23..]) + 1;
            return end;
        }
    }
}
