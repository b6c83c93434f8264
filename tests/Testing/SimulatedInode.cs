using Sluice.Bytes;

namespace Sluice.Testing;

/// <summary>A file's bytes as programs see them and as they are on disk, sector by sector.</summary>
internal sealed class SimulatedInode(int sectorBytes)
{
    private readonly SortedSet<int> _dirty = [];
    private byte[] _seen = new byte[256];
    private byte[] _onDisk = new byte[256];
    private long _lengthOnDisk;

    public long Length { get; private set; }

    public int Read(Span<byte> buffer, long position)
    {
        var count = (int)Math.Clamp(Length - position, 0, buffer.Length);
        if (count > 0) _seen.AsSpan((int)position, count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long position)
    {
        if (bytes.IsEmpty) return;
        Reserve(position + bytes.Length);
        bytes.CopyTo(_seen.AsSpan((int)position));
        Length = Math.Max(Length, position + bytes.Length);
        for (var sector = (int)(position / sectorBytes); sector <= (position + bytes.Length - 1) / sectorBytes; sector++) _dirty.Add(sector);
    }

    public void SetLength(long length)
    {
        Reserve(length);
        if (length < Length) _seen.AsSpan((int)length, (int)(Length - length)).Clear();
        Length = length;
        _dirty.RemoveWhere(sector => (long)sector * sectorBytes >= length);
    }

    public void Sync()
    {
        foreach (var sector in _dirty) Flush(sector);
        SettleLength(Length);
        _dirty.Clear();
    }

    /// <summary>A failed sync: some sectors reached the disk, the others never will, and nobody can tell which.</summary>
    public void ForgetUnsynced(Random random)
    {
        foreach (var sector in _dirty)
        {
            if (random.Next(2) == 0) Flush(sector);
        }

        if (random.Next(2) == 0) SettleLength(Math.Max(Length, _lengthOnDisk));
        _dirty.Clear();
    }

    public void LosePower(Random random)
    {
        // All, none, or any of the unsynced sectors were on their way to the disk already.
        var mode = random.Next(3);
        foreach (var sector in _dirty)
        {
            if (mode == 0 || (mode == 1 && random.Next(2) == 0)) Flush(sector);
        }

        if (Length != _lengthOnDisk)
        {
            var (low, high) = Length < _lengthOnDisk ? (Length, _lengthOnDisk) : (_lengthOnDisk, Length);
            var choice = random.Next(4);
            SettleLength(choice switch { 0 => low, 1 or 2 => high, _ => random.NextInt64(low, high + 1) });
        }

        _dirty.Clear();
        _onDisk.CopyTo(_seen, 0);
        Length = _lengthOnDisk;
    }

    private void Flush(int sector)
    {
        var from = sector * sectorBytes;
        var count = Math.Min(sectorBytes, _seen.Length - from);
        if (count > 0) _seen.AsSpan(from, count).CopyTo(_onDisk.AsSpan(from));
    }

    private void SettleLength(long length)
    {
        _lengthOnDisk = length;
        _onDisk.AsSpan((int)length).Clear();
    }

    private void Reserve(long length)
    {
        if (length <= _seen.Length) return;
        var size = (int)Math.Max(length, _seen.Length * 2L);
        Array.Resize(ref _seen, size);
        Array.Resize(ref _onDisk, size);
    }
}

/// <summary>A file as it was opened; void after the power was lost.</summary>
internal sealed class SimulatedFile(SimulatedFileSystem files, SimulatedInode inode, int epoch) : IFile
{
    private bool _closed;

    public long Length => Live(() => inode.Length);

    public int Read(Span<byte> buffer, long position)
    {
        Live(() => 0);
        return inode.Read(buffer, position);
    }

    public void Write(ReadOnlySpan<byte> bytes, long position)
    {
        Check();
        files.Write(inode, bytes, position);
    }

    public void Sync()
    {
        Check();
        files.Sync(inode);
    }

    public void SetLength(long length)
    {
        Check();
        files.SetLength(inode, length);
    }

    public void Dispose() => _closed = true;

    private T Live<T>(Func<T> read)
    {
        Check();
        return files.Operate(_ => read());
    }

    private void Check()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (epoch != files.Epoch) throw new IOException("The file was opened before the simulated power went.");
    }
}
