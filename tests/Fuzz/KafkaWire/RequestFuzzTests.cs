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
/// Bytes that no client sends, given to every version of every API: they are answered, or refused with
/// <see cref="InvalidDataException"/>, which ends the one connection; nothing else, and without much memory.
/// </summary>
public sealed class RequestFuzzTests : IAsyncLifetime
{
    private const int RoundsPerVersion = 500;
    private readonly TemporaryFolder _folder = new();
    private EmbeddedLog _log = null!;
    private KafkaServices _broker = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new EmbeddedLogOptions { Directory = _folder.Path, Durability = Durability.None };
        _log = EmbeddedLog.Open(options, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        await _log.CreateTopicAsync(new TopicSpec("t", 1, new Dictionary<string, string>()), default);
        var limits = new KafkaLimits { FetchWaitMax = TimeSpan.Zero };
        _broker = new KafkaServices(_log, new KafkaOptions { AutoCreateTopics = false, Limits = limits }, TimeProvider.System, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _broker.Groups.End();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261122)]
    public async Task Any_bytes_are_answered_or_refused(int seed)
    {
        var random = new Random(seed);
        var largest = 0L;
        foreach (var api in ApiTable.All)
        {
            for (var version = api.MinVersion; version <= api.MaxVersion; version++)
            {
                for (var round = 0; round < RoundsPerVersion; round++)
                {
                    var body = Body(random);
                    var hint = $"seed {seed}, {api.Name} version {version}: {Convert.ToHexString(body)}";
                    var (thread, before) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
                    await AskAsync(api, version, body, hint);
                    // An answer that had to wait ends on another thread, whose count says nothing of this request.
                    if (Environment.CurrentManagedThreadId == thread) largest = Math.Max(largest, GC.GetAllocatedBytesForCurrentThread() - before);
                }
            }
        }

        largest.ShouldBeLessThan(16 << 20, "what a request becomes in memory is in proportion to its bytes");
    }

    private async Task AskAsync(KafkaApi api, short version, byte[] body, string hint)
    {
        using var response = new KafkaWriter(api.IsFlexible(version));
        using var cancel = new CancellationTokenSource();
        var call = new KafkaCall
        {
            Broker = _broker,
            Header = new RequestHeader(api.Key, version, 1, null, 0),
            Body = body,
            Response = response,
            Sasl = new SaslSession(_broker.SaslUsers),
            ClientHost = "/",
            Cancel = cancel.Token,
        };
        try
        {
            var answer = api.AnswerAsync(call).AsTask();
            // A member that waits for its group waits until its connection ends.
            if (api.Name is "JoinGroup" or "SyncGroup") await cancel.CancelAsync();
            await answer;
        }
        catch (InvalidDataException)
        {
            // The connection ends.
            return;
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception fault)
        {
            Assert.Fail($"{hint}: {fault}");
        }
    }

    /// <summary>Noise, or pieces that look like fields: small counts, the topic's name, numbers at the edges.</summary>
    private static byte[] Body(Random random)
    {
        var bytes = new List<byte>();
        var length = random.Next(120);
        while (bytes.Count < length)
        {
            byte[] piece = random.Next(9) switch
            {
                0 => [0, 0, 0, (byte)random.Next(3)],
                1 => [0, 1, (byte)'t'],
                2 => [2, (byte)'t'],
                3 => [(byte)random.Next(4)],
                4 => [0xff, 0xff, 0xff, 0xff],
                5 => [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                6 => [0, 0, 0, 0, 0, 0, 0, 0],
                7 => [0xff, 0xff, 0xff, 0xff, 0x0f],
                _ => [(byte)random.Next(256)],
            };
            bytes.AddRange(piece);
        }

        return [.. bytes];
    }
}
