using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Sluice.KafkaWire.Apis;
using Sluice.KafkaWire.Sasl;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Connections;

/// <summary>
/// One client's connection. Requests are worked on one after the other, as Kafka does; only Produce requests overlap, because their
/// batches are queued in order before the first wait. Responses leave in the order of the requests.
/// </summary>
internal sealed partial class KafkaConnection : IDisposable
{
    private readonly ConnectionContext _connection;
    private readonly KafkaServices _broker;
    private readonly CancellationTokenSource _ending;
    private readonly Channel<Task<KafkaWriter?>> _responses;
    private readonly Queue<Task> _produces = new();
    private readonly SaslSession _sasl;
    private readonly string _clientHost;
    private long _readingSince;
    private long _sendingSince;
    private long _lastActive;
    private int _underWay;

    public KafkaConnection(ConnectionContext connection, KafkaServices broker, CancellationToken stopping)
    {
        _connection = connection;
        _broker = broker;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        _responses = Channel.CreateBounded<Task<KafkaWriter?>>(broker.Limits.RequestsInFlightPerConnection);
        _sasl = new SaslSession(broker.SaslUsers);
        _clientHost = "/" + (connection.RemoteEndPoint as IPEndPoint)?.Address;
        Note(ref _lastActive);
    }

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync()
    {
        var sending = SendResponsesAsync();
        try
        {
            await ReadRequestsAsync();
        }
        catch (Exception fault) when (fault is InvalidDataException || IsEnd(fault))
        {
            End(fault, isOfRequest: false);
        }
        finally
        {
            _responses.Writer.TryComplete();
            await sending;
        }
    }

    /// <summary>
    /// Ends the connection when it is idle or a transfer takes too long; called from time to time. One whose request waits, as a member does
    /// for the others of its group, is not idle however long that takes.
    /// </summary>
    public void EndIfStuck()
    {
        var isIdle = Volatile.Read(ref _underWay) == 0 && IsOlder(Volatile.Read(ref _lastActive), _broker.Limits.IdleMax);
        var transferMax = _broker.Limits.TransferMax;
        if (isIdle || IsOlder(Volatile.Read(ref _readingSince), transferMax) || IsOlder(Volatile.Read(ref _sendingSince), transferMax))
            _connection.Abort(new ConnectionAbortedException("The connection was idle, or a transfer on it took too long."));
    }

    public void Dispose() => _ending.Dispose();

    private static bool IsEnd(Exception fault) =>
        fault is OperationCanceledException or IOException or ConnectionAbortedException or ObjectDisposedException;

    private async Task ReadRequestsAsync()
    {
        while (true)
        {
            var frame = await RequestFrame.ReadAsync(
                _connection.Transport.Input, _broker.RequestBytes, _broker.Limits, () => Note(ref _readingSince), _ending.Token);
            Volatile.Write(ref _readingSince, 0);
            if (frame is null) return;
            Interlocked.Increment(ref _underWay);
            var key = RequestHeader.ReadApiKey(frame.Bytes.Span);
            var answer = key == Produce.Key ? AnswerProduceAsync(frame) : await AnswerAloneAsync(frame, key);
            // An answer has memory, and a share of what all fetches may take. The sender gives them back, and so it gets every answer: it
            // empties the queue after the end too, which is why this wait need not be cut short.
            await _responses.Writer.WriteAsync(answer, CancellationToken.None);
            // The sender says why, and ends the connection.
            if (answer.IsFaulted || answer.IsCanceled) return;
            // As in Kafka: who guesses passwords has to connect for each of them.
            if (_sasl.HasFailed) return;
        }
    }

    private Task<KafkaWriter?> AnswerProduceAsync(RequestFrame frame)
    {
        while (_produces.TryPeek(out var earlier) && earlier.IsCompleted) _ = _produces.Dequeue();
        var answer = AnswerAsync(frame, Produce.Key);
        _produces.Enqueue(answer);
        return answer;
    }

    /// <summary>Answers when everything before has been: what comes after Produce requests sees what they did.</summary>
    private async Task<Task<KafkaWriter?>> AnswerAloneAsync(RequestFrame frame, short key)
    {
        while (_produces.TryDequeue(out var produce)) await produce.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var answer = AnswerAsync(frame, key);
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return answer;
    }

