using Sluice.Gateway.Config;

namespace Sluice.Unit.Gateway;

public sealed class GatewayConfigTests
{
    private const string Secret = "0123456789abcdefghij";

    [Fact]
    public void The_defaults_are_valid()
    {
        GatewayModel.Create(new GatewayConfig(), ["kafka-rest"], out var faults).ShouldNotBeNull();
        faults.ShouldBeEmpty();
    }

    [Fact]
    public void A_stage_without_routes_has_those_of_the_services_that_are_there()
    {
        RoutesOf(["kafka-rest"]).ShouldBe(["/topics/{topic}", "/{proxy+}"], ignoreOrder: true);
        RoutesOf(["kinesis"]).Count.ShouldBe(DefaultRoutes.Kinesis.Count);
        RoutesOf(["kafka-rest", "kinesis"]).Count.ShouldBe(DefaultRoutes.Kinesis.Count + 2);
        GatewayModel.Create(new GatewayConfig(), ["other"], out var faults).ShouldBeNull();
        faults.ShouldHaveSingleItem().Path.ShouldBe("gateway.stages.dev.routes");

        static IReadOnlyList<string> RoutesOf(string[] services) =>
            [.. GatewayModel.Create(new GatewayConfig(), services, out _)!.Stages["dev"].Routes.Select(route => route.Template.ToString())];
    }

    [Fact]
    public void All_faults_are_found_at_once_with_their_paths()
    {
        var config = new GatewayConfig
        {
            PayloadBytesMax = 0,
            IntegrationTimeoutSeconds = double.NaN,
            ApiKeys = new()
            {
                ["short"] = new ApiKeyConfig { Value = "x" },
                ["a"] = new ApiKeyConfig { Value = Secret, Stages = ["nowhere"] },
                ["b"] = new ApiKeyConfig { Value = Secret, Throttle = new ThrottleConfig() },
            },
            Stages = new()
            {
                ["sp ace"] = new StageConfig { Routes = [.. Enumerable.Repeat(new RouteConfig { Path = "/r" }, GatewayLimits.RoutesMax + 1)] },
                ["dev"] = new StageConfig
                {
                    Throttle = new ThrottleConfig { RatePerSecond = -1, Burst = 1 },
                    Cors = new CorsConfig { AllowOrigin = "a\r\nb" },
                    Routes =
                    [
                        new RouteConfig { Method = "GRAB", Path = "/x" },
                        new RouteConfig { Path = "x" },
                        new RouteConfig { Path = "/{a+}/b" },
                        new RouteConfig { Path = "/{}" },
                        new RouteConfig { Path = "/y", Integration = "kafka" },
                        new RouteConfig { Path = "/z/{a}", Integration = "http://host/{b}" },
                        new RouteConfig { Path = "/u", Integration = "http://" },
                        new RouteConfig { Path = "/v/{a}" },
                        new RouteConfig { Path = "/v/{b}" },
                        new RouteConfig { Path = "/w", Action = "PutRecord" },
                        new RouteConfig { Path = "/w/{stream-name}", Action = "Put" },
                    ],
                },
            },
        };
        GatewayModel.Create(config, ["kafka-rest"], out var faults).ShouldBeNull();
        faults.Select(f => f.Path).Where(path => !path.StartsWith("gateway.stages.sp ace.routes[", StringComparison.Ordinal)).ShouldBe(
            [
                "gateway.payloadBytesMax",
                "gateway.integrationTimeoutSeconds",
                "gateway.stages.sp ace",
                "gateway.stages.sp ace.routes",
                "gateway.stages.dev.throttle.ratePerSecond",
                "gateway.stages.dev.cors.allowOrigin",
                "gateway.stages.dev.routes[0].method",
                "gateway.stages.dev.routes[1].path",
                "gateway.stages.dev.routes[2].path",
                "gateway.stages.dev.routes[3].path",
                "gateway.stages.dev.routes[4].integration",
                "gateway.stages.dev.routes[5].integration",
                "gateway.stages.dev.routes[6].integration",
                "gateway.stages.dev.routes[8]",
                "gateway.stages.dev.routes[9].action",
                "gateway.stages.dev.routes[10].action",
                "gateway.apiKeys.short.value",
                "gateway.apiKeys.a.stages",
                "gateway.apiKeys.b.value",
                "gateway.apiKeys.b.throttle.ratePerSecond",
                "gateway.apiKeys.b.throttle.burst",
            ],
            string.Join("\n", faults));
        string.Join("\n", faults).ShouldNotContain(Secret);
    }

    [Fact]
    public void A_stage_that_asks_for_a_key_needs_one_that_is_enabled()
    {
        var config = new GatewayConfig
        {
            Stages = new() { ["dev"] = new StageConfig { ApiKeyRequired = true } },
            ApiKeys = new() { ["off"] = new ApiKeyConfig { Value = Secret, Enabled = false } },
        };
        GatewayModel.Create(config, ["kafka-rest"], out var faults).ShouldBeNull();
        faults.ShouldHaveSingleItem().Path.ShouldBe("gateway.stages.dev");
    }
}
