using System.Runtime.InteropServices;

namespace Sluice.Kinesis;

/// <summary>Ids of answers: unique, and no secret, so that none of them costs a call to the system's random numbers.</summary>
internal static class RequestIds
{
    private static readonly (ulong High, ulong Low) s_start = MemoryMarshal.Cast<byte, (ulong, ulong)>(Guid.NewGuid().ToByteArray())[0];
    private static ulong s_count;

    /// <summary>The start of this process, and a count that changes all digits (SplitMix64, https://prng.di.unimi.it/splitmix64.c).</summary>
    public static Guid Next()
    {
        var mixed = s_start.Low + (Interlocked.Increment(ref s_count) * 0x9E3779B97F4A7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        var id = (s_start.High, mixed ^ (mixed >> 31));
        return MemoryMarshal.Cast<(ulong, ulong), Guid>(MemoryMarshal.CreateReadOnlySpan(ref id, 1))[0];
    }
}
