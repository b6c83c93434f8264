namespace Sluice.Log.Segments;

/// <summary>A list that one thread appends to while others read what it held at some moment, without a lock.</summary>
internal sealed class GrowingList<T>(int capacity = 16)
    where T : struct
{
    private T[] _items = new T[Math.Max(capacity, 1)];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public ReadOnlySpan<T> Snapshot()
    {
        // The count is published after the item and after the array that holds it, so it is read first.
        var count = Volatile.Read(ref _count);
        return Volatile.Read(ref _items).AsSpan(0, count);
    }

    public void Add(T item)
    {
        var items = _items;
        if (_count == items.Length)
        {
            Array.Resize(ref items, _count * 2);
            Volatile.Write(ref _items, items);
        }

        items[_count] = item;
        Volatile.Write(ref _count, _count + 1);
    }
}
