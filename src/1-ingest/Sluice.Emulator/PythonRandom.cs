namespace Sluice.Emulator;

/// <summary>
/// The draws of the described posting scripts: Python's <c>random</c> (MT19937, seeded by key), so that the same seed sends the
/// same rows as the script does. See Matsumoto and Nishimura, "Mersenne Twister" (1998), init_by_array and genrand_int32.
/// </summary>
internal sealed class PythonRandom
{
    private const int N = 624;
    private const int M = 397;
    private readonly uint[] _state = new uint[N];
    private int _at = N;

    public PythonRandom(long seed)
    {
        var magnitude = (ulong)Math.Abs((decimal)seed);
        uint[] key = magnitude >> 32 == 0 ? [(uint)magnitude] : [(uint)magnitude, (uint)(magnitude >> 32)];
        SeedByKey(key);
    }

    /// <summary>A number from 0 to below <paramref name="bound"/>, as Python's <c>randrange(bound)</c>.</summary>
    public long Below(uint bound)
    {
        var bits = 32 - int.LeadingZeroCount((int)bound);
        while (true)
        {
            var draw = Next() >> (32 - bits);
            if (draw < bound)
            {
                return draw;
            }
        }
    }

    private uint Next()
    {
        if (_at == N)
        {
            Refill();
        }

        var y = _state[_at++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >> 18);
    }

    private void Refill()
    {
        for (var k = 0; k < N; k++)
        {
            var y = (_state[k] & 0x80000000) | (_state[(k + 1) % N] & 0x7FFFFFFF);
            _state[k] = _state[(k + M) % N] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF);
        }

        _at = 0;
    }

    private void SeedByKey(uint[] key)
    {
        _state[0] = 19650218;
        for (var i = 1; i < N; i++)
        {
            _state[i] = (1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30))) + (uint)i;
        }

        var at = 1;
        for (var k = 0; k < N; k++)
        {
            var j = k % key.Length;
            _state[at] = (_state[at] ^ ((_state[at - 1] ^ (_state[at - 1] >> 30)) * 1664525)) + key[j] + (uint)j;
            at = Following(at);
        }

        for (var k = 0; k < N - 1; k++)
        {
            _state[at] = (_state[at] ^ ((_state[at - 1] ^ (_state[at - 1] >> 30)) * 1566083941)) - (uint)at;
            at = Following(at);
        }

        _state[0] = 0x80000000;
    }

    private int Following(int at)
    {
        if (at + 1 < N)
        {
            return at + 1;
        }

        _state[0] = _state[N - 1];
        return 1;
    }
}
