using Sluice.Console;

_ = Invocation.ProcessStarted;
using var stop = new CancellationTokenSource();
System.Console.CancelKeyPress += (_, pressed) =>
{
    // The first Ctrl-C drains; the second, which finds the source already cancelled, ends the process at once.
    pressed.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
using var terminate = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        stop.Cancel();
    });

var invocation = new Invocation(
    args, System.Console.Out, System.Console.Error, Interactive: !System.Console.IsOutputRedirected, Owner: null);
return await CommandLine.RunAsync(invocation, stop.Token);
