using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Sluice.Bench;

/// <summary>The yardstick of the HTTP benchmarks: a Kestrel whose only endpoint answers 200 and does nothing.</summary>
internal static class EmptyServer
{
    /// <summary>Prints its address, then serves until its standard input ends.</summary>
    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(_ => Task.CompletedTask);
        await app.StartAsync();
        System.Console.WriteLine($"empty {app.Urls.Single()}");
        await System.Console.In.ReadToEndAsync();
        await app.StopAsync();
        return 0;
    }
}
