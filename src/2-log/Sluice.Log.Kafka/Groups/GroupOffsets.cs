using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Sluice.Log.Kafka.Client;

namespace Sluice.Log.Kafka.Groups;

/// <summary>Offsets of groups with their metadata, in Kafka. A group is written to as one without members.</summary>
internal sealed unsafe class GroupOffsets : IDisposable
{
    private readonly Clients _clients;
    private readonly nint _client;
    private GCHandle _self;

    /// <exception cref="KafkaLogException">The properties cannot be used.</exception>
    public GroupOffsets(Clients clients)
    {
        _clients = clients;
        _self = GCHandle.Alloc(clients);
        try
        {
            _client = Create();
        }
        catch
        {
            _self.Free();
            throw;
        }
    }

    /// <summary>Stores offsets of a group in one request.</summary>
    /// <exception cref="UnknownTopicPartitionException">One of the partitions is not there.</exception>
    /// <exception cref="LogUnavailableException">Kafka did not answer.</exception>
    /// <exception cref="KafkaLogException">Kafka refused.</exception>
    public Task CommitAsync(string group, IReadOnlyList<CommittedOffset> offsets, CancellationToken cancel) =>
        Task.Run(() => Commit(group, offsets), cancel);

    /// <summary>All offsets of a group.</summary>
    /// <exception cref="LogUnavailableException">Kafka did not answer.</exception>
    /// <exception cref="KafkaLogException">Kafka refused.</exception>
    public Task<List<CommittedOffset>> CommittedAsync(string group, CancellationToken cancel) => Task.Run(() => Committed(group), cancel);

    public void Dispose()
    {
        Native.Destroy(_client);
        _self.Free();
    }

    [SuppressMessage("Usage", "VSTHRD002", Justification = "librdkafka calls from a thread of its own, which has nothing to do but to wait for the token.")]
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Refresh(nint client, byte* config, nint opaque)
    {
        var error = stackalloc byte[Native.ErrorTextBytes];
        try
        {
            var (token, ends) = ((Clients)GCHandle.FromIntPtr(opaque).Target!).TokenAsync().AsTask().Result;
            if (Native.SetToken(client, token, ends, "sluice", 0, 0, error, Native.ErrorTextBytes) != 0) Native.SetTokenFailure(client, Native.Text(error));
        }
        catch (AggregateException fault)
        {
            // An exception must not leave here; the client tries again in ten seconds, and reports this reason until then.
            Native.SetTokenFailure(client, fault.GetBaseException().Message);
        }
    }

    private nint Create()
    {
        Native.Find();
        var conf = Native.ConfNew();
        var error = stackalloc byte[Native.ErrorTextBytes];
        foreach (var (name, value) in _clients.Properties.OfAdmin())
        {
            if (Native.ConfSet(conf, name, value, error, Native.ErrorTextBytes) == 0) continue;
            Native.ConfDestroy(conf);
            throw new KafkaLogException($"The Kafka property '{name}' cannot be used: {Native.Text(error)} Names and values are those of librdkafka's CONFIGURATION.md.");
        }

        // The managed clients of the same cluster log what concerns it.
        Native.ConfSetLog(conf, 0);
        if (_clients.Properties.UsesIam)
        {
            Native.ConfSetOpaque(conf, GCHandle.ToIntPtr(_self));
            Native.ConfEnableSaslQueue(conf, 1);
            Native.ConfSetTokenRefresh(conf, &Refresh);
        }

        var client = Native.New(Native.Producer, conf, error, Native.ErrorTextBytes);
        if (client == 0)
        {
            Native.ConfDestroy(conf);
            throw new KafkaLogException($"The Kafka properties cannot be used: {Native.Text(error)}");
        }

        if (_clients.Properties.UsesIam && Native.SaslBackgroundCallbacksEnable(client) is var refused and not 0) Native.ErrorDestroy(refused);
        return client;
    }

