namespace Sluice.Sql;

/// <summary>
/// A .sql file of a pipeline with its header: the comment lines <c>-- reads: a, b</c>, <c>-- writes: c</c> and
/// <c>-- grain: ...</c> before the first statement.
/// </summary>
/// <param name="Path">The file, for messages.</param>
/// <param name="Reads">Relations the statement selects from.</param>
/// <param name="Writes">The one relation it fills.</param>
/// <param name="Grain">What one row of the result stands for.</param>
/// <param name="Text">The statement, without a final semicolon.</param>
public sealed record SqlFile(string Path, IReadOnlyList<string> Reads, string Writes, string Grain, string Text);
