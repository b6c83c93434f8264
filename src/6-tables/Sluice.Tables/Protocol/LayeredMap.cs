using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Sluice.Tables;

/// <summary>
/// An immutable map whose next version costs what changed, not what it holds: a large shared layer below and a small own layer
/// above, folded together when the upper one has grown to a fixed part of the lower.
/// </summary>
internal sealed class LayeredMap<TKey, TValue> : IReadOnlyCollection<TValue>
    where TKey : notnull
    where TValue : class
{
    public static readonly LayeredMap<TKey, TValue> Empty = new([], [], 0);

    private readonly Dictionary<TKey, TValue> _lower;
    private readonly Dictionary<TKey, TValue?> _upper;

    private LayeredMap(Dictionary<TKey, TValue> lower, Dictionary<TKey, TValue?> upper, int count)
    {
        _lower = lower;
        _upper = upper;
        Count = count;
    }

    public int Count { get; }

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (!_upper.TryGetValue(key, out value)) _lower.TryGetValue(key, out value);
        return value is not null;
    }

    public Builder ToBuilder() => new(this);

    public IEnumerator<TValue> GetEnumerator()
    {
        foreach (var (key, value) in _lower)
        {
            if (_upper.Count == 0 || !_upper.ContainsKey(key)) yield return value;
        }

        foreach (var value in _upper.Values)
        {
            if (value is not null) yield return value;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Collects changes to a map; used by one thread, until <see cref="Build"/>.</summary>
    public sealed class Builder
    {
        /// <summary>Folding costs the size of the lower layer, so it is done once per this part of it.</summary>
        private const int FoldPart = 8;

        /// <summary>Below this many changes copying the upper layer is cheaper than anything.</summary>
        private const int UpperMin = 256;

        private readonly bool _owned;
        private readonly Dictionary<TKey, TValue> _lower;
        private readonly Dictionary<TKey, TValue?> _upper;
        private int _count;

        internal Builder(LayeredMap<TKey, TValue> map)
        {
            _owned = map.Count == 0;
            _lower = _owned ? [] : map._lower;
            _upper = _owned ? [] : new Dictionary<TKey, TValue?>(map._upper);
            _count = map.Count;
        }

        public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
        {
            if (!_upper.TryGetValue(key, out value)) _lower.TryGetValue(key, out value);
            return value is not null;
        }

        /// <summary>Makes room for entries that are about to come.</summary>
        public void Expect(int count)
        {
            if (_owned) _lower.EnsureCapacity(_lower.Count + count);
        }

        public void Set(TKey key, TValue value)
        {
            if (!Contains(key)) _count++;
            if (_owned) _lower[key] = value;
            else _upper[key] = value;
        }

        public void Remove(TKey key)
        {
            if (!Contains(key)) return;
            _count--;
            if (_owned) _lower.Remove(key);
            else if (_lower.ContainsKey(key)) _upper[key] = null;
            else _upper.Remove(key);
        }

        public LayeredMap<TKey, TValue> Build()
        {
            if (_upper.Count <= Math.Max(UpperMin, _lower.Count / FoldPart)) return new(_lower, _upper, _count);
            var folded = new Dictionary<TKey, TValue>(_lower);
            foreach (var (key, value) in _upper)
            {
                if (value is null) folded.Remove(key);
                else folded[key] = value;
            }

            return new(folded, [], _count);
        }

        private bool Contains(TKey key) => _upper.TryGetValue(key, out var value) ? value is not null : _lower.ContainsKey(key);
    }
}
