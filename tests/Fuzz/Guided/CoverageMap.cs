using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Sluice.Fuzz.Guided;

/// <summary>
/// Which branches instrumented code has taken, in pairs of one and the one before, and how often: 1, 2, 3, 4-7, 8-15, 16-31, 32-127 or more
/// times, as AFL counts. There is one in a process, as there is one <see cref="Trace"/>.
/// </summary>
internal static unsafe class CoverageMap
{
    private const int Size = 1 << 16;

    // For the life of the process: instrumented code that is still running writes to it.
    private static readonly byte* s_taken = (byte*)NativeMemory.AllocZeroed(Size);
    private static readonly byte[] s_seen = new byte[Size];

    /// <summary>Forgets everything.</summary>
    public static void Reset()
    {
        Array.Clear(s_seen);
        Trace.SharedMem = s_taken;
        Begin();
    }

    /// <summary>Pairs of branches taken since the reset.</summary>
    public static int Edges => s_seen.Count(counts => counts != 0);

    /// <summary>Before a run.</summary>
    public static void Begin()
    {
        new Span<byte>(s_taken, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>After a run: whether it took a pair of branches that none took before, or took one as often as none before.</summary>
    /// <param name="countsToo">False to look at the pairs only, however often they were taken.</param>
    public static bool IsNew(bool countsToo)
    {
        var isNew = false;
        var taken = new Span<byte>(s_taken, Size);
        for (var at = 0; at < Size; at++)
        {
            var next = taken[at..].IndexOfAnyExcept((byte)0);
            if (next < 0) break;
            at += next;
            var count = countsToo ? ClassOf(taken[at]) : (byte)1;
            isNew |= (s_seen[at] & count) == 0;
            s_seen[at] |= count;
        }

        return isNew;
    }

    private static byte ClassOf(byte times) => times switch
    {
        <= 3 => (byte)(1 << (times - 1)),
        >= 128 => 1 << 7,
        >= 32 => 1 << 6,
        _ => (byte)(1 << (BitOperations.Log2(times) + 1)),
    };
}
