using System.Security.Cryptography;
using Sluice.KafkaWire.Wire;

namespace Sluice.KafkaWire.Fetching;

/// <summary>What one request fetches: everything it names, or what its session holds.</summary>
/// <param name="Error">Why nothing is fetched; the other fields mean nothing then.</param>
/// <param name="Partitions">In the order in which they are to be read.</param>
/// <param name="Session">The session that goes on; null for a request that names everything.</param>
/// <param name="Epoch">The epoch that the session has when nobody else used it meanwhile.</param>
internal readonly record struct FetchScope(KafkaError Error, FetchPartition[] Partitions, FetchSession? Session = null, int Epoch = 0);

/// <summary>
/// The fetch sessions of the broker (KIP-227), bounded by their number and by their bytes. A session that nobody used for a while gives way
/// to a new one; while all are in use, who asks for one gets none and names everything each time.
/// </summary>
/// <remarks>Safe for many threads. Ids are not to be guessed: who knows one can use and end the session.</remarks>
internal sealed class FetchSessions(KafkaLimits limits, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, LinkedListNode<FetchSession>> _sessions = [];
    private readonly LinkedList<FetchSession> _idleFirst = new();

    /// <summary>Sessions kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _sessions.Count;
        }
    }

    /// <summary>About the memory that they take.</summary>
    public long Bytes { get; private set; }

    /// <summary>What the request is about; a session that it names and does not go on with ends.</summary>
    public FetchScope Begin(FetchRequest request)
    {
        lock (_lock)
        {
            _sessions.TryGetValue(request.SessionId, out var place);
            if (request.SessionEpoch is FetchRequest.InitialEpoch or FetchRequest.FinalEpoch)
            {
                if (place is not null) End(place);
                return new FetchScope(KafkaError.None, request.Partitions);
            }

            if (place is null) return new FetchScope(KafkaError.FetchSessionIdNotFound, []);
            var session = place.Value;
            if (session.Epoch != request.SessionEpoch) return new FetchScope(KafkaError.InvalidFetchSessionEpoch, []);
            if (session.UsesIds != request.UsesIds) return new FetchScope(KafkaError.FetchSessionTopicIdError, []);
            return GoOn(place, request);
        }
    }

    /// <summary>Notes what the client is told, in a session of its own when it asked for one.</summary>
    /// <returns>The session's id, 0 for none, and the error with which nothing is told.</returns>
    public (int SessionId, KafkaError Error) Complete(FetchRequest request, in FetchScope scope, IReadOnlyList<FetchedPartition> told)
    {
        lock (_lock)
        {
            if (scope.Session is { } session)
            {
                // Another connection went on with it: its answer is the one that counts.
                if (session.Epoch != scope.Epoch) return (session.Id, KafkaError.InvalidFetchSessionEpoch);
                session.Tell(told);
                return (session.Id, KafkaError.None);
            }

            if (request.SessionEpoch != FetchRequest.InitialEpoch || request.Partitions.Length == 0) return (0, KafkaError.None);
            return (TryAdd(request, told)?.Id ?? 0, KafkaError.None);
        }
    }

    private FetchScope GoOn(LinkedListNode<FetchSession> place, FetchRequest request)
    {
        var session = place.Value;
        Bytes -= session.Bytes;
        session.Change(request.Partitions, request.Forgotten);
        Bytes += session.Bytes;
        Touch(place);
        if (session.Count == 0)
        {
            End(place);
            return new FetchScope(KafkaError.None, []);
        }

        if (!MakeRoom(sessions: 0, bytes: 0))
        {
            End(place);
            return new FetchScope(KafkaError.FetchSessionIdNotFound, []);
        }

        session.Advance();
        return new FetchScope(KafkaError.None, session.InTurn(), session, session.Epoch);
    }

    private FetchSession? TryAdd(FetchRequest request, IReadOnlyList<FetchedPartition> told)
    {
        if (!MakeRoom(sessions: 1, FetchSession.BytesOf(request.Partitions))) return null;
        int id;
        do id = RandomNumberGenerator.GetInt32(1, int.MaxValue);
        while (_sessions.ContainsKey(id));
        var session = new FetchSession(id, request.UsesIds);
        session.Change(request.Partitions, []);
        session.Tell(told);
        Bytes += session.Bytes;
        Touch(_sessions[id] = new LinkedListNode<FetchSession>(session));
        return session;
    }

    /// <summary>Ends sessions that nobody used for a while, until there is room for so much more; false when there is none.</summary>
    private bool MakeRoom(int sessions, long bytes)
    {
        while (_sessions.Count + sessions > limits.FetchSessionsMax || Bytes + bytes > limits.FetchSessionBytesMax)
        {
            if (_idleFirst.First is not { } idle || time.GetElapsedTime(idle.Value.UsedAt) <= limits.FetchSessionIdleMin) return false;
            End(idle);
        }

        return true;
    }

    private void Touch(LinkedListNode<FetchSession> place)
    {
        place.Value.UsedAt = time.GetTimestamp();
        place.List?.Remove(place);
        _idleFirst.AddLast(place);
    }

    private void End(LinkedListNode<FetchSession> place)
    {
        _sessions.Remove(place.Value.Id);
        _idleFirst.Remove(place);
        Bytes -= place.Value.Bytes;
    }
}
