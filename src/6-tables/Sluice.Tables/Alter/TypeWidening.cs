namespace Sluice.Tables;

/// <summary>Which type may become which without any file being rewritten.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening</remarks>
internal static class TypeWidening
{
    /// <summary>Where a field's metadata lists the changes of its type.</summary>
    public const string Key = "delta.typeChanges";

    private static readonly string[] s_integers = ["byte", "short", "integer", "long"];

    public static bool Allows(DeltaType from, DeltaType to) => (from, to) switch
    {
        (PrimitiveType { Name: "float" }, PrimitiveType { Name: "double" }) => true,
        (PrimitiveType { Name: "byte" or "short" or "integer" }, PrimitiveType { Name: "double" }) => true,
        (PrimitiveType a, PrimitiveType b) => Rank(a) >= 0 && Rank(b) > Rank(a),
        (DecimalType a, DecimalType b) => b.Scale >= a.Scale && b.Precision - b.Scale >= a.Precision - a.Scale && b != a,
        (PrimitiveType a, DecimalType b) when Rank(a) >= 0 => b.Precision - b.Scale >= (a.Name == "long" ? 20 : 10),
        _ => false,
    };

    /// <summary>The type's name in the schema's JSON.</summary>
    public static string Name(DeltaType type) => type switch
    {
        PrimitiveType primitive => primitive.Name,
        DecimalType number => $"decimal({number.Precision},{number.Scale})",
        _ => throw new InvalidOperationException($"{type.GetType().Name} has no name"),
    };

    private static int Rank(PrimitiveType type) => Array.IndexOf(s_integers, type.Name);
}
