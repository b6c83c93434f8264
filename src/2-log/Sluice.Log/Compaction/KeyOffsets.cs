using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sluice.Log.Compaction;

/// <summary>
/// The last offset of each key in a stretch of a partition, in a bounded piece of memory: a table of 24-byte slots that holds 128 bits of
/// the key's SHA-256 in place of the key. Two keys that fall together would have to be found on purpose first.
/// </summary>
internal sealed class KeyOffsets
{
    private const int SlotBytes = 24;
    private const int FirstSlots = 1 << 10;
    private readonly int _slotsMax;
    private Slot[] _slots;

    /// <param name="bytesMax">What the table may take.</param>
    public KeyOffsets(int bytesMax)
    {
        _slotsMax = Math.Max(FirstSlots, bytesMax / SlotBytes);
        _slots = new Slot[FirstSlots];
    }

    public int Count { get; private set; }

    /// <summary>Whether so many further keys have room. Beyond three quarters, searches in an open table grow long.</summary>
    public bool HasRoomFor(int keys) => Count + (long)keys <= _slotsMax / 4L * 3;

    /// <summary>Notes that the key stands at the offset too; offsets come in rising order.</summary>
    public void Put(ReadOnlySpan<byte> key, long offset)
    {
        if (Count >= _slots.Length / 4 * 3) Grow();
        var hash = HashOf(key);
        ref var slot = ref FindSlot(_slots, hash);
        if (!slot.IsTaken) Count++;
        slot = new Slot(hash, offset + 1);
    }

    /// <summary>The last offset of the key; null when it has none here.</summary>
    public long? Find(ReadOnlySpan<byte> key)
    {
        ref var slot = ref FindSlot(_slots, HashOf(key));
        return slot.IsTaken ? slot.OffsetPlusOne - 1 : null;
    }

    private static UInt128 HashOf(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private static ref Slot FindSlot(Slot[] slots, UInt128 hash)
    {
        var at = (int)((ulong)hash % (ulong)slots.Length);
        while (slots[at].IsTaken && slots[at].Hash != hash) at = at + 1 == slots.Length ? 0 : at + 1;
        return ref slots[at];
    }

    private void Grow()
    {
        var larger = new Slot[Math.Min(_slotsMax, _slots.Length * 2L)];
        foreach (var slot in _slots)
        {
            if (slot.IsTaken) FindSlot(larger, slot.Hash) = slot;
        }

        _slots = larger;
    }

    private readonly struct Slot(UInt128 hash, long offsetPlusOne)
    {
        private readonly ulong _high = (ulong)(hash >> 64);
        private readonly ulong _low = (ulong)hash;

        /// <summary>0 in a slot that is free.</summary>
        public long OffsetPlusOne { get; } = offsetPlusOne;

        public bool IsTaken => OffsetPlusOne != 0;

        public UInt128 Hash => new(_high, _low);
    }
}
