namespace Sluice.Tables;

/// <summary>A condition on rows, as far as it can be decided for a whole file: false means that it is true for no row of it.</summary>
internal abstract record RowTest
{
    /// <summary>What cannot be decided: any row may pass.</summary>
    public static RowTest Unknown { get; } = new Any();

    public abstract bool MayPass(FileBounds file);

    /// <summary>The condition that is true where this one is false; null (of SQL) passes neither.</summary>
    public virtual RowTest Negated => Unknown;

    private sealed record Any : RowTest
    {
        public override bool MayPass(FileBounds file) => true;
    }

    public sealed record All(IReadOnlyList<RowTest> Tests) : RowTest
    {
        public override RowTest Negated => new Some([.. Tests.Select(t => t.Negated)]);

        public override bool MayPass(FileBounds file) => Tests.All(t => t.MayPass(file));
    }

    public sealed record Some(IReadOnlyList<RowTest> Tests) : RowTest
    {
        public override RowTest Negated => new All([.. Tests.Select(t => t.Negated)]);

        public override bool MayPass(FileBounds file) => Tests.Any(t => t.MayPass(file));
    }

    public sealed record IsNull(StructField Field, bool Wanted) : RowTest
    {
        public override RowTest Negated => this with { Wanted = !Wanted };

        public override bool MayPass(FileBounds file) => Wanted ? file.MayBeNull(Field) : file.MayHaveValue(Field);
    }

    /// <summary>A column whose value lies within one of several ranges, which are in order and do not overlap.</summary>
    public sealed record Among(StructField Field, IReadOnlyList<Bound> Lows, IReadOnlyList<Bound> Highs) : RowTest
    {
        public override bool MayPass(FileBounds file)
        {
            if (!file.MayHaveValue(Field)) return false;
            // The first range that does not end below the file's least value.
            var (from, to) = (0, Highs.Count);
            for (var min = file.Min(Field); min is { } least && from < to;)
            {
                var middle = (from + to) / 2;
                if (Highs[middle].CompareTo(least) < 0) from = middle + 1;
                else to = middle;
            }

            return from < Lows.Count && (file.Max(Field) is not { } greatest || Lows[from].CompareTo(greatest) <= 0);
        }
    }

    /// <summary>A column beside a constant; no row without a value passes.</summary>
    public sealed record Compare(StructField Field, Comparison Operator, Bound Value) : RowTest
    {
        public override RowTest Negated => this with { Operator = Operator.Opposite() };

        public override bool MayPass(FileBounds file)
        {
            if (!file.MayHaveValue(Field)) return false;
            // Engines differ in whether a NaN, which is above all numbers here, counts for the upper bound.
            var beyond = Operator is Comparison.Greater or Comparison.GreaterOrEqual && Field.Type is PrimitiveType { Name: "double" };
            var max = beyond ? null : file.Max(Field);
            var min = file.Min(Field);
            return Operator switch
            {
                Comparison.Less => min is not { } low || low.CompareTo(Value) < 0,
                Comparison.LessOrEqual => min is not { } low || low.CompareTo(Value) <= 0,
                Comparison.Greater => max is not { } high || high.CompareTo(Value) > 0,
                Comparison.GreaterOrEqual => max is not { } high || high.CompareTo(Value) >= 0,
                Comparison.Equal => (min is not { } low || low.CompareTo(Value) <= 0) && (max is not { } high || high.CompareTo(Value) >= 0),
                _ => true,
            };
        }
    }
}

internal static class Comparisons
{
    public static Comparison Opposite(this Comparison comparison) => comparison switch
    {
        Comparison.Equal => Comparison.NotEqual,
        Comparison.Less => Comparison.GreaterOrEqual,
        Comparison.LessOrEqual => Comparison.Greater,
        Comparison.Greater => Comparison.LessOrEqual,
        Comparison.GreaterOrEqual => Comparison.Less,
        _ => Comparison.Equal,
    };

    /// <summary>The operator for the sides exchanged.</summary>
    public static Comparison Mirrored(this Comparison comparison) => comparison switch
    {
        Comparison.Less => Comparison.Greater,
        Comparison.LessOrEqual => Comparison.GreaterOrEqual,
        Comparison.Greater => Comparison.Less,
        Comparison.GreaterOrEqual => Comparison.LessOrEqual,
        _ => comparison,
    };
}

internal enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    NotEqual,
}
