using System.Text.Json;

namespace Sluice.Bench;

/// <summary>Prints figures, one JSON line each, so that a history of runs can be kept and compared.</summary>
internal static class Figure
{
    public static void Print(string bench, string figure, double value, string unit, object? detail = null) =>
        System.Console.WriteLine(JsonSerializer.Serialize(new { bench, figure, value = Math.Round(value, 3), unit, detail }));

    /// <summary>The median of some runs: machines drift, single runs lie.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
