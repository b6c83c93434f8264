using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.KafkaWire;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;
using Sluice.Log;
using Sluice.Testing;

namespace Sluice.Fuzz.KafkaWire;

/// <summary>
/// Requests recorded from librdkafka, kafka-python and kcat (<c>requests.hex</c>, one a line, without the size), and what becomes of them when
/// bytes are changed, cut out, doubled or cut off: answered, or refused with <see cref="InvalidDataException"/>; nothing else.
/// <c>SLUICE_TEST_FUZZ_ROUNDS</c> says how often each is changed instead of 200 times.
/// </summary>
public sealed class CorpusFuzzTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private EmbeddedLog _log = null!;
    private KafkaServices _broker = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new EmbeddedLogOptions { Directory = _folder.Path, Durability = Durability.None };
        _log = EmbeddedLog.Open(options, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        await _log.CreateTopicAsync(new TopicSpec("t", 3, new Dictionary<string, string>()), default);
        var limits = new KafkaLimits { FetchWaitMax = TimeSpan.Zero };
        _broker = new KafkaServices(_log, new KafkaOptions { AutoCreateTopics = false, Limits = limits }, TimeProvider.System, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _broker.Groups.End();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_clients_send_is_understood()
    {
        var apis = new HashSet<string>();
        foreach (var frame in Corpus())
        {
            apis.Add(ApiTable.Find(RequestHeader.ReadApiKey(frame))!.Name);
            (await AskAsync(frame, "as recorded")).ShouldBeTrue(Convert.ToHexString(frame));
        }

        apis.Count.ShouldBeGreaterThan(20, "the corpus has most of the APIs");
    }

    [Fact]
    public async Task Changed_requests_are_answered_or_refused()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        var rounds = int.Parse(Environment.GetEnvironmentVariable("SLUICE_TEST_FUZZ_ROUNDS") ?? "200", CultureInfo.InvariantCulture);
        var corpus = Corpus();
        foreach (var frame in corpus)
        {
            for (var round = 0; round < rounds; round++) await AskAsync(Change(random, frame, corpus), $"seed {Seed}");
        }
    }

    private static byte[][] Corpus() =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "Fuzz", "KafkaWire", "requests.hex")).Select(Convert.FromHexString)];

    /// <summary>One to four changes behind the fixed part of the header, so that the API stays.</summary>
    private static byte[] Change(Random random, byte[] frame, byte[][] corpus)
    {
        var bytes = frame.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > RequestHeader.FixedBytes + 1; changes--)
        {
            var at = random.Next(RequestHeader.FixedBytes, bytes.Count);
            var count = random.Next(1, Math.Min(16, bytes.Count - at) + 1);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, count); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, count)); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                default:
                    var other = corpus[random.Next(corpus.Length)];
                    bytes.InsertRange(at, other.AsSpan(random.Next(other.Length)));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Whether the request was understood.</summary>
    private async Task<bool> AskAsync(byte[] frame, string hint)
    {
        var api = ApiTable.Find(RequestHeader.ReadApiKey(frame))!;
        var version = RequestHeader.ReadVersion(frame);
        if (!api.Has(version)) return api.Key == ApiVersions.Key;
        using var response = new KafkaWriter(api.IsFlexible(version));
        using var cancel = new CancellationTokenSource();
        try
        {
            var header = RequestHeader.Read(frame, api.IsFlexible(version));
            var answer = api.AnswerAsync(new KafkaCall
            {
                Broker = _broker,
                Header = header,
                Body = frame.AsMemory(header.BodyAt),
                Response = response,
                Sasl = new SaslSession(_broker.SaslUsers),
                ClientHost = "/",
                Cancel = cancel.Token,
            }).AsTask();
            // A member that waits for its group waits until its connection ends.
            if (api.Name is "JoinGroup" or "SyncGroup") await cancel.CancelAsync();
            await answer;
            return true;
        }
        catch (InvalidDataException)
        {
            // The connection ends.
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (Exception fault)
        {
            Assert.Fail($"{hint}, {api.Name} version {version}, {Convert.ToHexString(frame)}: {fault}");
            return false;
        }
    }
}
