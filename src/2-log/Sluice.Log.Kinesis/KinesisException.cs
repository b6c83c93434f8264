namespace Sluice.Log.Kinesis;

/// <summary>Kinesis refused a request, or did not answer it, for good.</summary>
public sealed class KinesisException : IOException
{
    internal KinesisException(string action, string code, string message)
        : base($"Kinesis answered {action} with {code}: {message}")
    {
        Code = code;
    }

    internal KinesisException(string message, Exception? inner = null)
        : base(message, inner)
    {
        Code = "";
    }

    /// <summary>The name of the error as Kinesis gives it; empty when there was no answer.</summary>
    public string Code { get; }
}

/// <summary>A job asks for an offset of which the positions file knows nothing.</summary>
public sealed class PositionUnknownException(TopicPartition partition, long offset, string file) : IOException(
    $"'{file}' does not know which record of Kinesis is offset {offset} of {partition}: it is new, or not the file that this offset was counted with. "
    + "Restore the file from a copy, or let the job that asks begin anew.");
