using System.Globalization;
using Sluice.Definition;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Source;

/// <summary>How to reach a MySQL or MariaDB database. ToString leaves the password out.</summary>
/// <param name="Tls">Whether the connection must be encrypted; null encrypts when the server offers it.</param>
public sealed record DatabaseCredentials(
    string Host, int Port, string User, string Password, string Database, bool? Tls = null)
{
    private const int DefaultPort = 3306;
    private static readonly string[] s_required = ["HOST", "USER", "PASSWORD", "DATABASE"];

    public override string ToString() => $"mysql://{User}@{Host}:{Port}/{Database}";

    /// <summary>
    /// Reads a db_creds.yaml: HOST, USER, PASSWORD, DATABASE and PORT (3306 when absent), each also spelled with the prefix
    /// RDS_ and in any case. Every fault found is in the result.
    /// </summary>
    public static CredentialsParse ReadFile(string path)
    {
        var faults = new List<Fault>();
        var values = ReadMapping(path, faults);
        var missing = faults.Count > 0 ? [] : s_required.Where(name => !values.ContainsKey(name)).ToArray();
        faults.AddRange(missing.Select(name =>
            new Fault(path, 1, $"{name} is missing; add a line '{name}: ...' (RDS_{name} is read too).")));
        var port = DefaultPort;
        if (values.TryGetValue("PORT", out var text) && !IsPort(text, out port))
        {
            faults.Add(new Fault(path, LineOf(path, "PORT"), $"PORT '{text}' is not a port; write a number from 1 to 65535."));
        }

        return faults.Count > 0
            ? new CredentialsParse(null, faults)
            : new CredentialsParse(
                new DatabaseCredentials(values["HOST"], port, values["USER"], values["PASSWORD"], values["DATABASE"]), faults);
    }

    internal static bool TryParseUri(string text, out DatabaseCredentials credentials, out string fault)
    {
        const string Form = "write mysql://user:password@host:port/database, with %40 for an @ inside the password";
        credentials = new DatabaseCredentials("", DefaultPort, "", "", "");
        fault = "";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            fault = $"--source mysql://...: is not an address; {Form}.";
            return false;
        }

        var database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/'));
        var user = uri.UserInfo.Split(':', 2);
        if (database.Length == 0 || database.Contains('/', StringComparison.Ordinal) || user[0].Length == 0)
        {
            fault = $"--source mysql://{uri.Host}: needs a user and one database; {Form}.";
            return false;
        }

        if (!TryParseTls(uri.Query, out var tls, out fault))
        {
            return false;
        }

        credentials = new DatabaseCredentials(
            uri.Host,
            uri.Port < 0 ? DefaultPort : uri.Port,
            Uri.UnescapeDataString(user[0]),
            user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "",
            database,
            tls);
        return true;
    }

    private static bool TryParseTls(string query, out bool? tls, out string fault)
    {
        tls = null;
        fault = "";
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part.Split('=', 2))
            {
                case ["tls", "required"]:
                    tls = true;
                    break;
                case ["tls", "off"]:
                    tls = false;
                    break;
                case ["charset", "utf8mb4"]:
                    break;
                case [var name, ..]:
                    fault = $"--source mysql://...?{name}: is not a setting with that value; write tls=required, tls=off or charset=utf8mb4.";
                    return false;
            }
        }

        return true;
    }

    private static bool IsPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;

    private static Dictionary<string, string> ReadMapping(string path, List<Fault> faults)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            var stream = new YamlStream();
            using var reader = new StreamReader(path);
            stream.Load(reader);
            if (stream.Documents is [{ RootNode: YamlMappingNode root }, ..])
            {
                foreach (var (key, value) in root.Children)
                {
                    Add(key, value, values);
                }
            }
            else
            {
                faults.Add(new Fault(path, 1, "holds no 'NAME: value' lines; write HOST, USER, PASSWORD, DATABASE and PORT."));
            }
        }
        catch (YamlException e)
        {
            // The parser's own message may repeat the text it met, which may be the password.
            faults.Add(new Fault(path, (int)e.Start.Line, "is not YAML; quote a value that holds a special character."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new Fault(path, 1, $"cannot be read ({e.Message}); check the path and its permissions."));
        }

        return values;
    }

    private static void Add(YamlNode key, YamlNode value, Dictionary<string, string> values)
    {
        if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode { Value: { } text })
        {
            name = name.ToUpperInvariant();
            values[name.StartsWith("RDS_", StringComparison.Ordinal) ? name["RDS_".Length..] : name] = text;
        }
    }

    private static int LineOf(string path, string name) =>
        File.ReadLines(path).TakeWhile(line => !line.Contains(name, StringComparison.OrdinalIgnoreCase)).Count() + 1;
}

/// <summary>The credentials when there is no fault, else null and all the faults.</summary>
public sealed record CredentialsParse(DatabaseCredentials? Credentials, IReadOnlyList<Fault> Faults);
