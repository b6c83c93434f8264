using System.Runtime.InteropServices;

namespace Sluice.Log.Kafka.Groups;

/// <summary>
/// What is needed of librdkafka's C interface (https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka.h) because the managed client
/// leaves it out: offsets of groups with their metadata.
/// </summary>
internal static unsafe partial class Native
{
    public const int Producer = 0;
    public const int ErrorTextBytes = 512;
    private const string Library = "librdkafka";

    // The builds that the client's package brings: the first one needs libsasl2, which a machine without Kerberos lacks.
    private static readonly string[] s_builds = ["librdkafka", "centos8-librdkafka", "alpine-librdkafka"];
    private static int s_isFound;

    /// <summary>Says where the library is; before the first call of any.</summary>
    public static void Find()
    {
        if (Interlocked.Exchange(ref s_isFound, 1) == 1) return;
        NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, static (name, assembly, search) =>
        {
            foreach (var build in name == Library ? s_builds : [])
            {
                if (NativeLibrary.TryLoad(build, assembly, search, out var handle)) return handle;
            }

            return 0;
        });
    }

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
    public static partial nint ConfNew();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_destroy")]
    public static partial void ConfDestroy(nint conf);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ConfSet(nint conf, string name, string value, byte* error, nuint errorBytes);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_opaque")]
    public static partial void ConfSetOpaque(nint conf, nint opaque);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_enable_sasl_queue")]
    public static partial void ConfEnableSaslQueue(nint conf, int enable);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_oauthbearer_token_refresh_cb")]
    public static partial void ConfSetTokenRefresh(nint conf, delegate* unmanaged[Cdecl]<nint, byte*, nint, void> refresh);

    /// <param name="conf">The configuration.</param>
    /// <param name="log">0 logs nothing; without a call of this, lines go to the standard error.</param>
    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_log_cb")]
    public static partial void ConfSetLog(nint conf, nint log);

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    public static partial nint New(int type, nint conf, byte* error, nuint errorBytes);

    [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
    public static partial void Destroy(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_sasl_background_callbacks_enable")]
    public static partial nint SaslBackgroundCallbacksEnable(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_oauthbearer_set_token", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetToken(
        nint client, string token, long lifeEndsMs, string principal, nint extensions, nuint extensionCount, byte* error, nuint errorBytes);

    [LibraryImport(Library, EntryPoint = "rd_kafka_oauthbearer_set_token_failure", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetTokenFailure(nint client, string reason);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mem_malloc")]
    public static partial byte* Allocate(nint client, nuint bytes);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_new")]
    public static partial PartitionList* ListNew(int size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_destroy")]
    public static partial void ListDestroy(PartitionList* list);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_add", StringMarshalling = StringMarshalling.Utf8)]
    public static partial PartitionEntry* ListAdd(PartitionList* list, string topic, int partition);

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_new")]
    public static partial nint QueueNew(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_destroy")]
    public static partial void QueueDestroy(nint queue);

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_poll")]
    public static partial nint QueuePoll(nint queue, int timeoutMs);

    [LibraryImport(Library, EntryPoint = "rd_kafka_event_error")]
    public static partial int EventError(nint happened);

    [LibraryImport(Library, EntryPoint = "rd_kafka_event_error_string")]
    public static partial byte* EventErrorText(nint happened);

    [LibraryImport(Library, EntryPoint = "rd_kafka_event_destroy")]
    public static partial void EventDestroy(nint happened);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AdminOptions_new")]
    public static partial nint OptionsNew(nint client, int api);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AdminOptions_destroy")]
    public static partial void OptionsDestroy(nint options);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AdminOptions_set_request_timeout")]
    public static partial int OptionsSetTimeout(nint options, int timeoutMs, byte* error, nuint errorBytes);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AlterConsumerGroupOffsets_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint AlterNew(string group, PartitionList* partitions);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AlterConsumerGroupOffsets_destroy")]
    public static partial void AlterDestroy(nint request);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AlterConsumerGroupOffsets")]
    public static partial void Alter(nint client, nint* requests, nuint count, nint options, nint queue);

    [LibraryImport(Library, EntryPoint = "rd_kafka_event_AlterConsumerGroupOffsets_result")]
    public static partial nint AlterResult(nint happened);

    [LibraryImport(Library, EntryPoint = "rd_kafka_AlterConsumerGroupOffsets_result_groups")]
    public static partial nint* AlterGroups(nint result, out nuint count);

    [LibraryImport(Library, EntryPoint = "rd_kafka_ListConsumerGroupOffsets_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ListOffsetsNew(string group, PartitionList* partitions);

    [LibraryImport(Library, EntryPoint = "rd_kafka_ListConsumerGroupOffsets_destroy")]
    public static partial void ListOffsetsDestroy(nint request);

    [LibraryImport(Library, EntryPoint = "rd_kafka_ListConsumerGroupOffsets")]
    public static partial void ListOffsets(nint client, nint* requests, nuint count, nint options, nint queue);

    [LibraryImport(Library, EntryPoint = "rd_kafka_event_ListConsumerGroupOffsets_result")]
    public static partial nint ListOffsetsResult(nint happened);

    [LibraryImport(Library, EntryPoint = "rd_kafka_ListConsumerGroupOffsets_result_groups")]
    public static partial nint* ListOffsetsGroups(nint result, out nuint count);

    [LibraryImport(Library, EntryPoint = "rd_kafka_group_result_error")]
    public static partial nint GroupError(nint group);

    [LibraryImport(Library, EntryPoint = "rd_kafka_group_result_partitions")]
    public static partial PartitionList* GroupPartitions(nint group);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_code")]
    public static partial int ErrorCode(nint error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_string")]
    public static partial byte* ErrorText(nint error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_destroy")]
    public static partial void ErrorDestroy(nint error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_err2str")]
    public static partial byte* CodeText(int code);

    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>rd_kafka_topic_partition_list_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionList
    {
        public int Count;
        public int Size;
        public PartitionEntry* Entries;
    }

    /// <summary>rd_kafka_topic_partition_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionEntry
    {
        public byte* Topic;
        public int Partition;
        public long Offset;
        public byte* Metadata;
        public nuint MetadataBytes;
        public nint Opaque;
        public int Error;
        public nint Internal;
    }
}
