namespace Sluice.Tidy;

/// <summary>One broken house rule: where it is, what is wrong, and what to do about it.</summary>
public sealed record Fault(string Path, int Line, string What, string Remedy)
{
    public override string ToString() => $"{Path}:{Line}: {What}; {Remedy}";
}
