using System.Collections.Frozen;

namespace Sluice.Gateway.Kinesis;

/// <summary>An action of Kinesis that a route can lead to, as API Gateway's AWS service integration names it.</summary>
/// <param name="NeedsStream">Whether the stream's name comes from the path, as its parameter <c>stream-name</c>.</param>
/// <param name="ReadsBody">Whether the request's body takes part in the mapping.</param>
internal sealed record KinesisAction(string Name, bool NeedsStream, bool ReadsBody)
{
    public const string StreamParameter = "stream-name";

    public static readonly KinesisAction ListStreams = new("ListStreams", NeedsStream: false, ReadsBody: false);
    public static readonly KinesisAction DescribeStream = new("DescribeStream", NeedsStream: true, ReadsBody: false);
    public static readonly KinesisAction CreateStream = new("CreateStream", NeedsStream: true, ReadsBody: true);
    public static readonly KinesisAction DeleteStream = new("DeleteStream", NeedsStream: true, ReadsBody: false);
    public static readonly KinesisAction PutRecord = new("PutRecord", NeedsStream: true, ReadsBody: true);
    public static readonly KinesisAction PutRecords = new("PutRecords", NeedsStream: true, ReadsBody: true);
    public static readonly KinesisAction GetRecords = new("GetRecords", NeedsStream: false, ReadsBody: false) { Parameter = "Shard-Iterator" };
    public static readonly KinesisAction GetShardIterator = new("GetShardIterator", NeedsStream: true, ReadsBody: false) { Parameter = "shard-id" };

    /// <summary>A further parameter of the request that the mapping takes, found as <c>$input.params(name)</c> finds it; null for none.</summary>
    public string? Parameter { get; init; }

    /// <summary>All of them by name.</summary>
    public static FrozenDictionary<string, KinesisAction> ByName { get; } =
        new[] { ListStreams, DescribeStream, CreateStream, DeleteStream, PutRecord, PutRecords, GetRecords, GetShardIterator }
            .ToFrozenDictionary(action => action.Name, StringComparer.Ordinal);

    /// <summary>Value of the header <c>X-Amz-Target</c>.</summary>
    public string Target { get; } = "Kinesis_20131202." + Name;
}
