namespace Sluice.Cleaning.Judging;

/// <summary>A set of 64-bit hashes by open addressing: 8 bytes a place, two to four places a hash at its fullest and emptiest.</summary>
internal sealed class KeySet
{
    private const int PlacesMin = 1 << 10;

    // 0 marks an empty place, so the hash 0 is kept apart.
    private ulong[] _places = new ulong[PlacesMin];
    private bool _hasZero;
    private int _placed;

    public int Count => _placed + (_hasZero ? 1 : 0);

    public bool Contains(ulong hash) => hash == 0 ? _hasZero : _places[PlaceOf(_places, hash)] == hash;

    public void Add(ulong hash)
    {
        if (hash == 0)
        {
            _hasZero = true;
            return;
        }

        var place = PlaceOf(_places, hash);
        if (_places[place] == hash) return;
        _places[place] = hash;
        if (++_placed * 2L > _places.Length) Grow();
    }

    public void Clear() => (_places, _hasZero, _placed) = (new ulong[PlacesMin], false, 0);

    /// <summary>Where the hash is or would be.</summary>
    private static int PlaceOf(ulong[] places, ulong hash)
    {
        var mask = places.Length - 1;
        // The hash is already one: its low bits are as good as any.
        var place = (int)hash & mask;
        while (places[place] != 0 && places[place] != hash) place = (place + 1) & mask;
        return place;
    }

    private void Grow()
    {
        var larger = new ulong[_places.Length * 2];
        foreach (var hash in _places)
        {
            if (hash != 0) larger[PlaceOf(larger, hash)] = hash;
        }

        _places = larger;
    }
}
