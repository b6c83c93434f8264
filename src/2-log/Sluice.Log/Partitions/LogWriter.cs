using Sluice.Bytes;

namespace Sluice.Log.Partitions;

/// <summary>
/// A thread that writes for a fixed share of the partitions. In each round it takes all partitions that have something waiting,
/// writes each with one write, then syncs each once: what arrives meanwhile shares the next round (group commit).
/// </summary>
/// <remarks>Without a thread (<see cref="Start"/> not called) <see cref="RunRound"/> is called by the simulation, step by step.</remarks>
internal sealed class LogWriter : IDisposable
{
    private readonly object _gate = new();
    private List<PartitionWriter> _ready = [];
    private List<PartitionWriter> _round = [];
    private List<Order> _orders = [];
    private List<Order> _roundOrders = [];
    private Thread? _thread;
    private bool _ending;

    /// <summary>Where a partition gathers what it writes at once.</summary>
    public ByteWriter Buffer { get; } = new();

    public void Start(string name)
    {
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Says that appends wait for this partition.</summary>
    public void Wake(PartitionWriter writer)
    {
        lock (_gate)
        {
            _ready.Add(writer);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Runs work on a partition's own thread, after the round that is under way. A partition that fails over it has stopped.</summary>
    public Task PostAsync(PartitionWriter writer, Action<PartitionWriter> work)
    {
        var order = new Order(writer, work, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ending, this);
            _orders.Add(order);
            Monitor.Pulse(_gate);
        }

        return order.Done.Task;
    }

    /// <summary>Ends the thread after all that was posted is done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ending = true;
            Monitor.Pulse(_gate);
        }

        _thread?.Join();
        Buffer.Dispose();
    }

    /// <summary>One round: all waiting appends, then all posted work. False when there was nothing to do.</summary>
    public bool RunRound()
    {
        lock (_gate)
        {
            (_round, _ready) = (_ready, _round);
            (_roundOrders, _orders) = (_orders, _roundOrders);
        }

        if (_round.Count == 0 && _roundOrders.Count == 0) return false;
        foreach (var writer in _round) Guard(writer, static w => w.Write());
        foreach (var writer in _round) Guard(writer, static w => w.Publish());
        foreach (var writer in _round) Guard(writer, static w => w.MakeRoom());
        foreach (var order in _roundOrders)
        {
            Guard(order.Writer, order.Work);
            order.Done.SetResult();
        }

        _round.Clear();
        _roundOrders.Clear();
        return true;
    }

    private void Guard(PartitionWriter writer, Action<PartitionWriter> work)
    {
        try
        {
            work(writer);
        }
        catch (Exception fault)
        {
            // Whatever went wrong, the state of this partition is in doubt and it stops; the others of the thread go on, and
            // must not find its bytes in the buffer they share.
            Buffer.Reset();
            writer.Stop(fault);
        }
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_ready.Count == 0 && _orders.Count == 0 && !_ending) Monitor.Wait(_gate);
                if (_ready.Count == 0 && _orders.Count == 0) return;
            }

            RunRound();
        }
    }

    private sealed record Order(PartitionWriter Writer, Action<PartitionWriter> Work, TaskCompletionSource Done);
}