    private async Task<KafkaWriter?> AnswerAsync(RequestFrame frame, short key)
    {
        using (frame)
        {
            var bytes = frame.Bytes;
            var version = RequestHeader.ReadVersion(bytes.Span);
            if (ApiTable.Find(key) is not { } api || (!api.Has(version) && key != ApiVersions.Key))
                throw new InvalidDataException($"API {key} version {version} is not among those that ApiVersions lists.");
            var response = new KafkaWriter(isFlexible: false);
            try
            {
                response.WriteInt32(RequestHeader.ReadCorrelationId(bytes.Span));
                if (!api.Has(version)) ApiVersions.WriteUnsupported(response);
                else if (!await AnswerAsync(api, bytes, response)) return null;
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    private async ValueTask<bool> AnswerAsync(KafkaApi api, ReadOnlyMemory<byte> bytes, KafkaWriter response)
    {
        var header = RequestHeader.Read(bytes, api.IsFlexible(RequestHeader.ReadVersion(bytes.Span)));
        if (!_sasl.IsAuthenticated && api.Key is not (ApiVersions.Key or SaslHandshake.Key or SaslAuthenticate.Key))
            throw new InvalidDataException($"{api.Name} was asked before the connection authenticated with SASL.");
        response.IsFlexible = api.IsFlexible(header.Version);
        if (api.Key != ApiVersions.Key) response.WriteTags();
        var call = new KafkaCall
        {
            Broker = _broker,
            Header = header,
            Body = bytes[header.BodyAt..],
            Response = response,
            Sasl = _sasl,
            ClientHost = _clientHost,
            Cancel = _ending.Token,
        };
        await api.AnswerAsync(call);
        if (call.HasNoResponse) response.Dispose();
        return !call.HasNoResponse;
    }

    /// <summary>Sends what was answered, in order. A request that failed ends the connection: its client cannot tell what happened.</summary>
    private async Task SendResponsesAsync()
    {
        var isOver = false;
        await foreach (var answer in _responses.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                using var response = await answer;
                if (!isOver && response is not null) isOver = await SendAsync(response);
            }
            catch (Exception fault)
            {
                isOver = true;
                End(fault, isOfRequest: !answer.IsCompletedSuccessfully);
            }
            finally
            {
                Note(ref _lastActive);
                Interlocked.Decrement(ref _underWay);
            }
        }
    }

    /// <returns>Whether the other side has ended the connection.</returns>
    private async ValueTask<bool> SendAsync(KafkaWriter response)
    {
        Note(ref _sendingSince);
        try
        {
            return (await response.SendAsync(_connection.Transport.Output, _ending.Token)).IsCompleted;
        }
        finally
        {
            Volatile.Write(ref _sendingSince, 0);
        }
    }

    /// <param name="isOfRequest">
    /// What answers a request does not touch the connection: an <see cref="IOException"/> there is one of the log's storage.
    /// </param>
    private void End(Exception fault, bool isOfRequest)
    {
        var isEnd = isOfRequest ? fault is OperationCanceledException && _ending.IsCancellationRequested : IsEnd(fault);
        if (fault is InvalidDataException) Malformed(_broker.Logger, _clientHost, fault.Message);
        else if (!isEnd) Failed(_broker.Logger, fault, _clientHost);
        _connection.Abort(new ConnectionAbortedException("A request could not be answered.", fault));
    }

    /// <summary>Zero stands for "not under way".</summary>
    private void Note(ref long since) => Volatile.Write(ref since, Math.Max(1, _broker.Time.GetTimestamp()));

    private bool IsOlder(long since, TimeSpan age) => since != 0 && _broker.Time.GetElapsedTime(since) > age;

    [LoggerMessage(500, LogLevel.Warning, "A Kafka client at {Client} sent what cannot be understood and was disconnected: {Reason}")]
    private static partial void Malformed(ILogger logger, string client, string reason);

    [LoggerMessage(501, LogLevel.Error, "A request of a Kafka client at {Client} failed; the connection was ended")]
    private static partial void Failed(ILogger logger, Exception fault, string client);
}
