using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sluice.Log.Metadata;
using Sluice.Testing;

namespace Sluice.Simulation.Log;

/// <summary>One seeded life of a log on a simulated disk. Every step follows from the seed.</summary>
/// <remarks>
/// SQLite cannot be on the simulated disk, so the metadata is a real SQLite database in memory that outlives the simulated crashes: a
/// committed transaction is durable, which is what SQLite promises on a real disk, and a crash falls before or after a transaction, never inside.
/// </remarks>
internal abstract class History(int seed, SimulatedLie lie) : IDisposable
{
    private readonly StringBuilder _steps = new();

    /// <summary>The steps taken, for the report of a failure.</summary>
    public string Steps => _steps.ToString();

    protected Random Random { get; } = new(seed);

    protected SimulatedFileSystem Disk { get; } = new(seed) { Lie = lie };

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddDays(1));

    protected MetadataStore Metadata { get; } = MetadataStore.Open(":memory:");

    /// <exception cref="Exception">A promise was broken.</exception>
    public abstract void Run();

    public void Dispose() => Metadata.Dispose();

    protected static void Wait(Task task)
    {
        if (!task.IsCompleted) throw new InvalidOperationException("Without threads every call completes at once.");
#pragma warning disable VSTHRD002 // It has completed; this only throws what it failed with.
        task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    protected static void Ensure(bool holds, string fault)
    {
        if (!holds) throw new BrokenPromiseException(fault);
    }

    protected void Note(string step) => _steps.Append(step).Append("; ");
}
