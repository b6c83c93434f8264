using System.Diagnostics;
using Sluice.Bytes;

namespace Sluice.Bench;

/// <summary>The yardstick of what becomes durable: the disk's own synced writes of 4 MiB, one after the other.</summary>
internal static class RawDisk
{
    public const int WriteBytes = 4 << 20;

    /// <summary>Writes a new file; gives MB/s.</summary>
    /// <remarks>
    /// The file is left to the caller and has to be a new one each time, as the segments of a log are: the pages of a file that is
    /// cut off are at hand for the next, and a virtual machine has to ask its host for new ones.
    /// </remarks>
    public static double Write(string path, long bytes)
    {
        var block = new byte[WriteBytes];
        new Random(1).NextBytes(block);
        using var file = OsFileSystem.Instance.Open(path, FileOpen.CreateNew);
        var clock = Stopwatch.StartNew();
        for (long at = 0; at < bytes; at += block.Length)
        {
            file.Write(block, at);
            file.Sync();
        }

        return bytes / 1e6 / clock.Elapsed.TotalSeconds;
    }
}
