namespace Sluice.Tidy;

/// <summary>The numbers that fail the build. STYLE.md gives the softer ones to aim at.</summary>
public static class HouseLimits
{
    /// <summary>Lines of a source file. Well-kept C# code bases of this kind have a 90th percentile near 190 and none above 500.</summary>
    public const int SourceFileLines = 500;

    /// <summary>Lines of a test file: tests are flatter, so they may be longer.</summary>
    public const int TestFileLines = 800;

    /// <summary>Lines of one method, constructor, accessor or local function: what fits on a screen.</summary>
    public const int MethodLines = 70;

    /// <summary>Parameters of one method or constructor; beyond it an options record reads better.</summary>
    public const int Parameters = 7;

    /// <summary>Columns of a line of product code: what a full-width screen shows. The editor wraps at 120; test data may be wide.</summary>
    public const int LineColumns = 180;
}
