using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sluice.Source.Generate;

/// <summary>
/// The randomness of the generator: hashes and permutations that are pure functions of their arguments, so that any row can
/// be made without the ones before it, on any machine and any number of threads.
/// </summary>
internal static class Mixing
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong value)
    {
        value += Golden;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>A number for a name: FNV-1a, mixed. Each generator draws with the salt of its own place in the file, so that a
    /// change to one column leaves the others as they are.</summary>
    public static ulong Salt(string name)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 0x100000001B3;
        }

        return Mix(hash);
    }

    /// <summary>
    /// Where a permutation of 0..<paramref name="size"/>-1 puts <paramref name="position"/>: a four-round Feistel network over the
    /// next power of four, walked until it lands inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
    /// </summary>
    public static long Permute(long position, long size, ulong key)
    {
        var half = (BitOperations.Log2((ulong)(size - 1) | 1) + 2) / 2;
        var mask = (1UL << half) - 1;
        var walked = (ulong)position;
        do
        {
            var (left, right) = (walked >> half, walked & mask);
            for (ulong round = 1; round <= 4; round++)
            {
                var scrambled = (right + key + (round * Golden)) * 0xBF58476D1CE4E5B9;
                scrambled = (scrambled ^ (scrambled >> 31)) * 0x94D049BB133111EB;
                (left, right) = (right, left ^ ((scrambled >> 32) & mask));
            }

            walked = (left << half) | right;
        }
        while (walked >= (ulong)size);
        return (long)walked;
    }
}
