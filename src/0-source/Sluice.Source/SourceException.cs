namespace Sluice.Source;

/// <summary>A store of rows failed while it was read. The message names the store, the reason and the remedy, and
/// never a password.</summary>
public sealed class SourceException : Exception
{
    public SourceException(string message)
        : base(message)
    {
    }

    public SourceException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
