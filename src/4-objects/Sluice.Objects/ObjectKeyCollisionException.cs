namespace Sluice.Objects;

/// <summary>
/// A directory cannot hold both <c>a</c> and <c>a/b</c>: a name is either an object or a folder of objects. S3 knows no such rule.
/// </summary>
public sealed class ObjectKeyCollisionException(ObjectKey key, string taken, Exception? inner) : IOException(
    $"Object '{key}' cannot be stored: '{taken}' is already {(taken == key.Value ? "a folder of objects" : "an object")}, " +
    "and in a local directory a name is one or the other. Choose another key, or delete what is there.",
    inner);
