using System.Buffers.Binary;
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
/// The APIs over a small log, asked with frames of any bytes: each is answered, or refused with <see cref="InvalidDataException"/>, which
/// ends its connection; nothing else, soon, and without much memory. What else happens fails the test and prints the frame.
/// </summary>
internal sealed class RequestBed : IAsyncDisposable
{
    /// <summary>What a request may become in memory: twice the largest that one of these has taken.</summary>
    private const long AllocatedMax = 16 << 20;

    private static readonly TimeSpan s_hangAfter = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly EmbeddedLog _log;
    private readonly KafkaServices _broker;

    private RequestBed()
    {
        var options = new EmbeddedLogOptions { Directory = _folder.Path, Durability = Durability.None, Limits = new LogLimits { PartitionsPerTopicMax = 8 } };
        _log = EmbeddedLog.Open(options, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        var limits = new KafkaLimits { FetchWaitMax = TimeSpan.Zero };
        _broker = new KafkaServices(_log, new KafkaOptions { AutoCreateTopics = false, Limits = limits }, TimeProvider.System, NullLogger.Instance);
    }

    /// <summary><see cref="AskAsync"/>, for who knows this class by reflection only.</summary>
    public Func<byte[], Task<bool>> Ask => AskAsync;

    /// <summary>One with a topic <c>t</c> of three partitions.</summary>
    public static async Task<RequestBed> OpenAsync()
    {
        var bed = new RequestBed();
        await bed._log.CreateTopicAsync(new TopicSpec("t", 3, new Dictionary<string, string>()), default);
        return bed;
    }

    /// <summary>Requests that clients have sent, recorded from librdkafka, kafka-python and kcat: a frame without its size in each line.</summary>
    public static byte[][] Recorded() => Corpus("requests.hex");

    /// <summary>Requests that a longer search has found, one for each piece of the decoder that no other reaches.</summary>
    public static byte[][] Found() => Corpus("found.hex");

    /// <summary>A frame of every version of every API with this body.</summary>
    public static IEnumerable<byte[]> FramesOf(Func<byte[]> body)
    {
        foreach (var api in ApiTable.All)
            for (var version = api.MinVersion; version <= api.MaxVersion; version++) yield return FrameOf(api, version, body());
    }

    /// <summary>The versions of the API that a frame is for.</summary>
    public static (short Min, short Max) VersionsOf(byte[] frame) =>
        ApiTable.Find(RequestHeader.ReadApiKey(frame)) is { } api ? (api.MinVersion, api.MaxVersion) : ((short)0, (short)0);

    /// <summary>Whether the request was understood.</summary>
    public async Task<bool> AskAsync(byte[] frame)
    {
        if (frame.Length < RequestHeader.FixedBytes || ApiTable.Find(RequestHeader.ReadApiKey(frame)) is not { } api) return false;
        var version = RequestHeader.ReadVersion(frame);
        if (!api.Has(version)) return api.Key == ApiVersions.Key;
        var (thread, before) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
        try
        {
            await AnswerAsync(api, version, frame).WaitAsync(s_hangAfter, TimeProvider.System);
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
            Assert.Fail($"{api.Name} version {version}, {Convert.ToHexString(frame)}: {fault}");
        }

        // An answer that had to wait ends on another thread, whose count says nothing of this request.
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (thread == Environment.CurrentManagedThreadId && allocated > AllocatedMax)
            Assert.Fail($"{api.Name} version {version} took {allocated} bytes for {Convert.ToHexString(frame)}.");
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _broker.Groups.End();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    private static byte[][] Corpus(string file) =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "tests", "Fuzz", "KafkaWire", file)).Select(Convert.FromHexString)];

    private static byte[] FrameOf(KafkaApi api, short version, byte[] body)
    {
        // The correlation id, a null client id, and no tags.
        byte[] header = [0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, .. api.IsFlexible(version) ? new byte[] { 0 } : []];
        BinaryPrimitives.WriteInt16BigEndian(header, api.Key);
        BinaryPrimitives.WriteInt16BigEndian(header.AsSpan(2), version);
        return [.. header, .. body];
    }

    private async Task AnswerAsync(KafkaApi api, short version, byte[] frame)
    {
        var header = RequestHeader.Read(frame, api.IsFlexible(version));
        using var response = new KafkaWriter(api.IsFlexible(version));
        using var cancel = new CancellationTokenSource();
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
    }
}
