namespace Sluice.Testing;

/// <summary>Progress that is told in place, on the thread that makes it.</summary>
public sealed class Told<T>(Action<T> tell) : IProgress<T>
{
    public void Report(T value) => tell(value);
}
