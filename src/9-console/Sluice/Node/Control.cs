using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Console.Node;

/// <summary>
/// The way other processes command the owner of a data directory: they send their argument list over the owner's Unix socket,
/// the owner runs the command and streams what it prints; the exit code is the trailer <c>x-exit-code</c>.
/// </summary>
internal static class Control
{
    private const string ExitCodeTrailer = "x-exit-code";

    /// <summary>The owner's side.</summary>
    /// <param name="run">Runs an argument list, printing to the writer; gives the exit code.</param>
    public static RequestDelegate Handler(Func<string[], TextWriter, CancellationToken, Task<int>> run) => async context =>
    {
        var args = await context.Request.ReadFromJsonAsync<string[]>(context.RequestAborted) ?? [];
        context.Response.DeclareTrailer(ExitCodeTrailer);
        // Tables are drawn by synchronous writes. One person's command may hold a thread.
        context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
        await using var output = new StreamWriter(context.Response.Body, leaveOpen: true);
        var exitCode = await run(args, output, context.RequestAborted);
        await output.FlushAsync(context.RequestAborted);
        context.Response.AppendTrailer(ExitCodeTrailer, exitCode.ToString(CultureInfo.InvariantCulture));
    };

    /// <summary>The other side: prints what the owner prints and gives its exit code.</summary>
    /// <exception cref="UserException">The owner does not answer.</exception>
    public static async Task<int> ForwardAsync(string data, string[] args, TextWriter output, CancellationToken cancel)
    {
        var socket = DataDirectory.ControlSocket(data);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, c) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), c);
                return new NetworkStream(connection, ownsSocket: true);
            },
        });
        http.Timeout = Timeout.InfiniteTimeSpan;
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://owner/command")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = JsonContent.Create(args),
        };
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            using var text = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            var buffer = new char[4096];
            for (int read; (read = await text.ReadAsync(buffer, cancel)) > 0;) await output.WriteAsync(buffer.AsMemory(0, read), cancel);
            return response.TrailingHeaders.TryGetValues(ExitCodeTrailer, out var code)
                ? int.Parse(code.Single(), CultureInfo.InvariantCulture)
                : throw new HttpRequestException("the command broke off");
        }
        catch (HttpRequestException failure)
        {
            throw new UserException(
                ExitCode.Failed,
                $"Another process owns {Path.GetFullPath(data)} and does not answer ({failure.Message}). Stop it, or use another --data.");
        }
    }
}
