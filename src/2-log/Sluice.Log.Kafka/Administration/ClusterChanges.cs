using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Sluice.Log.Kafka.Client;

namespace Sluice.Log.Kafka.Administration;

/// <summary>What Kafka's admin API changes: configs, topics, partitions.</summary>
internal sealed class ClusterChanges(Clients clients, IAdminClient admin)
{
    public async ValueTask<AdminRefusal?> AlterConfigsAsync(ConfigAlteration alteration, bool validateOnly, CancellationToken cancel)
    {
        var entries = alteration.Changes.Select(change => new ConfigEntry
        {
            Name = change.Key,
            // Kafka's client takes no null beside a deletion, and looks at no value of one.
            Value = change.Value ?? "",
            IncrementalOperation = change.Value is null ? AlterConfigOpType.Delete : AlterConfigOpType.Set,
        }).ToList();
        if (entries.Count == 0) return null;
        var asked = new Dictionary<Confluent.Kafka.Admin.ConfigResource, List<ConfigEntry>> { [ClusterQuestions.WireOf(alteration.Resource)] = entries };
        var options = new IncrementalAlterConfigsOptions { RequestTimeout = clients.Limits.RequestTimeout, ValidateOnly = validateOnly };
        return await RefusalAsync($"alter the configs of '{alteration.Resource.Name}'", async () =>
        {
            try
            {
                await admin.IncrementalAlterConfigsAsync(asked, options).WaitAsync(cancel);
                return null;
            }
            catch (IncrementalAlterConfigsException refused)
            {
                return refused.Results.Find(r => r.Error.IsError)?.Error ?? refused.Error;
            }
        });
    }

    public async ValueTask<AdminRefusal?> CreateTopicAsync(TopicCreation creation, bool validateOnly, CancellationToken cancel)
    {
        var asked = new TopicSpecification
        {
            Name = creation.Name,
            NumPartitions = creation.Assignments is null ? creation.PartitionCount ?? -1 : -1,
            ReplicationFactor = creation.Assignments is null ? (short)(creation.ReplicationFactor ?? -1) : (short)-1,
            ReplicasAssignments = creation.Assignments?.ToDictionary(a => a.Key, a => a.Value.ToList()),
            Configs = new Dictionary<string, string>(creation.Configs),
        };
        var options = new CreateTopicsOptions
        {
            RequestTimeout = clients.Limits.RequestTimeout, OperationTimeout = clients.Limits.RequestTimeout, ValidateOnly = validateOnly,
        };
        return await RefusalAsync($"make topic '{creation.Name}'", async () =>
        {
            try
            {
                await admin.CreateTopicsAsync([asked], options).WaitAsync(cancel);
                return null;
            }
            catch (CreateTopicsException refused)
            {
                return refused.Results.Find(r => r.Error.IsError)?.Error ?? refused.Error;
            }
        });
    }

    public async ValueTask<AdminRefusal?> AddPartitionsAsync(string topic, int count, CancellationToken cancel)
    {
        var options = new CreatePartitionsOptions { RequestTimeout = clients.Limits.RequestTimeout, OperationTimeout = clients.Limits.RequestTimeout };
        return await RefusalAsync($"add partitions to topic '{topic}'", async () =>
        {
            try
            {
                await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = count }], options).WaitAsync(cancel);
                return null;
            }
            catch (CreatePartitionsException refused)
            {
                return refused.Results.Find(r => r.Error.IsError)?.Error ?? refused.Error;
            }
        });
    }

    /// <summary>Makes a change whose refusal is a value; a cluster that cannot be reached is an exception.</summary>
    private async Task<AdminRefusal?> RefusalAsync(string doing, Func<Task<Error?>> change)
    {
        Error? error;
        try
        {
            error = await change();
        }
        catch (KafkaException refused)
        {
            error = refused.Error;
        }
        catch (ArgumentException refused)
        {
            // librdkafka checks numbers before it sends them.
            return new AdminRefusal(AdminFault.Invalid, refused.Message);
        }

        if (error is null) return null;
        var fault = Faults.Of(clients, doing, error);
        if (fault is LogUnavailableException) throw fault;
        return new AdminRefusal(KindOf(error.Code), error.Reason);
    }

    private static AdminFault KindOf(ErrorCode code) => code switch
    {
        _ when Faults.IsUnknown(code) => AdminFault.NotFound,
        ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed => AdminFault.Unauthorized,
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed => AdminFault.Unauthenticated,
        ErrorCode.TopicAlreadyExists or ErrorCode.TopicException or ErrorCode.InvalidPartitions or ErrorCode.InvalidReplicationFactor
            or ErrorCode.InvalidReplicaAssignment or ErrorCode.InvalidConfig or ErrorCode.InvalidRequest or ErrorCode.PolicyViolation
            or ErrorCode.Local_InvalidArg or ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature => AdminFault.Invalid,
        ErrorCode.ReassignmentInProgress => AdminFault.Retriable,
        _ => AdminFault.Failed,
    };
}