    private void Commit(string group, IReadOnlyList<CommittedOffset> offsets)
    {
        var list = Native.ListNew(offsets.Count);
        foreach (var offset in offsets)
        {
            var entry = Native.ListAdd(list, offset.Partition.Topic, offset.Partition.Partition);
            entry->Offset = offset.Offset;
            SetMetadata(entry, offset.Metadata);
        }

        var request = Native.AlterNew(group, list);
        Native.ListDestroy(list);
        try
        {
            Ask($"commit offsets of group '{group}'", request, (asked, options, queue) => Native.Alter(_client, &asked, 1, options, queue), answer =>
            {
                var groups = Native.AlterGroups(Native.AlterResult(answer), out _);
                Check(group, groups[0]);
                return true;
            });
        }
        finally
        {
            Native.AlterDestroy(request);
        }
    }

    private List<CommittedOffset> Committed(string group)
    {
        var request = Native.ListOffsetsNew(group, null);
        try
        {
            return Ask($"tell the offsets of group '{group}'", request, (asked, options, queue) => Native.ListOffsets(_client, &asked, 1, options, queue), answer =>
            {
                var groups = Native.ListOffsetsGroups(Native.ListOffsetsResult(answer), out _);
                return Check(group, groups[0]);
            });
        }
        finally
        {
            Native.ListOffsetsDestroy(request);
        }
    }

    private void SetMetadata(Native.PartitionEntry* entry, string metadata)
    {
        var bytes = Encoding.UTF8.GetBytes(metadata);
        // The list frees it, so it is taken from where the list's own memory is.
        entry->Metadata = Native.Allocate(_client, (nuint)Math.Max(bytes.Length, 1));
        entry->MetadataBytes = (nuint)bytes.Length;
        bytes.CopyTo(new Span<byte>(entry->Metadata, bytes.Length));
    }

    private T Ask<T>(string doing, nint request, Action<nint, nint, nint> send, Func<nint, T> read)
    {
        var error = stackalloc byte[Native.ErrorTextBytes];
        var options = Native.OptionsNew(_client, 0);
        var queue = Native.QueueNew(_client);
        nint answer = 0;
        try
        {
            var timeout = (int)_clients.Limits.RequestTimeout.TotalMilliseconds;
            if (Native.OptionsSetTimeout(options, timeout, error, Native.ErrorTextBytes) != 0)
                throw new KafkaLogException($"The request timeout cannot be used: {Native.Text(error)}");
            send(request, options, queue);
            // librdkafka itself answers when the time is over; the wait is longer by what that takes.
            answer = Native.QueuePoll(queue, timeout + 5000);
            if (answer == 0) throw Faults.Of(_clients, doing, new Error(ErrorCode.Local_TimedOut));
            if (Native.EventError(answer) is var code and not 0)
                throw Faults.Of(_clients, doing, new Error((ErrorCode)code, Native.Text(Native.EventErrorText(answer))));
            return read(answer);
        }
        finally
        {
            if (answer != 0) Native.EventDestroy(answer);
            Native.QueueDestroy(queue);
            Native.OptionsDestroy(options);
        }
    }

    private List<CommittedOffset> Check(string group, nint result)
    {
        var refused = Native.GroupError(result);
        if (refused != 0)
        {
            throw Faults.Of(
                _clients, $"use group '{group}'", new Error((ErrorCode)Native.ErrorCode(refused), Native.Text(Native.ErrorText(refused))));
        }

        var partitions = Native.GroupPartitions(result);
        var offsets = new List<CommittedOffset>();
        for (var i = 0; partitions is not null && i < partitions->Count; i++)
        {
            var entry = &partitions->Entries[i];
            var partition = new TopicPartition(Native.Text(entry->Topic), entry->Partition);
            if (entry->Error != 0) throw Of(group, partition, (ErrorCode)entry->Error);
            if (entry->Offset < 0) continue;
            var metadata = entry->Metadata is null ? "" : Encoding.UTF8.GetString(entry->Metadata, (int)entry->MetadataBytes);
            offsets.Add(new CommittedOffset(partition, entry->Offset, metadata));
        }

        return offsets;
    }

    private Exception Of(string group, TopicPartition partition, ErrorCode code) => Faults.IsUnknown(code)
        ? new UnknownTopicPartitionException(partition)
        : Faults.Of(
            _clients, string.Create(CultureInfo.InvariantCulture, $"commit {partition} for group '{group}'"), new Error(code, Native.Text(Native.CodeText((int)code))));
}
