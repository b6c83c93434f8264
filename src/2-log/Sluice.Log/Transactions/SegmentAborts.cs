using Sluice.Bytes;
using Sluice.Log.Segments;

namespace Sluice.Log.Transactions;

/// <summary>
/// The aborted transactions whose markers lie in one segment: in memory while the segment is open, in its <c>.txnindex</c> file when it
/// is sealed. One thread adds, any thread reads.
/// </summary>
internal sealed class SegmentAborts
{
    private readonly GrowingList<AbortedTransaction> _aborted = new();

    public SegmentAborts(IEnumerable<AbortedTransaction> aborted)
    {
        foreach (var transaction in aborted) _aborted.Add(transaction);
    }

    public int Count => _aborted.Count;

    public AbortedTransaction[] ToArray() => _aborted.Snapshot().ToArray();

    public void Add(AbortedTransaction aborted) => _aborted.Add(aborted);

    /// <summary>Writes the file of a segment that is being sealed, durably but for its name; none when nothing was aborted.</summary>
    public void Persist(IFileSystem files, SegmentName name)
    {
        if (Count == 0) return;
        var bytes = new byte[Count * AbortedTransaction.Size];
        var at = 0;
        foreach (var aborted in _aborted.Snapshot())
        {
            aborted.Write(bytes.AsSpan(at));
            at += AbortedTransaction.Size;
        }

        using var file = files.Open(name.AbortedIndexPath, FileOpen.OpenOrCreate);
        file.Write(bytes, 0);
        file.SetLength(bytes.Length);
        file.Sync();
    }

    /// <exception cref="CorruptLogException">The file holds a part of an entry.</exception>
    public static AbortedTransaction[] Load(OpenFiles files, SegmentName name)
    {
        using var lease = files.Rent(name.AbortedIndexPath);
        var bytes = new byte[lease.File.Length];
        var read = lease.File.Read(bytes, 0);
        if (read != bytes.Length || read % AbortedTransaction.Size != 0)
            throw new CorruptLogException(name.AbortedIndexPath, read, "it ends within an entry.");
        var aborted = new AbortedTransaction[read / AbortedTransaction.Size];
        for (var i = 0; i < aborted.Length; i++) aborted[i] = AbortedTransaction.Read(bytes.AsSpan(i * AbortedTransaction.Size));
        return aborted;
    }
}
