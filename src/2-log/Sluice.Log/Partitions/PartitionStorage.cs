using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Metadata;
using Sluice.Log.Segments;

namespace Sluice.Log.Partitions;

/// <summary>What all partitions of a log share.</summary>
internal sealed record PartitionStorage(IFileSystem Files, TimeProvider Time, MetadataStore Metadata, OpenFiles OpenFiles, ILogger Logger)
{
    /// <summary>Closes a segment's files, whose names are gone.</summary>
    public void Forget(Segment segment)
    {
        OpenFiles.Forget(segment.Name.LogPath);
        OpenFiles.Forget(segment.Name.IndexPath);
        OpenFiles.Forget(segment.Name.TimeIndexPath);
        OpenFiles.Forget(segment.Name.AbortedIndexPath);
    }
}
