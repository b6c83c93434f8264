using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Sluice.Gateway.Integrations;

/// <summary>
/// A service of this process and what its failures become. <see cref="HttpContext.RequestAborted"/> is the deadline while it runs, which it is
/// expected to keep.
/// </summary>
internal sealed partial class ServiceCall(string name, RequestDelegate service, ILogger logger)
{
    /// <param name="path">What the caller asked for, as it stands in the log of a failure.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<GatewayResponse?> InvokeAsync(HttpContext http, string path, CancellationToken deadline)
    {
        http.RequestAborted = deadline;
        try
        {
            await service(http);
            return null;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return GatewayResponse.IntegrationTimeout;
        }
        catch (PayloadTooLongException)
        {
            return GatewayResponse.RequestTooLarge;
        }
        catch (Exception failure) when (failure is not IOException)
        {
            LogFailure(logger, failure, name, http.Request.Method, path);
            return GatewayResponse.InternalError;
        }
        finally
        {
            http.RequestAborted = CancellationToken.None;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The service {Service} failed on {Method} {Path}.")]
    private static partial void LogFailure(ILogger logger, Exception failure, string service, string method, string path);
}
