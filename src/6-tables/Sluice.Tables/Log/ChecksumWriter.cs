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
        Verify(snapshot.State);
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

    /// <summary>What was kept up change by change must be what the files give when they are counted anew.</summary>
    /// <exception cref="InvalidOperationException">It is not, so a checksum would be wrong. The commit stands.</exception>
    private void Verify(TableState state)
    {
        var (files, bytes) = (0L, 0L);
        foreach (var file in state.Files)
        {
            files++;
            bytes += file.Size;
        }

        if (files != state.Files.Count || bytes != state.FileBytes)
        {
            throw new InvalidOperationException(
                $"Table {table}: version {state.Version} is committed, and its state was kept up wrongly: "
                + $"{state.Files.Count} files of {state.FileBytes} bytes, which are {files} of {bytes}. "
                + "No checksum is written; start the process anew, which reads the log again.");
        }
    }
}
