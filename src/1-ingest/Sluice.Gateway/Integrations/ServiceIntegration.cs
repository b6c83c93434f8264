using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Sluice.Gateway.Integrations;

/// <summary>
/// Calls a service of this process with the same context: the stage moves from the path to the path base, and
/// <see cref="HttpContext.RequestAborted"/> is the deadline, which the service is expected to keep.
/// </summary>
internal sealed partial class ServiceIntegration(RequestDelegate service, ILogger logger) : Integration
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<GatewayResponse?> InvokeAsync(GatewayCall call, CancellationToken deadline)
    {
        var http = call.Http;
        http.Request.PathBase = new PathString(call.Stage.PathBase);
        http.Request.Path = new PathString(new string(call.PathInStage));
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
            LogFailure(logger, failure, call.Route.Integration, http.Request.Method, call.Path);
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
