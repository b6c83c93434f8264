namespace Sluice.Sink;

/// <summary>A partition cannot be sunk until someone acts; the message says what stands in the way.</summary>
public sealed class SinkException(string message, Exception? inner = null) : Exception(message, inner);
