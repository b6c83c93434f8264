using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Bench;

/// <summary>The load: wrk from Debian's package, one thread, so that the server has the other core.</summary>
internal static partial class Wrk
{
    /// <summary>Posts one body over and over; gives requests per second of those that were answered 2xx.</summary>
    public static Task<double> PostAsync(string url, string contentType, string body, int connections, TimeSpan duration) => RunAsync(
        url,
        $"""
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "{contentType}"
        wrk.body = [==[{body}]==]
        """,
        connections,
        duration);

    /// <summary>Sends what a Lua script says; gives requests per second, all of which were answered 2xx.</summary>
    public static async Task<double> RunAsync(string url, string lua, int connections, TimeSpan duration)
    {
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, lua);
        try
        {
            var start = new ProcessStartInfo(
                "wrk", ["-t1", $"-c{connections}", $"-d{duration.TotalSeconds:0}s", "-s", script, url]) { RedirectStandardOutput = true };
            using var wrk = Process.Start(start) ?? throw new InvalidOperationException("wrk did not start.");
            var printed = await wrk.StandardOutput.ReadToEndAsync();
            await wrk.WaitForExitAsync();
            if (Refused().Match(printed) is { Success: true } refused)
                throw new InvalidOperationException($"{url} refused posts: {refused.Value}");
            return double.Parse(Rate().Match(printed).Groups[1].Value, CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(script);
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"Non-2xx or 3xx responses: \d+")]
    private static partial Regex Refused();
}
