namespace Sluice.Testing.Watched;

/// <summary>Stands before and after every operation on a store, where a test may throw: before, nothing was done; after, all was.</summary>
public class OperationHook
{
    /// <summary>Throws to make the operation fail without effect.</summary>
    public virtual void Before(string operation)
    {
    }

    /// <summary>Throws to make the operation fail although it had its effect.</summary>
    public virtual void After(string operation)
    {
    }

    internal async ValueTask<T> AroundAsync<T>(string operation, Func<ValueTask<T>> work)
    {
        Before(operation);
        var result = await work();
        After(operation);
        return result;
    }
}
