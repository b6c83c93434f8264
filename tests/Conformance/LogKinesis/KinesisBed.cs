using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Bytes;
using Sluice.Kinesis;
using Sluice.Log;
using Sluice.Log.Kinesis;
using Sluice.SigV4;
using Sluice.Testing;

namespace Sluice.Conformance.LogKinesis;

/// <summary>One of three Kinesis servers: ours, which checks signatures, or one of those from npm; and logs over it.</summary>
public sealed class KinesisBed : IAsyncDisposable
{
    private static readonly Credentials s_credentials = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    private readonly TemporaryFolder _folder = new();
    private readonly List<IAsyncDisposable> _owned = [];

    private KinesisBed()
    {
    }

    /// <summary>Ours, kinesalite, kinesis-local.</summary>
    public static TheoryData<string> Servers => ["sluice", "kinesalite", "kinesis-local"];

    public Uri Address { get; private set; } = null!;

    public static async Task<KinesisBed> StartAsync(string server)
    {
        var bed = new KinesisBed();
        bed.Address = server == "sluice" ? await bed.StartOursAsync() : await bed.StartTheirsAsync(server);
        return bed;
    }

    /// <summary>A log; opened again it is the same log in another process.</summary>
    public KinesisLog Open(KinesisLogLimits? limits = null) => KinesisLog.Open(
        new KinesisLogOptions
        {
            Endpoint = Address,
            Credentials = s_credentials,
            PositionsFile = _folder.At("positions.db"),
            Limits = limits ?? new KinesisLogLimits { PollInterval = TimeSpan.FromMilliseconds(50) },
        },
        TimeProvider.System);

    /// <summary>An action that the log's contract does not have.</summary>
    public async Task ActAsync(string action, string body)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new("application/x-amz-json-1.1");
        request.Headers.Add("X-Amz-Target", "Kinesis_20131202." + action);
        new Signer(new SigningScope("us-east-1", "kinesis"), TimeProvider.System).Sign(request, Encoding.UTF8.GetBytes(body), s_credentials);
        using var response = await client.SendAsync(request);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned)) await owned.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<Uri> StartOursAsync()
    {
        var log = EmbeddedLog.Open(
            new EmbeddedLogOptions { Directory = _folder.At("log") }, OsFileSystem.Instance, TimeProvider.System, NullLogger.Instance);
        _owned.Add(log);
        var service = new KinesisService(log, new KinesisOptions { Credentials = [s_credentials] }, TimeProvider.System, NullLogger.Instance);
        var server = await LoopbackServer.StartAsync(service.InvokeAsync);
        _owned.Add(server);
        return server.Address;
    }

    private async Task<Uri> StartTheirsAsync(string package)
    {
        var server = await NodeKinesis.StartOrSkipAsync(package);
        _owned.Add(server);
        return server.Address;
    }
}
