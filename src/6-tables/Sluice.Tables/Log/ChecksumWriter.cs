using Microsoft.Extensions.Logging;

namespace Sluice.Tables;

/// <summary>Leaves a checksum of the table's state beside a commit: counts that were kept up change by change, for others to recompute.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#version-checksum-file</remarks>
internal sealed class ChecksumWriter(TableCatalog catalog, TableName table, TableLog log)
{
    /// <summary>The commit stands whatever happens here: a checksum that cannot be written is logged, and not missed.</summary>
    public async ValueTask WriteIfDueAsync(Snapshot snapshot)
    {
        var interval = catalog.Options.ChecksumInterval;
        if (interval <= 0 || snapshot.Version % interval != 0) return;
        try
        {
            // One that is there was written by whoever made the commit, and is never replaced.
            await catalog.Objects.PutIfAbsentAsync(log.Key(LogFile.ChecksumName(snapshot.Version)), ActionWriter.Checksum(snapshot.State), CancellationToken.None);
        }
        catch (IOException e)
        {
            catalog.Logger.LogWarning(e, "Table {Table}: version {Version} is committed, but its checksum could not be written", table, snapshot.Version);
        }
    }
}
