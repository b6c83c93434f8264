#!/usr/bin/env -S dotnet run
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false

// Sets up what the tests need, builds, checks the house rules and runs every test: `./test [KIND...]`.
// KIND names test projects (Unit, Conformance, Simulation, Fuzz, EndToEnd); without one, all run.
// The last line is `N passed, N failed`, with `, N skipped` when a test was skipped; exit 1 when one failed or none ran.
using System.Diagnostics;
using System.Text.Json;

// A test executable that runs longer hangs: the longest one, the simulations, takes a few minutes on two slow cores.
var hangAfter = TimeSpan.FromMinutes(20);
// A build takes a minute; on a machine that is busy with others, it has taken ten.
var buildLimit = TimeSpan.FromMinutes(45);
var root = FindRoot();
Environment.CurrentDirectory = root;
Environment.SetEnvironmentVariable("DOTNET_NOLOGO", "1");
Environment.SetEnvironmentVariable("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
// A build node that outlives the build would hold the caller's output open.
Environment.SetEnvironmentVariable("MSBUILDDISABLENODEREUSE", "1");

await Tools.EnsureAsync();

Console.WriteLine("== build");
if (await Run.ShownAsync("dotnet", ["build", "Sluice.slnx", "-c", "Release", "--nologo", "-v", "q", "-clp:NoSummary"], buildLimit) != 0)
{
    Console.WriteLine("The build failed; no test ran.");
    Console.WriteLine("0 passed, 1 failed");
    return 1;
}

var tally = new Tally();
Console.WriteLine("== tidy");
tally.Add("tidy", await Run.ShownAsync("dotnet", ["run", "eng/tidy.cs"], buildLimit) == 0);

foreach (var project in TestProjects(root, args))
    await tally.RunAsync(project, hangAfter);
return tally.Report();

static string FindRoot()
{
    for (var directory = new DirectoryInfo(Environment.CurrentDirectory); directory is not null; directory = directory.Parent)
    {
        if (File.Exists(Path.Combine(directory.FullName, "Sluice.slnx")))
            return directory.FullName;
    }
    throw new DirectoryNotFoundException("No Sluice.slnx here or above; start this inside the repository.");
}

static IEnumerable<string> TestProjects(string root, string[] kinds) =>
    Directory.EnumerateFiles(Path.Combine(root, "tests"), "Sluice.*.csproj", SearchOption.AllDirectories)
        .Where(path => Path.GetFileName(path) != "Sluice.Testing.csproj")
        .Where(path => kinds.Length == 0 || kinds.Any(kind => path.EndsWith($"Sluice.{kind}.csproj", StringComparison.OrdinalIgnoreCase)))
        // The quick kinds first: a broken build of the product shows within seconds.
        .OrderBy(path => Array.IndexOf(["Unit", "Conformance", "Simulation", "Fuzz", "EndToEnd"], Path.GetFileName(Path.GetDirectoryName(path))));

/// <summary>The programs that tests drive, and the Debian package that brings each.</summary>
internal static class Tools
{
    private static readonly (string Program, string Package, string? Probe, string Use)[] s_needed =
    [
        ("mariadbd", "mariadb-server-core", "--version", "the MySQL source against a real server"),
        ("kcat", "kcat", "-V", "the Kafka protocol with a real client"),
        ("aws", "awscli", "--version", "Kinesis and S3 with the AWS command line"),
        ("/usr/bin/python3", "python3", "--version", "the Kafka protocol with clients in Python"),
        ("/usr/lib/python3/dist-packages/kafka/__init__.py", "python3-kafka", null, "the Kafka protocol with kafka-python"),
        ("/usr/lib/python3/dist-packages/lz4/__init__.py", "python3-lz4", null, "kafka-python's lz4 codec"),
        ("/usr/lib/python3/dist-packages/snappy/__init__.py", "python3-snappy", null, "kafka-python's snappy codec"),
        ("/usr/lib/python3/dist-packages/zstandard/__init__.py", "python3-zstandard", null, "kafka-python's zstd codec"),
        ("/usr/lib/python3/dist-packages/confluent_kafka/__init__.py", "python3-confluent-kafka", null, "the Kafka protocol with confluent-kafka"),
        ("node", "nodejs", "--version", "Kafka with clients in JavaScript; Kinesis with the SDK for JavaScript, and kinesalite and kinesis-local side by side"),
        ("npm", "npm", "--version", "the same: it installs them"),
        // wrk has no option that only prints and succeeds: being there is enough.
        ("wrk", "wrk", null, "HTTP load"),
        ("/usr/share/zoneinfo/Europe/London", "tzdata", null, "schedules in time zones"),
    ];

    public static async Task EnsureAsync()
    {
        var missing = await MissingAsync();
        if (missing.Count > 0 && CanInstall())
        {
            Console.WriteLine($"== installing {string.Join(", ", missing.Select(tool => tool.Package))}");
            await InstallAsync(missing.Select(tool => tool.Package));
            missing = await MissingAsync();
        }
        foreach (var (program, package, _, use) in missing)
        {
            Console.WriteLine($"{program} is missing or does not run: the tests of {use} are skipped. "
                + $"Install it with: apt-get install {package}");
        }
        await InstallNodePackagesAsync("tests/Conformance/Kinesis/node", "the tours of Kinesis with the SDK for JavaScript");
        await InstallNodePackagesAsync("tests/Conformance/KafkaClients/node", "the tours and bulk runs of Kafka with clients in JavaScript");
    }

    /// <summary>
    /// The clients and servers in JavaScript, in the versions of package-lock.json and without their install scripts. The copy of the
    /// lock file beside them says whether they are the right ones.
    /// </summary>
    private static async Task InstallNodePackagesAsync(string folder, string use)
    {
        var (wanted, present) = (Path.Combine(folder, "package-lock.json"), Path.Combine(folder, "node_modules", "installed-lock.json"));
        if (Find("npm") is not { } npm || (File.Exists(present) && File.ReadAllText(present) == File.ReadAllText(wanted))) return;
        Console.WriteLine($"== installing the packages of {folder}");
        var code = await Run.SilentAsync(npm, ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], TimeSpan.FromMinutes(5));
        if (code == 0) File.Copy(wanted, present, overwrite: true);
        else Console.WriteLine($"npm ci in {folder} failed ({code}): {use} are skipped.");
    }

    private static async Task<List<(string Program, string Package, string? Probe, string Use)>> MissingAsync()
    {
        var missing = new List<(string, string, string?, string)>();
        foreach (var tool in s_needed)
        {
            if (!await WorksAsync(tool.Program, tool.Probe))
                missing.Add(tool);
        }
        return missing;
    }

    /// <summary>Present is not enough: a version-manager shim is a file on the path that cannot run.</summary>
    private static async Task<bool> WorksAsync(string program, string? probe)
    {
        var path = Find(program);
        return path is not null && (probe is null || await Run.SilentAsync(path, [probe], TimeSpan.FromSeconds(30)) == 0);
    }

    /// <summary>Servers live in sbin, which is on the path of root only.</summary>
    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/usr/local/bin"])
            .Where(directory => directory.Length > 0)
            // A rooted name stays as it is.
            .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    private static bool CanInstall() =>
        OperatingSystem.IsLinux() && Environment.UserName == "root" && Find("apt-get") is not null;

    /// <summary>One package at a time: a release that lacks one still gets the others.</summary>
    private static async Task InstallAsync(IEnumerable<string> packages)
    {
        Environment.SetEnvironmentVariable("DEBIAN_FRONTEND", "noninteractive");
        string[] quiet = ["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "APT::Sandbox::User=root"];
        await Run.SilentAsync("apt-get", [.. quiet, "update"], TimeSpan.FromMinutes(5));
        foreach (var package in packages)
        {
            var code = await Run.SilentAsync("apt-get",
                [.. quiet, "install", "-y", "--no-install-recommends", package], TimeSpan.FromMinutes(5));
            Console.WriteLine(code == 0 ? $"installed {package}" : $"apt-get install {package} failed ({code})");
        }
    }
}

/// <summary>Counts of all test executables, and the lines that explain what did not pass.</summary>
internal sealed class Tally
{
    private readonly List<string> _failures = [];
    private readonly List<string> _skips = [];
    private int _passed;
    private int _ran;

    public void Add(string name, bool passed)
    {
        if (passed)
            _passed++;
        else
            _failures.Add(name);
    }

    public async Task RunAsync(string project, TimeSpan hangAfter)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var directory = Path.Combine(Path.GetDirectoryName(project)!, "bin", "Release", "net10.0");
        var results = Path.GetFullPath(Path.Combine("artifacts", "tests", name + ".json"));
        Directory.CreateDirectory(Path.GetDirectoryName(results)!);
        File.Delete(results);
        Console.WriteLine($"== {name}");
        var code = await Run.ShownAsync(Path.Combine(directory, name + (OperatingSystem.IsWindows() ? ".exe" : "")),
            ["-noLogo", "-noColor", "-noAutoReporters", "-longRunning", "60", "-result-ctrf", results], hangAfter);
        if (!File.Exists(results))
        {
            _failures.Add(code == Run.Hung ? $"{name} hung: killed after {hangAfter.TotalMinutes} minutes" : $"{name} crashed with exit code {code}");
            return;
        }
        var failuresBefore = _failures.Count;
        Read(results);
        if (code != 0 && _failures.Count == failuresBefore)
            _failures.Add($"{name} ended with exit code {code} though no test failed");
    }

    public int Report()
    {
        foreach (var skip in _skips)
            Console.WriteLine($"skipped: {skip}");
        foreach (var failure in _failures)
            Console.WriteLine($"failed: {failure}");
        var skipped = _skips.Count == 0 ? "" : $", {_skips.Count} skipped";
        Console.WriteLine($"{_passed} passed, {_failures.Count} failed{skipped}");
        return _failures.Count == 0 && _ran > 0 ? 0 : 1;
    }

    /// <summary>Reads a Common Test Report Format file (ctrf.io).</summary>
    private void Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (var test in document.RootElement.GetProperty("results").GetProperty("tests").EnumerateArray())
        {
            var name = test.GetProperty("name").GetString()!;
            _ran++;
            var message = test.TryGetProperty("message", out var text) ? text.GetString() : null;
            switch (test.GetProperty("status").GetString())
            {
                case "passed":
                    _passed++;
                    break;
                case "skipped" or "pending":
                    _skips.Add($"{name}: {message ?? "no reason given"}");
                    break;
                default:
                    _failures.Add(name);
                    break;
            }
        }
    }
}

/// <summary>Runs a program to its end, or kills it with its children when it takes too long.</summary>
internal static class Run
{
    public const int Hung = -1;
    public const int NotStarted = 127;

    public static Task<int> ShownAsync(string program, string[] arguments, TimeSpan limit) => StartAsync(program, arguments, limit, silent: false);

    public static Task<int> SilentAsync(string program, string[] arguments, TimeSpan limit) => StartAsync(program, arguments, limit, silent: true);

    private static async Task<int> StartAsync(string program, string[] arguments, TimeSpan limit, bool silent)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = silent,
            RedirectStandardError = silent,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            if (silent)
            {
                process.OutputDataReceived += (_, _) => { };
                process.ErrorDataReceived += (_, _) => { };
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
            }
            return await WaitAsync(process, limit);
        }
        catch (System.ComponentModel.Win32Exception cause)
        {
            Console.WriteLine($"{program} did not start: {cause.Message}");
            return NotStarted;
        }
    }

    private static async Task<int> WaitAsync(Process process, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            return Hung;
        }
    }
}
