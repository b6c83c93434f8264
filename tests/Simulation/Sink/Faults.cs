using Sluice.Testing.Watched;

namespace Sluice.Simulation.Sink;

/// <summary>The process dies at one point, before or after an operation, and does nothing from there on; or single operations fail.</summary>
internal sealed class Faults : OperationHook
{
    private readonly Lock _lock = new();
    private readonly Random? _random;
    private readonly double _failureRate;
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _untilCrash;

    private Faults(int untilCrash, Random? random, double failureRate)
    {
        _untilCrash = untilCrash;
        _random = random;
        _failureRate = failureRate;
    }

    /// <summary>Completes when the process died.</summary>
    public Task Crashed => _crashed.Task;

    /// <summary>Whether a failed operation is always the end.</summary>
    public bool AreCrashes => _random is null;

    public static Faults None => new(int.MaxValue, null, 0);

    /// <summary>Dies at the given point, counted from 0; an operation has two.</summary>
    public static Faults CrashAt(int point) => new(point, null, 0);

    /// <summary>Fails operations at random, each as likely without as with its effect.</summary>
    public static Faults Failing(int seed, double rate) => new(int.MaxValue, new Random(seed), rate);

    public override void Before(string operation) => Pass(operation);

    public override void After(string operation) => Pass(operation);

    private void Pass(string operation)
    {
        lock (_lock)
        {
            if (_untilCrash-- <= 0)
            {
                _untilCrash = 0;
                _crashed.TrySetResult();
                throw new IOException($"The process died at '{operation}'.");
            }

            if (_random?.NextDouble() < _failureRate) throw new IOException($"The operation '{operation}' failed.");
        }
    }
}
